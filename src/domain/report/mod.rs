//! Reports: problems that residents see in the street, from filing to closing.
//!
//! `form` validates a new report, `action` says who may do what in which state, `command` parses an
//! action with its input, `transition` applies it to the report, and `words` has the display texts
//! in both languages.

pub mod access;
pub mod action;
pub mod erasure;
pub mod event;
pub mod filter;
pub mod flag;
pub mod form;
pub mod id_list;
pub mod names;
pub mod photo;
pub mod quarantine;
pub mod record;
pub mod residents;
pub mod state;
pub mod words;

pub use self::{
    action::Action,
    event::{Event, EventKind},
    names::{CaseNumber, Code},
    photo::{Photo, PhotoRole, looks::PerceptualHashes},
    record::{Position, Report},
    state::{Audience, Satisfaction, Source, State},
};

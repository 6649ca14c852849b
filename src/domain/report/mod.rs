//! Reports: what a resident sees in the street, on its way to being settled.
//!
//! What belongs here: the nouns of a report. `form` is what is asked for when one is
//! filed, `action` says who may do what in which state, `command` reads an action with
//! its content, `transition` carries it out, `words` says it all in Chinese.

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
pub mod record;
pub mod reporter;
pub mod state;
pub mod words;

pub use self::{
    action::Action,
    event::{Audience, Event, EventKind},
    names::{CaseNumber, Code},
    photo::{Photo, PhotoRole, looks::Looks},
    record::{Position, Report},
    state::{Satisfaction, Source, State},
};

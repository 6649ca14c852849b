//! Text that people type: what of it is kept, how long it is, when two are the same, and what it may
//! not contain. Nothing here knows in which field it stands.

mod clean;
mod error;
mod field;
mod fold;
mod link;
mod name;
mod telephone;
mod unicode;

pub use self::{
    error::{TelephoneError, TextError},
    field::{lines, one_line, typed_length, without_links},
    fold::{folded, number_key},
    link::{Links, links},
    name::{Name, is_presentable, masked},
    telephone::{Telephone, Telephones},
    unicode::length,
};

//! Forms of staff about themselves and, by managers, about each other.

pub(crate) mod admin;
pub(crate) mod factor;
pub(crate) mod login;

//! What people tell about themselves, encrypted in the database.

pub(crate) mod cipher;
pub(crate) mod rows;

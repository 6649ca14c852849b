//! How a posted form is read: its bytes, its fields, and whose page it stood on.

pub(crate) mod memory;
pub(crate) mod multipart;
pub(crate) mod owner;
pub(crate) mod urlencoded;

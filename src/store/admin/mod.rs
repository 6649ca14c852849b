//! What operators do with the whole database: copies, restoring them, invented rows.

pub(crate) mod backup;
pub(crate) mod manifest;
pub(crate) mod restore;
pub(crate) mod seed;

//! Pages about the app: privacy, licences, offline page.

pub mod licences;
pub mod offline;
pub mod privacy;

//! Pages about the app itself: privacy, licences, and what is shown without a network.

pub mod licences;
pub mod offline;
pub mod privacy;

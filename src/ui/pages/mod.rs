//! One file for each page.

pub mod home;
pub mod me;
pub mod pledge;
pub mod privacy;
pub mod progress;
pub mod refusal;
pub mod sign;
pub mod signed;
pub mod soon;

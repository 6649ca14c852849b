//! The pages, one module for each.

pub mod about;
pub mod console;
pub mod home;
pub mod me;
pub mod messages;
pub mod pledge;
pub mod progress;
pub mod refusal;
pub mod report;
pub mod screen;
pub mod signature;

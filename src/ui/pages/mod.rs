//! One file for each page.

pub mod console;
pub mod home;
pub mod licences;
pub mod me;
pub mod messages;
pub mod my_data;
pub mod offline;
pub mod pledge;
pub mod privacy;
pub mod progress;
pub mod recovery;
pub mod refusal;
pub mod report;
pub mod reports;
pub mod screen;
pub mod sign;
pub mod signed;
pub mod status;

//! Pure types and rules, the same on the server and in the browser.
//!
//! What belongs here: the nouns of the campaign and what makes a value of them
//! valid. Nothing here reads a clock, a file, a database or the network, and
//! nothing here imports another room of the house.

pub mod campaign;
pub mod counts;
pub mod deadline;
pub mod lang;
pub mod message;
pub mod period;
pub mod report;
pub mod signature;
pub mod signature_review;
pub mod slug;
pub mod staff;
pub mod text;
pub mod time;
pub mod visitor;

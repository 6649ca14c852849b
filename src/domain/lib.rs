//! Domain types and validation rules, shared by the server and the browser (wasm).
//!
//! No I/O: nothing here reads a clock, a file, a database or the network. Depends on no other
//! crate of the workspace.

pub mod campaign;
pub mod client_network;
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

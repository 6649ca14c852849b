//! What people see: pages and their parts, rendered on the server.
//!
//! What belongs here: views. A page reads from `service`, never from the store, and
//! decides nothing. What moves in the browser is an island and lives in `islands`.

pub mod app;
pub mod context;
pub mod look;
pub mod pages;
mod parts;
pub mod share;

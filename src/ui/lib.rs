//! What people see: pages and their parts, rendered on the server.
//!
//! What belongs here: views. A page reads from `service`, never from the store, and
//! decides nothing. What moves in the browser is an island and lives in `islands`.

// A page's view is one type; the longest nests deeper than the compiler's default.
#![recursion_limit = "256"]

/// The field of the signing form that people do not see: whoever fills it in is none.
pub const HONEYPOT_FIELD: &str = "remark";

/// The field that says whose page a form stands on.
pub const OWNER: &str = "owner";

pub mod app;
pub mod context;
pub mod display;
pub mod error;
pub mod form_state;
pub mod pages;
mod parts;
pub mod share;

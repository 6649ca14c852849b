//! Islands: the only code that becomes wasm.
//!
//! What belongs here: what moves or helps in the browser. Every island draws on the
//! server exactly what a page without scripts needs, and only adds to it.
//!
//! The browser has two programs, so that pages that are only read stay light: one has
//! the islands that watch the counts ([`WATCHING`]), the other has [`forms`] as well.

#[cfg(any(feature = "ssr", feature = "hydrate"))]
pub mod board;
#[cfg(any(feature = "ssr", feature = "hydrate"))]
pub mod card;
#[cfg(any(feature = "ssr", feature = "hydrate"))]
pub mod forms;
mod live;
pub mod live_number;
pub mod windows;

/// The islands of the smaller program, as a part of a regular expression.
pub const WATCHING: &str = "LiveNumber|Windows";

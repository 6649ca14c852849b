//! Server-rendered pages (Leptos) and their parts.
//!
//! This crate holds views only. A page reads through `service`, never from the store, and makes no
//! decisions. Interactive parts are islands and live in the crate `islands`.

// The view of a page is one type, nested deeper than the compiler's default limit of 128.
#![recursion_limit = "256"]

/// Name of the hidden field of the signing form: if it is filled in, the sender is a bot.
pub const HONEYPOT_FIELD: &str = "remark";

/// Name of the hidden form field with the owner token of the page; see `Page::owner`.
pub const OWNER_FIELD: &str = "owner";

pub mod app;
pub mod context;
pub mod display;
pub mod error;
pub mod form_state;
pub mod pages;
mod parts;
pub mod share;

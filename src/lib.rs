//! 创全: a street's civility campaign as a mobile web app.
//!
//! One signature's way through the house:
//! 1. `ui` draws the form of `/sign` from the campaign; `islands` help while it is filled in.
//! 2. `server` takes the post, knows the visitor by a cookie, and reads the fields strictly.
//! 3. `service` asks whether the campaign is open and holds the form against `domain`'s rules.
//! 4. `store` commits it with all that waits beside it, counters included, and only then answers.
//! 5. `server` sends the browser on to `/signed`, and the new counts to everyone at `/live`.
//! 6. `islands` move the number on every open page.
//!
//! Which rooms are compiled for what is decided here alone: `domain` and `islands` for
//! the browser, too, everything else for the server.

// A page's view is one type; the longest nests deeper than the compiler's default.
#![recursion_limit = "256"]

pub mod domain;
pub mod islands;

#[cfg(feature = "ssr")]
pub mod campaign;
#[cfg(feature = "ssr")]
pub mod server;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
pub mod store;
#[cfg(feature = "ssr")]
pub mod tls;
#[cfg(feature = "ssr")]
pub mod ui;

/// Where the browser begins: makes the islands ready, before each is woken.
#[cfg(feature = "live")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}

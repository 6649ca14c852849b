//! Islands: the only code that becomes wasm.
//!
//! What belongs here: what moves or helps in the browser. Every island draws on the
//! server exactly what a page without scripts needs, and only adds to it.
//!
//! The browser has two programs, so that pages that are only read stay light: one has
//! the islands that watch the counts ([`WATCHING`]), the other has [`forms`] as well.

#[cfg(feature = "live")]
mod announcement;
#[cfg(any(feature = "ssr", feature = "hydrate"))]
pub mod board;
#[cfg(any(feature = "ssr", feature = "hydrate"))]
pub mod card;
#[cfg(any(feature = "ssr", feature = "hydrate"))]
pub mod forms;
mod live;
pub mod live_number;
pub mod windows;

use domain::lang::Lang;

/// The language of the page around an island.
#[must_use]
pub fn lang() -> Lang {
    #[cfg(not(feature = "ssr"))]
    {
        let root = leptos::prelude::document().document_element();
        let tag = root.and_then(|root| root.get_attribute("lang"));
        Lang::parse(tag.as_deref().unwrap_or_default()).unwrap_or_default()
    }
    #[cfg(feature = "ssr")]
    {
        leptos::prelude::use_context().unwrap_or_default()
    }
}

/// The islands of the smaller program, as a part of a regular expression.
pub const WATCHING: &str = "LiveNumber|Windows";

/// Where the browser begins: makes the islands ready, before each is woken.
#[cfg(feature = "live")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}

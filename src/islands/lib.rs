//! Islands: interactive components, the only code compiled to wasm.
//!
//! On the server an island renders all that a page without scripts needs; the browser adds to it.
//!
//! There are two wasm programs, so that read-only pages load less: the smaller has only the islands
//! with live counts ([`COUNT_ISLANDS`]), the other has [`forms`] as well.

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

/// Language of the page: in the browser from `<html lang>`, on the server from the context.
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

/// Names of the islands in the smaller program, as alternatives of a regular expression.
pub const COUNT_ISLANDS: &str = "LiveNumber|Windows";

/// Initialises the wasm program; the start script then hydrates each island.
#[cfg(feature = "live")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}

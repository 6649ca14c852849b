//! Owner of a personal page. A browser can show a page again from its history to the next person on
//! the device, who must not submit the forms of the previous one.

use leptos::prelude::*;

use crate::{OWNER_FIELD, context::Page};

/// Hidden field with the owner token; part of every form on a personal page. `server::forms::owner`
/// refuses the form if the token is not the sender's.
#[component]
pub fn OwnerField() -> impl IntoView {
    view! { <input type="hidden" name=OWNER_FIELD value=Page::current().owner /> }
}

/// Marks a page as personal: it is not cached, and the start script reloads it when the browser
/// restores it from the back-forward cache.
#[component]
pub fn Personal() -> impl IntoView {
    let page = Page::current();
    page.personal.mark();
    // Without the fragment: with one the browser would only scroll, not reload.
    let own = format!("{}?{}", page.path, page.query.trim_start_matches('&'));
    view! { <span data-own=own.trim_end_matches('?').to_owned() hidden></span> }
}

//! Whose page it is: browsers keep pages to go back to, and the next person at the phone would
//! do on them what their owner had been asked.

use leptos::prelude::*;

use crate::{OWNER, context::Page};

/// Stands in every form of a page that is one person's, and says whose. Sent by anybody else
/// the form is refused (`server::posted`).
#[component]
pub fn OwnerField() -> impl IntoView {
    view! { <input type="hidden" name=OWNER value=Page::current().owner /> }
}

/// Stands on every page that is one person's: nothing keeps it, and a browser that shows it
/// again from its memory asks for it anew.
#[component]
pub fn Personal() -> impl IntoView {
    let page = Page::current();
    page.personal.mark();
    // Without a fragment: to one of the same page the browser would only scroll.
    let own = format!("{}?{}", page.path, page.query.trim_start_matches('&'));
    view! { <span data-own=own.trim_end_matches('?').to_owned() hidden></span> }
}

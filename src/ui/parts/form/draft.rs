//! The end of a draft.

use leptos::prelude::*;

/// On the page after a form was taken: the start script deletes its draft, before anybody can go on
/// to another page.
#[component]
pub fn ForgetDraft(
    /// Storage key of the draft.
    of: &'static str,
) -> impl IntoView {
    view! { <span data-forget=of hidden></span> }
}

//! A public count within a page.

use domain::counts::Figure;
use islands::live_number::LiveNumber;
use leptos::prelude::*;

use crate::context::Page;

/// The current value, in an island that updates it live.
#[component]
pub fn Count(
    /// Which count.
    figure: Figure,
) -> impl IntoView {
    let initial = Page::current().service.counts().figure(&figure);
    view! { <LiveNumber figure initial /> }
}

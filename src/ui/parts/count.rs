//! A public count where it stands in a page.

use domain::counts::Figure;
use islands::live_number::LiveNumber;
use leptos::prelude::*;

use crate::context::Page;

/// The figure as it is now, in an island that moves it.
#[component]
pub fn Count(
    /// Which.
    figure: Figure,
) -> impl IntoView {
    let initial = Page::current().service.counts().figure(&figure);
    view! { <LiveNumber figure initial /> }
}

//! A number that stands in the page and moves when it changes.

use domain::counts::{Figure, grouped};
use leptos::prelude::*;

use super::live;

/// One figure of the public counts.
#[island]
pub fn LiveNumber(
    /// Which.
    figure: Figure,
    /// What it was when the page was drawn.
    initial: u64,
) -> impl IntoView {
    let counts = live::counts();
    let n = move || counts.read().as_ref().map_or(initial, |counts| counts.figure(&figure));
    let text = n.clone();
    view! {
        <span class="live-number" class:live-number_moved=move || n() != initial>{move || grouped(text())}</span>
    }
}

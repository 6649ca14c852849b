//! A public count that updates live.

use domain::counts::{Figure, grouped};
use leptos::prelude::*;

use super::live;

/// One public count as text.
#[island]
pub fn LiveNumber(
    /// Which count.
    figure: Figure,
    /// Its value when the page was rendered.
    initial: u64,
) -> impl IntoView {
    let counts = live::counts();
    let n = move || counts.read().as_ref().map_or(initial, |counts| counts.figure(&figure));
    let text = n.clone();
    view! {
        <span class="live-number" class:live-number_moved=move || n() != initial>{move || grouped(text())}</span>
    }
}

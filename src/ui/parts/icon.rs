//! The icons: 24 units square, strokes two units wide with round ends, one gold fill.

use leptos::prelude::*;

use crate::domain::campaign::Icon;

/// The picture of a pledge; its title stands beside it, so it is silent.
#[component]
pub fn PledgeIcon(
    /// Which picture.
    icon: Icon,
) -> impl IntoView {
    let (gold, lines) = match icon {
        // A window with a plant on its sill.
        Icon::Home => (
            "M9.5 13c0-2.2 1-3.6 2.5-4.5 1.5.9 2.5 2.3 2.5 4.5z",
            "M4 4h16v12H4zM2.5 20h19M12 16v-6M4 16v4M20 16v4",
        ),
        // Zebra stripes that lead to a lamp.
        Icon::Traffic => (
            "M14.5 3h5v9h-5z",
            "M14.5 3h5v9h-5zM17 12v9M3 21l3-11M7.5 21l2-11M12 21l.6-6M17 5.6v.1M17 9.2v.1",
        ),
        // An awning, and a leaf below it.
        Icon::PublicPlaces => (
            "M12 19c-2.6-.6-3.6-2.7-3-5.5 2.9.1 4.6 2 3 5.5z",
            "M4 4h16l1.5 5a2.4 2.4 0 0 1-4.7.6 2.4 2.4 0 0 1-4.8 0 2.4 2.4 0 0 1-4.8 0A2.4 2.4 0 0 1 2.5 9zM5 12v9h14v-9M12 21v-4",
        ),
        // Two windows, both lit.
        Icon::Neighbours => (
            "M5.5 11h4v4h-4zM14.5 11h4v4h-4z",
            "M2.5 10 7.5 4l4.5 5.4L16.500 4l5 6M3.500 9.500V20h17V9.500M12 9.500V20M5.5 11h4v4h-4zM14.5 11h4v4h-4z",
        ),
    };
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
            <path class="icon__gold" d=gold />
            <path class="icon__line" d=lines />
        </svg>
    }
}

/// The picture of a tab.
#[component]
pub fn TabIcon(
    /// Its lines.
    lines: &'static str,
) -> impl IntoView {
    view! {
        <svg class="icon weui-tabbar__icon" viewBox="0 0 24 24" aria-hidden="true">
            <path class="icon__line" d=lines />
        </svg>
    }
}

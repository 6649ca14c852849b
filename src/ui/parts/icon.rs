//! SVG icons: 24 units square, strokes two units wide with round caps, one gold fill.

use leptos::prelude::*;

use islands::card::LEAF;

use domain::campaign::Icon;

/// The icon of a pledge. Hidden from screen readers, since the title follows.
#[component]
pub fn PledgeIcon(
    /// Which icon.
    icon: Icon,
) -> impl IntoView {
    let (gold, lines) = match icon {
        // A window with a plant on the sill.
        Icon::Home => (
            "M12 17c-3-1-4.500-3.500-4-7 3.200.700 4.700 3 4 7zM12 17c-.5-2.600.6-4.600 3.800-5.200.3 2.800-1 4.600-3.800 5.200z",
            "M4 3h16v14H4zM2 21h20M12 17v-5M4 17v4M20 17v4",
        ),
        // A zebra crossing and a traffic light.
        Icon::Traffic => (
            "M14 2h6v10h-6z",
            "M14 2h6v10h-6zM17 12v9M2.500 21l3-10M7 21l1.800-10M11.500 21l.7-6M17 5v.1M17 9v.1",
        ),
        // An awning with a leaf below.
        Icon::PublicPlaces => (
            "M12 21c-4-1-5.500-4-4.500-8 4.500.2 6.500 3.200 4.500 8z",
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

/// The icon of a tab.
#[component]
pub fn TabIcon(
    /// SVG path data.
    lines: &'static str,
) -> impl IntoView {
    view! {
        <svg class="icon weui-tabbar__icon" viewBox="0 0 24 24" aria-hidden="true">
            <path class="icon__line" d=lines />
        </svg>
    }
}

/// A leaf of a plane tree, the street tree of the city.
#[component]
pub fn PlaneLeaf() -> impl IntoView {
    view! {
        <svg class="plane-leaf" viewBox="0 0 48 48" aria-hidden="true">
            <path d=LEAF />
        </svg>
    }
}

//! The queue's helpers: keys, and word of new reports without losing one's place.

use leptos::prelude::*;

use super::live;

/// Says that reports came in since the page was drawn, and listens to keys: `j` and `k`
/// go down and up, `enter` opens, `a` and `r` open to accept or to return, `x` ticks,
/// `/` searches.
#[island]
pub fn QueueHelper(
    /// Reports received when the page was drawn.
    received: u64,
) -> impl IntoView {
    let counts = live::counts();
    let new = Memo::new(move |_| {
        let now = counts.read().as_ref().map_or(received, |counts| counts.reports.received);
        now.saturating_sub(received)
    });
    Effect::new(move |_| {
        let listener = window_event_listener(leptos::ev::keydown, |event| browser::key(&event));
        on_cleanup(move || listener.remove());
    });
    let reload = move |_| browser::reload();
    view! {
        <p class="queue-news" role="status">
            <button class="queue-news__button" type="button" hidden=move || new.get() == 0 on:click=reload>
                {move || format!("街道新收到{}件反映，点这里更新", new.get())}
            </button>
        </p>
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::prelude::{document, window};
    use wasm_bindgen::JsCast;
    use web_sys::{HtmlElement, KeyboardEvent};

    /// Draws the page anew where it is; the browser keeps the scroll.
    pub fn reload() {
        window().location().reload().ok();
    }

    pub fn key(event: &KeyboardEvent) {
        let typing = document().active_element().is_some_and(|element| {
            matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
                && element.get_attribute("type").as_deref() != Some("checkbox")
        });
        if typing || event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let done = match event.key().as_str() {
            "j" => step(1),
            "k" => step(-1),
            "x" => tick(),
            "a" => open("accept"),
            "r" => open("return"),
            "/" => focus("input[name=q]"),
            _ => false,
        };
        if done {
            event.prevent_default();
        }
    }

    fn links() -> Vec<HtmlElement> {
        let Ok(found) = document().query_selector_all("#queue .queue__link") else {
            return Vec::new();
        };
        (0..found.length()).filter_map(|i| found.get(i)?.dyn_into().ok()).collect()
    }

    fn step(by: isize) -> bool {
        let links = links();
        let active = document().active_element();
        let row = active.and_then(|element| element.closest(".queue__row").ok().flatten());
        let here = row.and_then(|row| links.iter().position(|link| row.contains(Some(link))));
        let next = here.map_or(Some(0), |here| here.checked_add_signed(by));
        next.and_then(|next| links.get(next)).is_some_and(|link| link.focus().is_ok())
    }

    /// Opens the report of the row that has the focus, at one of its forms.
    fn open(form: &str) -> bool {
        let active = document().active_element();
        let row = active.and_then(|element| element.closest(".queue__row").ok().flatten());
        let link = row.and_then(|row| row.query_selector(".queue__link").ok().flatten());
        let href = link.and_then(|link| link.get_attribute("href"));
        let href = href.map(|href| {
            let join = if href.contains('?') { '&' } else { '?' };
            format!("{href}{join}do={form}#do-{form}")
        });
        href.is_some_and(|href| window().location().assign(&href).is_ok())
    }

    fn tick() -> bool {
        let active = document().active_element();
        let row = active.and_then(|element| element.closest(".queue__row").ok().flatten());
        let tick = row.and_then(|row| row.query_selector("input[name=codes]").ok().flatten());
        let Some(tick) = tick.and_then(|tick| tick.dyn_into::<HtmlElement>().ok()) else {
            return false;
        };
        tick.click();
        true
    }

    fn focus(selector: &str) -> bool {
        let found = document().query_selector(selector).ok().flatten();
        let found = found.and_then(|found| found.dyn_into::<HtmlElement>().ok());
        found.is_some_and(|found| found.focus().is_ok())
    }
}

/// On the server nobody presses a key.
#[cfg(not(feature = "hydrate"))]
mod browser {
    use leptos::web_sys::KeyboardEvent;

    pub const fn reload() {}
    pub const fn key(_: &KeyboardEvent) {}
}

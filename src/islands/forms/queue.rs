//! Helpers of the staff queue: keyboard shortcuts, and live insertion of new reports.

use leptos::prelude::*;

use crate::live;

/// Inserts new reports at the top of the queue, and handles shortcuts: `j`/`k` next/previous row,
/// `enter` opens it, `a`/`r` opens its accept/return form, `x` selects it, `/` focuses the search
/// field.
#[island]
pub fn QueueHelper(
    /// Number of reports received when the page was rendered.
    received: u64,
) -> impl IntoView {
    let counts = live::counts();
    let now = Memo::new(move |_| {
        counts.read().as_ref().map_or(received, |counts| counts.reports.received)
    });
    let arrived = RwSignal::new(0_usize);
    Effect::new(move |last: Option<u64>| {
        let now = now.get();
        if now > last.unwrap_or(received) {
            browser::fetch_rows(move |rows| arrived.update(|all| *all += rows));
        }
        now
    });
    Effect::new(move |_| {
        let listener = window_event_listener(leptos::ev::keydown, |event| browser::on_key(&event));
        on_cleanup(move || listener.remove());
    });
    let said = move || match arrived.get() {
        0 => String::new(),
        n => format!("新到{n}件，已放在最前面"),
    };
    view! { <p class="queue-news" role="status">{said}</p> }
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::{
        prelude::{document, window},
        task::spawn_local,
    };
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{DomParser, Element, HtmlElement, KeyboardEvent, Response, SupportedType};

    /// Fetches this page again and inserts new rows at the top. The other rows are not touched, to
    /// keep selection, focus and scroll position.
    pub fn fetch_rows(then: impl Fn(usize) + 'static) {
        spawn_local(async move {
            if let Ok(rows) = new_rows().await {
                then(rows);
            }
        });
    }

    async fn new_rows() -> Result<usize, JsValue> {
        let address = window().location().href()?;
        let response = JsFuture::from(window().fetch_with_str(&address)).await?;
        let response: Response = response.dyn_into()?;
        // After a logout the server redirects to the login page.
        if !response.ok() || response.redirected() {
            return Ok(0);
        }
        let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
        let page = DomParser::new()?.parse_from_string(&text, SupportedType::TextHtml)?;
        let Some(list) = document().get_element_by_id("queue") else { return Ok(0) };
        let found = page.query_selector_all("#queue .queue__row")?;
        let before = list.get_bounding_client_rect().height();
        let mut added = 0;
        for row in (0..found.length()).rev().filter_map(|i| found.get(i)) {
            let Ok(row) = row.dyn_into::<Element>() else { continue };
            let serial = row.get_attribute("data-serial").unwrap_or_default();
            let known = list.query_selector(&format!(".queue__row[data-serial=\"{serial}\"]"))?;
            if known.is_none() {
                row.class_list().add_1("queue__row_new")?;
                list.insert_before(&row, list.first_child().as_ref())?;
                added += 1;
            }
        }
        // If the list is scrolled, keeps the visible rows in place.
        if list.get_bounding_client_rect().top() < 0.0 {
            window().scroll_by_with_x_and_y(0.0, list.get_bounding_client_rect().height() - before);
        }
        Ok(added)
    }

    pub fn on_key(event: &KeyboardEvent) {
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
            "a" => open_form("accept"),
            "r" => open_form("return"),
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

    /// Opens the report of the focused row with one of its forms open.
    fn open_form(form: &str) -> bool {
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

/// Server side: no keyboard, no fetching.
#[cfg(not(feature = "hydrate"))]
mod browser {
    use leptos::web_sys::KeyboardEvent;

    pub fn fetch_rows(_: impl Fn(usize) + 'static) {}
    pub const fn on_key(_: &KeyboardEvent) {}
}

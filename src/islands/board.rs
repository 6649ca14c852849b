//! Islands of the live board `/screen`: rolling digits and the newest messages.

use domain::{
    counts::{Figure, grouped},
    message::BoardMessage,
};
use leptos::prelude::*;

use super::live;

/// A count with rolling digits. Digits are keyed by their position from the right, so that they
/// also roll when the number gets longer.
#[island]
pub fn RollingNumber(
    /// Which count.
    figure: Figure,
    /// Its value when the page was rendered.
    initial: u64,
) -> impl IntoView {
    let counts = live::counts();
    let text = Memo::new(move |_| {
        grouped(counts.read().as_ref().map_or(initial, |counts| counts.figure(&figure)))
    });
    let places = move || (0..text.read().len()).rev().collect::<Vec<_>>();
    let column = move |place: usize| {
        let digit = move || text.read().chars().rev().nth(place).unwrap_or('0');
        let digits = (0..10).map(|n| view! { <span>{n}</span> });
        // Every fourth position from the right is a thousands separator.
        if place % 4 == 3 {
            view! { <span class="rolling__comma">","</span> }.into_any()
        } else {
            let class = move || format!("rolling__column rolling__column_{}", digit());
            view! { <span class="rolling__place"><span class=class>{digits.collect_view()}</span></span> }
                .into_any()
        }
    };
    view! {
        <span class="rolling">
            <span class="unseen">{text}</span>
            <span class="rolling__digits" aria-hidden="true">
                <For each=places key=|place| *place children=column />
            </span>
        </span>
    }
}

/// The newest messages, polled every minute.
#[island]
pub fn NewestMessages(
    /// Messages when the page was rendered, newest first.
    initial: Vec<BoardMessage>,
) -> impl IntoView {
    let messages = RwSignal::new(initial);
    Effect::new(move |_| browser::poll_every_minute(messages));
    let items = move || {
        let items = messages.get().into_iter().map(|BoardMessage { text, who }| {
            view! { <li class="board__message"><p>{text}</p><p class="board__who">"—— " {who}</p></li> }
        });
        items.collect_view()
    };
    view! { <ul class="board__messages">{items}</ul> }
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::time::Duration;

    use leptos::{prelude::*, task::spawn_local};
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::Response;

    use domain::message::BoardMessage;

    pub fn poll_every_minute(messages: RwSignal<Vec<BoardMessage>>) {
        let ask = move || {
            spawn_local(async move {
                // On a network failure the last messages stay.
                if let Ok(newest) = fetch().await
                    && newest != messages.get_untracked()
                {
                    messages.set(newest);
                }
            });
        };
        set_interval(ask, Duration::from_secs(60));
    }

    async fn fetch() -> Result<Vec<BoardMessage>, JsValue> {
        let response = JsFuture::from(window().fetch_with_str("/screen/messages"));
        let response: Response = response.await?.dyn_into()?;
        let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
        serde_json::from_str(&text).map_err(|error| error.to_string().into())
    }
}

/// Server side: no polling.
#[cfg(not(feature = "hydrate"))]
mod browser {
    use leptos::prelude::RwSignal;

    use domain::message::BoardMessage;

    pub const fn poll_every_minute(_: RwSignal<Vec<BoardMessage>>) {}
}

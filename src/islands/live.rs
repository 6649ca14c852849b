//! Live counts from the server: one event stream (SSE) for all islands of a page, or, where the
//! server has no place for it, a question from time to time.

use leptos::prelude::*;

use domain::counts::Counts;

/// The latest counts; `None` until the first event arrives, and always on the server.
pub fn counts() -> ArcReadSignal<Option<Counts>> {
    #[cfg(feature = "live")]
    {
        browser::counts()
    }
    #[cfg(not(feature = "live"))]
    {
        ArcRwSignal::new(None).read_only()
    }
}

#[cfg(feature = "live")]
mod browser {
    use std::{cell::RefCell, time::Duration};

    use leptos::{ev, leptos_dom::helpers::TimeoutHandle, prelude::*, task::spawn_local};
    use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{EventSource, MessageEvent, Response, VisibilityState};

    use crate::announcement::announce_soon;
    use domain::counts::Counts;

    /// Minimum and maximum delay before reconnecting, in milliseconds. Random within this range, so
    /// that clients of a restarted server do not reconnect all at once.
    const RETRY: (f64, f64) = (1000.0, 5000.0);

    /// Minimum and maximum delay between two questions where there is no stream, in milliseconds.
    const POLL: (f64, f64) = (20_000.0, 40_000.0);

    /// Questions until the stream is tried again: when it made room for others, and when it broke
    /// twice.
    const POLLS: (u32, u32) = (10, 2);

    thread_local! {
        /// Opens the connection on first use.
        static COUNTS: ArcRwSignal<Option<Counts>> = {
            follow_visibility();
            connect();
            ArcRwSignal::new(None)
        };
        static CONNECTION: RefCell<Connection> = RefCell::default();
    }

    #[derive(Default)]
    struct Connection {
        source: Option<EventSource>,
        next: Option<TimeoutHandle>,
        /// Streams that broke before an event came.
        broken: u32,
    }

    pub fn counts() -> ArcReadSignal<Option<Counts>> {
        COUNTS.with(ArcRwSignal::read_only)
    }

    /// Disconnects while the page is hidden or in the back-forward cache; on reconnect the server
    /// sends the latest counts at once.
    fn follow_visibility() {
        let changed = Closure::<dyn Fn()>::new(|| match document().visibility_state() {
            VisibilityState::Hidden => disconnect(),
            _ => connect(),
        });
        let listener = changed.into_js_value();
        document()
            .add_event_listener_with_callback("visibilitychange", listener.unchecked_ref())
            .ok();
        window_event_listener(ev::pagehide, |_| disconnect());
        window_event_listener(ev::pageshow, |_| connect());
    }

    fn connect() {
        let hidden = document().visibility_state() == VisibilityState::Hidden;
        if hidden || CONNECTION.with_borrow(|connection| connection.source.is_some()) {
            return;
        }
        let Ok(source) = EventSource::new("/live") else { return };
        let arrived = Closure::<dyn Fn(MessageEvent)>::new(|event: MessageEvent| {
            CONNECTION.with_borrow_mut(|connection| connection.broken = 0);
            show(&event.data());
        });
        let made_room = Closure::<dyn Fn()>::new(|| {
            disconnect();
            poll(POLLS.0);
        });
        let broken = Closure::<dyn Fn()>::new(|| {
            let broken = CONNECTION.with_borrow(|connection| connection.broken) + 1;
            disconnect();
            CONNECTION.with_borrow_mut(|connection| connection.broken = broken % 2);
            match broken % 2 {
                0 => poll(POLLS.1),
                _ => after(RETRY, connect),
            }
        });
        let listen = |event, listener: JsValue| {
            source.add_event_listener_with_callback(event, listener.unchecked_ref()).ok();
        };
        listen("counts", arrived.into_js_value());
        listen("poll", made_room.into_js_value());
        source.set_onerror(Some(broken.into_js_value().unchecked_ref()));
        CONNECTION.with_borrow_mut(|connection| connection.source = Some(source));
    }

    /// Asks for the counts `left` times, then tries the stream again.
    fn poll(left: u32) {
        after(POLL, move || {
            spawn_local(async move {
                if let Ok(counts) = ask().await {
                    show(&counts);
                }
            });
            match left {
                0 => connect(),
                _ => poll(left - 1),
            }
        });
    }

    /// The counts as they are now, as text.
    async fn ask() -> Result<JsValue, JsValue> {
        let response: Response =
            JsFuture::from(window().fetch_with_str("/counts.json")).await?.unchecked_into();
        JsFuture::from(response.text()?).await
    }

    /// Shows counts that came as JSON.
    fn show(text: &JsValue) {
        let Ok(counts) = serde_json::from_str(&text.as_string().unwrap_or_default()) else {
            return;
        };
        COUNTS.with(|known| {
            // The first event repeats what the page already shows: not announced.
            if known.read_untracked().is_some() {
                announce_soon();
            }
            known.set(Some(counts));
        });
    }

    /// Does something at a random time within `range`, unless the page is hidden before.
    fn after(range: (f64, f64), then: impl FnOnce() + 'static) {
        let wait = range.0 + js_sys::Math::random() * (range.1 - range.0);
        let next = set_timeout_with_handle(then, Duration::from_secs_f64(wait / 1000.0)).ok();
        CONNECTION.with_borrow_mut(|connection| connection.next = next);
    }

    fn disconnect() {
        let Connection { source, next, .. } = CONNECTION.take();
        if let Some(source) = source {
            source.close();
        }
        if let Some(next) = next {
            next.clear();
        }
    }
}

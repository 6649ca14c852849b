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

    use leptos::{ev, leptos_dom::helpers::TimeoutHandle, prelude::*};
    use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
    use web_sys::{EventSource, MessageEvent, VisibilityState};

    use crate::announcement::announce_soon;
    use domain::counts::Counts;

    /// Minimum and maximum delay before reconnecting, in milliseconds. Random within this range, so
    /// that clients of a restarted server do not reconnect all at once.
    const RETRY: (f64, f64) = (1000.0, 5000.0);

    /// Questions until the stream is tried again: when it made room for others, and when it broke
    /// twice. `/counts.json` says how long the browser waits between two.
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
        retry: Option<TimeoutHandle>,
        /// Questions that are left.
        polls: u32,
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
        listen_to("/live");
    }

    /// Instead of a stream, a few answers of one event each: the browser asks again by itself.
    fn poll(polls: u32) {
        let broken = CONNECTION.with_borrow(|connection| connection.broken);
        disconnect();
        CONNECTION.set(Connection { polls, broken, ..Connection::default() });
        listen_to("/counts.json");
    }

    fn listen_to(path: &str) {
        let Ok(source) = EventSource::new(path) else { return };
        let arrived = Closure::<dyn Fn(MessageEvent)>::new(|event: MessageEvent| {
            CONNECTION.with_borrow_mut(|connection| connection.broken = 0);
            let text = event.data().as_string().unwrap_or_default();
            if let Ok(counts) = serde_json::from_str(&text) {
                COUNTS.with(|known| {
                    // The first event repeats what the page already shows: not announced.
                    if known.read_untracked().is_some() {
                        announce_soon();
                    }
                    known.set(Some(counts));
                });
            }
        });
        let made_room = Closure::<dyn Fn()>::new(|| poll(POLLS.0));
        let broken = Closure::<dyn Fn()>::new(broken);
        let listen = |event, listener: JsValue| {
            source.add_event_listener_with_callback(event, listener.unchecked_ref()).ok();
        };
        listen("counts", arrived.into_js_value());
        listen("poll", made_room.into_js_value());
        listen("error", broken.into_js_value());
        CONNECTION.with_borrow_mut(|connection| connection.source = Some(source));
    }

    fn broken() {
        let (broken, goes_on) = CONNECTION.with_borrow_mut(|connection| {
            connection.polls = connection.polls.saturating_sub(1);
            let open = |source: &EventSource| source.ready_state() != EventSource::CLOSED;
            let goes_on = connection.polls > 0 && connection.source.as_ref().is_some_and(open);
            if !goes_on {
                connection.broken += 1;
            }
            (connection.broken, goes_on)
        });
        if goes_on {
            return;
        }
        if broken == 2 {
            return poll(POLLS.1);
        }
        disconnect();
        let wait = RETRY.0 + js_sys::Math::random() * (RETRY.1 - RETRY.0);
        let retry = set_timeout_with_handle(connect, Duration::from_secs_f64(wait / 1000.0)).ok();
        CONNECTION.set(Connection { retry, broken: broken % 2, ..Connection::default() });
    }

    fn disconnect() {
        let Connection { source, retry, .. } = CONNECTION.take();
        if let Some(source) = source {
            source.close();
        }
        if let Some(retry) = retry {
            retry.clear();
        }
    }
}

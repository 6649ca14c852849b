//! Live counts from the server: one event stream (SSE) for all islands of a page.

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
    use wasm_bindgen::{JsCast, prelude::Closure};
    use web_sys::{EventSource, MessageEvent, VisibilityState};

    use crate::announcement::announce_soon;
    use domain::counts::Counts;

    /// Minimum and maximum delay before reconnecting, in milliseconds. Random within this range, so
    /// that clients of a restarted server do not reconnect all at once.
    const RETRY: (f64, f64) = (1000.0, 5000.0);

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
        let broken = Closure::<dyn Fn()>::new(|| {
            disconnect();
            let wait = RETRY.0 + js_sys::Math::random() * (RETRY.1 - RETRY.0);
            let retry =
                set_timeout_with_handle(connect, Duration::from_secs_f64(wait / 1000.0)).ok();
            CONNECTION.with_borrow_mut(|connection| connection.retry = retry);
        });
        source
            .add_event_listener_with_callback("counts", arrived.into_js_value().unchecked_ref())
            .ok();
        source.set_onerror(Some(broken.into_js_value().unchecked_ref()));
        CONNECTION.with_borrow_mut(|connection| connection.source = Some(source));
    }

    fn disconnect() {
        let Connection { source, retry } = CONNECTION.take();
        if let Some(source) = source {
            source.close();
        }
        if let Some(retry) = retry {
            retry.clear();
        }
    }
}

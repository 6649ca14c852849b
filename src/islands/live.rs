//! The counts as they change, for all islands of a page over one connection.

use leptos::prelude::*;

use domain::counts::Counts;

/// The newest counts that came; `None` until the first ones are here, and always on
/// the server.
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

    /// Shortest and longest wait before a broken connection is tried again, in
    /// milliseconds; the wait is spread between them, so that a restarted server is
    /// not met by everyone at once.
    const RETRY: (f64, f64) = (1000.0, 5000.0);

    thread_local! {
        /// Asking for it opens the connection.
        static COUNTS: ArcRwSignal<Option<Counts>> = {
            follow_visibility();
            open();
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

    /// A hidden page needs no connection, nor does one in the back-forward cache; one
    /// that is shown again gets the newest counts as soon as it has one.
    fn follow_visibility() {
        let changed = Closure::<dyn Fn()>::new(|| match document().visibility_state() {
            VisibilityState::Hidden => close(),
            _ => open(),
        });
        let listener = changed.into_js_value();
        document()
            .add_event_listener_with_callback("visibilitychange", listener.unchecked_ref())
            .ok();
        window_event_listener(ev::pagehide, |_| close());
        window_event_listener(ev::pageshow, |_| open());
    }

    fn open() {
        let hidden = document().visibility_state() == VisibilityState::Hidden;
        if hidden || CONNECTION.with_borrow(|connection| connection.source.is_some()) {
            return;
        }
        let Ok(source) = EventSource::new("/live") else { return };
        let arrived = Closure::<dyn Fn(MessageEvent)>::new(|event: MessageEvent| {
            let text = event.data().as_string().unwrap_or_default();
            if let Ok(counts) = serde_json::from_str(&text) {
                COUNTS.with(|known| {
                    // What comes with the connection is what the page said.
                    if known.read_untracked().is_some() {
                        announce_soon();
                    }
                    known.set(Some(counts));
                });
            }
        });
        let broken = Closure::<dyn Fn()>::new(|| {
            close();
            let wait = RETRY.0 + js_sys::Math::random() * (RETRY.1 - RETRY.0);
            let retry = set_timeout_with_handle(open, Duration::from_secs_f64(wait / 1000.0)).ok();
            CONNECTION.with_borrow_mut(|connection| connection.retry = retry);
        });
        source
            .add_event_listener_with_callback("counts", arrived.into_js_value().unchecked_ref())
            .ok();
        source.set_onerror(Some(broken.into_js_value().unchecked_ref()));
        CONNECTION.with_borrow_mut(|connection| connection.source = Some(source));
    }

    fn close() {
        let Connection { source, retry } = CONNECTION.take();
        if let Some(source) = source {
            source.close();
        }
        if let Some(retry) = retry {
            retry.clear();
        }
    }
}

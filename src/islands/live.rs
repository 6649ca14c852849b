//! The counts as they change, for all islands of a page over one connection.

use leptos::prelude::*;

use crate::domain::counts::Counts;

/// The newest counts that came; `None` until the first ones are here, and always on
/// the server.
pub fn counts() -> ArcSignal<Option<Counts>> {
    #[cfg(feature = "hydrate")]
    {
        browser::counts()
    }
    #[cfg(not(feature = "hydrate"))]
    {
        ArcSignal::stored(None)
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::{cell::RefCell, time::Duration};

    use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};
    use wasm_bindgen::{JsCast, prelude::Closure};
    use web_sys::{EventSource, MessageEvent, VisibilityState};

    use crate::domain::counts::Counts;

    /// Shortest and longest wait before a broken connection is tried again, in
    /// milliseconds; the wait is spread between them, so that a restarted server is
    /// not met by everyone at once.
    const RETRY: (f64, f64) = (1000.0, 5000.0);

    thread_local! {
        static LIVE: RefCell<Option<Live>> = const { RefCell::new(None) };
    }

    struct Live {
        counts: ArcRwSignal<Option<Counts>>,
        source: Option<EventSource>,
        retry: Option<TimeoutHandle>,
    }

    pub fn counts() -> ArcSignal<Option<Counts>> {
        let first = LIVE.with_borrow(Option::is_none);
        if first {
            let counts = ArcRwSignal::new(None);
            LIVE.set(Some(Live { counts, source: None, retry: None }));
            follow_visibility();
            open();
        }
        LIVE.with_borrow(|live| match live {
            Some(live) => live.counts.clone().into(),
            None => ArcSignal::stored(None),
        })
    }

    /// A hidden page needs no connection; one that is shown again gets the newest
    /// counts as soon as it has one.
    fn follow_visibility() {
        let changed = Closure::<dyn Fn()>::new(|| match document().visibility_state() {
            VisibilityState::Hidden => close(),
            _ => open(),
        });
        let listener = changed.as_ref().unchecked_ref();
        document().add_event_listener_with_callback("visibilitychange", listener).ok();
        // A page in the back-forward cache must not hold a connection either.
        window()
            .add_event_listener_with_callback(
                "pagehide",
                &Closure::<dyn Fn()>::new(close).into_js_value().unchecked_into(),
            )
            .ok();
        window()
            .add_event_listener_with_callback(
                "pageshow",
                &Closure::<dyn Fn()>::new(open).into_js_value().unchecked_into(),
            )
            .ok();
        changed.forget();
    }

    fn open() {
        let already =
            LIVE.with_borrow(|live| live.as_ref().is_none_or(|live| live.source.is_some()));
        if already || document().visibility_state() == VisibilityState::Hidden {
            return;
        }
        let Ok(source) = EventSource::new("/live") else { return };
        let arrived = Closure::<dyn Fn(MessageEvent)>::new(|event: MessageEvent| {
            let counts = event.data().as_string().and_then(|text| serde_json::from_str(&text).ok());
            if let Some(counts) = counts {
                LIVE.with_borrow(|live| live.as_ref().map(|live| live.counts.set(Some(counts))));
            }
        });
        let broken = Closure::<dyn Fn()>::new(|| {
            close();
            let wait = RETRY.0 + js_sys::Math::random() * (RETRY.1 - RETRY.0);
            let handle = set_timeout_with_handle(open, Duration::from_secs_f64(wait / 1000.0)).ok();
            with_live(|live| live.retry = handle);
        });
        source
            .add_event_listener_with_callback("counts", arrived.into_js_value().unchecked_ref())
            .ok();
        source.set_onerror(Some(broken.into_js_value().unchecked_ref()));
        with_live(|live| live.source = Some(source));
    }

    fn close() {
        with_live(|live| {
            if let Some(source) = live.source.take() {
                source.close();
            }
            if let Some(retry) = live.retry.take() {
                retry.clear();
            }
        });
    }

    fn with_live(change: impl FnOnce(&mut Live)) {
        LIVE.with_borrow_mut(|live| live.as_mut().map(change));
    }
}

//! Screen reader announcement of the number of signatures, at most once per pause.
//!
//! The page has a visually hidden live region beside the visible number; the text of the number's
//! line is copied into it. Not an island: it renders nothing, and the smaller wasm program must
//! stay small.

use std::{cell::Cell, time::Duration};

use leptos::prelude::{document, set_timeout};

/// Pause before an announcement; changes in the meantime are combined.
const DELAY: Duration = Duration::from_secs(30);

thread_local! {
    static SCHEDULED: Cell<bool> = const { Cell::new(false) };
}

/// Schedules an announcement of the current number, unless one is scheduled.
pub fn announce_soon() {
    if !SCHEDULED.replace(true) {
        set_timeout(announce, DELAY);
    }
}

fn announce() {
    SCHEDULED.set(false);
    let found = |selector| document().query_selector(selector).ok().flatten();
    if let (Some(line), Some(region)) = (found(".hero__count"), found(".hero__said"))
        && line.text_content() != region.text_content()
    {
        region.set_text_content(line.text_content().as_deref());
    }
}

//! The number of signatures as a screen reader tells it: now and then, not with each one.
//!
//! The page has a live region that nobody sees beside the number that everybody sees; what
//! the number's line says is put into it. It is no island, since it draws nothing of its
//! own, and the lightest program has no room for one.

use std::{cell::Cell, time::Duration};

use leptos::prelude::{document, set_timeout};

/// How long news is gathered before the newest is told.
const PAUSE: Duration = Duration::from_secs(30);

thread_local! {
    static WAITS: Cell<bool> = const { Cell::new(false) };
}

/// Lets the page tell what changed, after a pause.
pub fn announce_soon() {
    if !WAITS.replace(true) {
        set_timeout(announce, PAUSE);
    }
}

fn announce() {
    WAITS.set(false);
    let found = |selector| document().query_selector(selector).ok().flatten();
    if let (Some(line), Some(region)) = (found(".hero__count"), found(".hero__said"))
        && line.text_content() != region.text_content()
    {
        region.set_text_content(line.text_content().as_deref());
    }
}

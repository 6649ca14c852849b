//! DOM helpers for the fields of a form.

use wasm_bindgen::JsCast;
use web_sys::{Event, EventInit, HtmlFormElement};

/// The first element in the form that matches `selector`, if it has type `T`.
pub fn find<T: JsCast>(form: &HtmlFormElement, selector: &str) -> Option<T> {
    form.query_selector(selector).ok()??.dyn_into().ok()
}

/// Dispatches a bubbling event, so that the island of the field notices a changed value.
pub fn dispatch(target: &web_sys::EventTarget, kind: &str) {
    let init = EventInit::new();
    init.set_bubbles(true);
    if let Ok(event) = Event::new_with_event_init_dict(kind, &init) {
        target.dispatch_event(&event).ok();
    }
}

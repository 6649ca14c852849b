//! Fields of a form, found and told by the islands around it.

use wasm_bindgen::JsCast;
use web_sys::{Event, EventInit, HtmlFormElement};

/// The first element of the form that `selector` finds.
pub fn one<T: JsCast>(form: &HtmlFormElement, selector: &str) -> Option<T> {
    form.query_selector(selector).ok()??.dyn_into().ok()
}

/// Lets the field's own island know.
pub fn tell(target: &web_sys::EventTarget, kind: &str) {
    let init = EventInit::new();
    init.set_bubbles(true);
    if let Ok(event) = Event::new_with_event_init_dict(kind, &init) {
        target.dispatch_event(&event).ok();
    }
}

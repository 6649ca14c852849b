//! Sentences that staff start from, put into a text field.

use leptos::prelude::*;

/// A list of sentences for the field of that id.
#[island]
pub fn Templates(
    /// The id of the field.
    target: String,
    /// Each with its title.
    templates: Vec<(String, String)>,
) -> impl IntoView {
    let awake = RwSignal::new(false);
    Effect::new(move |_| awake.set(true));
    let titles = templates.iter().enumerate().map(|(i, (title, _))| {
        view! { <option value=i.to_string()>{title.clone()}</option> }
    });
    let titles = titles.collect_view();
    let on_change = move |event| {
        let chosen = event_target_value(&event).parse::<usize>().ok();
        if let Some((_, text)) = chosen.and_then(|i| templates.get(i)) {
            browser::put(&target, text);
        }
    };
    view! {
        <select class="templates" aria-label="常用语" hidden=move || !awake.get() on:change=on_change>
            <option value="">"常用语…"</option>
            {titles}
        </select>
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::prelude::document;
    use wasm_bindgen::JsCast;
    use web_sys::HtmlTextAreaElement;

    /// Puts `text` into the field, after what stands there.
    pub fn put(id: &str, text: &str) {
        let Some(field) = document().get_element_by_id(id) else { return };
        let Ok(field) = field.dyn_into::<HtmlTextAreaElement>() else { return };
        field.set_value(&format!("{}{text}", field.value()));
        field.focus().ok();
    }
}

/// On the server nothing is put anywhere.
#[cfg(not(feature = "hydrate"))]
mod browser {
    pub const fn put(_: &str, _: &str) {}
}

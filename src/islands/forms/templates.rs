//! Drop-down list of text templates for staff replies.

use leptos::prelude::*;

/// A list of templates; choosing one appends its text to the text area `target`.
#[island]
pub fn Templates(
    /// HTML id of the text area.
    target: String,
    /// Title and text of each template.
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
            browser::append_to_field(&target, text);
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

    /// Appends `text` to the text area, and focuses it.
    pub fn append_to_field(id: &str, text: &str) {
        let Some(field) = document().get_element_by_id(id) else { return };
        let Ok(field) = field.dyn_into::<HtmlTextAreaElement>() else { return };
        field.set_value(&format!("{}{text}", field.value()));
        field.focus().ok();
    }
}

/// Server side: nothing to fill.
#[cfg(not(feature = "hydrate"))]
mod browser {
    pub const fn append_to_field(_: &str, _: &str) {}
}

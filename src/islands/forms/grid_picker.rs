//! Grid picker (您住的小区或附近路段): a plain drop-down list; scripts add a search field.

use domain::slug::Slug;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::lang;

/// Minimum number of grids for a search field.
const SEARCH_MIN_GRIDS: usize = 8;

/// An option of the grid picker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GridChoice {
    /// Value of the option.
    pub slug: Slug,
    /// Name used by residents.
    pub label: String,
}

/// The form field `grid`.
#[island]
pub fn GridPicker(
    /// Label.
    #[prop(into)]
    label: String,
    /// All grids.
    grids: Vec<GridChoice>,
    /// Slug of the selected grid; empty for none.
    chosen: String,
    /// Error from the server.
    error: Option<String>,
) -> impl IntoView {
    let lang = lang();
    let awake = RwSignal::new(false);
    Effect::new(move |_| awake.set(true));
    let worth_searching = grids.len() >= SEARCH_MIN_GRIDS;
    let sought = RwSignal::new(String::new());
    let selected = RwSignal::new(chosen);
    let grids = StoredValue::new(grids);
    let found = move |choice: &GridChoice| {
        // Unicode case folding would add its tables to the wasm; ASCII is enough for these labels.
        choice.label.to_ascii_lowercase().contains(&sought.read().trim().to_ascii_lowercase())
    };
    // Enter would submit the form; here it selects the grid if exactly one matches.
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            let matches: Vec<GridChoice> =
                grids.read_value().iter().filter(|choice| found(choice)).cloned().collect();
            if let [only] = matches.as_slice() {
                selected.set(only.slug.to_string());
            }
        }
    };
    // Options are removed, not hidden: some native pickers show hidden options.
    let options = move || {
        let selected = selected.get();
        let grids = grids.read_value();
        let offered =
            grids.iter().filter(|choice| found(choice) || choice.slug.as_str() == selected);
        let option = |choice: &GridChoice| {
            let is_selected = choice.slug.as_str() == selected;
            let value = choice.slug.to_string();
            view! { <option value=value selected=is_selected>{choice.label.clone()}</option> }
        };
        offered.map(option).collect_view()
    };
    let invalid = error.is_some().then_some("true");
    let described = error.is_some().then_some("error-grid");
    view! {
        <div class="weui-cell field">
            <label class="field__label" for="field-grid">{label}</label>
            // Its space is reserved before hydration, so that the layout does not shift.
            {worth_searching.then(|| view! { <input
                class="field__input field__search"
                type="search"
                placeholder=lang.say("输入几个字查找", "Type to search")
                aria-label=lang.say("查找小区或路段", "Search compounds and streets")
                aria-controls="field-grid"
                autocomplete="off"
                enterkeyhint="search"
                hidden=move || !awake.get()
                on:input=move |event| sought.set(event_target_value(&event))
                on:keydown=on_key
            /> })}
            <select
                class="field__input"
                id="field-grid"
                name="grid"
                aria-invalid=invalid
                aria-describedby=described
                on:change=move |event| selected.set(event_target_value(&event))
            >
                <option value="">{lang.say("说不清", "Not sure")}</option>
                {options}
            </select>
            {error.map(|sentence| view! { <p class="field-error" id="error-grid">{sentence}</p> })}
        </div>
    }
}

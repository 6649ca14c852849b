//! 您住的小区或附近路段: a list that works as it is, and can be searched once scripts
//! are here.

use domain::slug::Slug;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::lang;

/// Fewer grids than this are seen at a glance and need no search.
const WORTH_SEARCHING: usize = 8;

/// A grid as the list offers it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GridChoice {
    /// What is sent.
    pub slug: Slug,
    /// What residents call it.
    pub label: String,
}

/// The field `grid`.
#[island]
pub fn GridPicker(
    /// What it asks for.
    #[prop(into)]
    label: String,
    /// All grids.
    grids: Vec<GridChoice>,
    /// The slug that is chosen already; empty for none.
    chosen: String,
    /// What the server said about it.
    error: Option<String>,
) -> impl IntoView {
    let lang = lang();
    let awake = RwSignal::new(false);
    Effect::new(move |_| awake.set(true));
    let worth_searching = grids.len() >= WORTH_SEARCHING;
    let sought = RwSignal::new(String::new());
    let selected = RwSignal::new(chosen);
    let grids = StoredValue::new(grids);
    let found = move |choice: &GridChoice| {
        // Full case folding would bring its tables into the wasm, for labels that have
        // no case.
        choice.label.to_ascii_lowercase().contains(&sought.read().trim().to_ascii_lowercase())
    };
    // Enter in a form sends it; here it takes the grid that was found, if it is one.
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
    // Choices are left out rather than hidden, which some pickers ignore.
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
            // Its room is kept before it can be used: nothing moves when it comes.
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

//! Report form: draft, safety hints of the chosen category, protection against double submit.

use leptos::prelude::*;

use crate::lang;

/// The form element around the fields, which the page renders.
#[island]
pub fn ReportFormIsland(
    /// Whether the form is blank, so that a draft may fill it.
    fresh: bool,
    /// Owner token of the page.
    owner: String,
    /// The fields.
    children: Children,
) -> impl IntoView {
    let lang = lang();
    let form = NodeRef::<leptos::html::Form>::new();
    let awake = RwSignal::new(false);
    let sending = RwSignal::new(false);
    let drafts = StoredValue::new(None::<browser::Drafts>);
    Effect::new(move |_| {
        awake.set(true);
        if let Some(form) = form.get_untracked() {
            drafts.set_value(browser::restore_draft(&form, fresh, &owner));
        }
    });
    // The browser may restore this page from its history as it was left.
    let returned = window_event_listener(leptos::ev::pageshow, move |event| {
        sending.set(false);
        if event.persisted() {
            drafts.with_value(|drafts| browser::reload_if_owner_changed(drafts.as_ref()));
        }
    });
    on_cleanup(move || returned.remove());
    let on_change = move |_| {
        if let Some(form) = form.get_untracked() {
            drafts.with_value(|drafts| browser::save_draft(&form, drafts.as_ref()));
        }
    };
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        if sending.get_untracked() {
            event.prevent_default();
        }
        sending.set(true);
    };
    view! {
        <form
            class="sign-form"
            method="post"
            action="/report"
            enctype="multipart/form-data"
            novalidate
            node_ref=form
            on:input=on_change
            on:change=on_change
            on:submit=on_submit
        >
            // Enter in a field activates the first submit button of the form. It must be this one,
            // not one that supports another report.
            <button class="unseen" type="submit" tabindex="-1" aria-hidden="true">{lang.say("提交", "Send")}</button>
            {children()}
            <div class="look" hidden=awake>
                <button class="weui-btn weui-btn_default" type="submit" formaction="/report/similar">
                    {lang.say("先看看有没有人反映过", "Check whether it has been reported already")}
                </button>
            </div>
            <div class="sticky-action">
                <button class="weui-btn weui-btn_primary" type="submit" aria-disabled=move || sending.get().then_some("true")>
                    {move || if sending.get() { lang.say("正在提交…", "Sending…") } else { lang.say("提交", "Send") }}
                </button>
            </div>
        </form>
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use serde::{Deserialize, Serialize};
    use wasm_bindgen::JsCast;
    use web_sys::{
        Element, FormData, HtmlFormElement, HtmlInputElement, HtmlSelectElement,
        HtmlTextAreaElement,
    };

    pub use crate::forms::draft::Drafts;
    use crate::forms::{
        REPORT_DRAFT,
        fields::{dispatch, find},
    };

    /// Draft of the form, without contact details and consent.
    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Draft {
        category: String,
        place: String,
        grid: String,
        description: String,
    }

    /// Fills the empty fields of a blank form from the draft, then saves the form as the draft.
    /// Fields in which the user typed before hydration keep their text.
    pub fn restore_draft(form: &HtmlFormElement, fresh: bool, owner: &str) -> Option<Drafts> {
        let drafts = Drafts::open(REPORT_DRAFT, owner)?;
        let draft = drafts.get::<Draft>().filter(|_| fresh);
        if let Some(draft) = draft {
            fill(form, &draft);
        }
        save_draft(form, Some(&drafts));
        Some(drafts)
    }

    /// After a restore from the back-forward cache: reloads if the owner has changed.
    pub fn reload_if_owner_changed(drafts: Option<&Drafts>) {
        if let Some(drafts) = drafts {
            drafts.reload_if_owner_changed();
        }
    }

    /// Saves the current values as the draft, and updates the safety hints.
    pub fn save_draft(form: &HtmlFormElement, drafts: Option<&Drafts>) {
        let Ok(data) = FormData::new_with_form(form) else { return };
        let text = |name| data.get(name).as_string().unwrap_or_default();
        let draft = Draft {
            category: text("category"),
            place: text("place"),
            grid: text("grid"),
            description: text("description"),
        };
        if let Some(drafts) = drafts {
            drafts.save(draft);
        }
        show_urgent(form);
    }

    fn fill(form: &HtmlFormElement, draft: &Draft) {
        if let Some(input) =
            find::<HtmlInputElement>(form, "[name=place]").filter(|i| i.value().is_empty())
        {
            input.set_value(&draft.place);
        }
        let area = find::<HtmlTextAreaElement>(form, "[name=description]");
        if let Some(area) = area.filter(|area| area.value().is_empty()) {
            area.set_value(&draft.description);
        }
        let grid = find::<HtmlSelectElement>(form, "[name=grid]");
        if let Some(select) = grid.filter(|select| select.value().is_empty()) {
            select.set_value(&draft.grid);
            dispatch(&select, "change");
        }
        let none = find::<HtmlInputElement>(form, "[name=category]:checked").is_none();
        // Storage can be edited: only characters of a slug may get into the selector.
        let plain = draft.category.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
        if none && plain && !draft.category.is_empty() {
            let selector = format!("[name=category][value=\"{}\"]", draft.category);
            if let Some(radio) = find::<HtmlInputElement>(form, &selector) {
                radio.set_checked(true);
                if let Ok(Some(fold)) = radio.closest("details") {
                    fold.set_attribute("open", "").ok();
                }
                dispatch(&radio, "change");
            }
        }
    }

    /// Shows the safety hint of the chosen category.
    fn show_urgent(form: &HtmlFormElement) {
        let chosen = find::<HtmlInputElement>(form, "[name=category]:checked");
        let chosen = chosen.map(|radio| radio.value()).unwrap_or_default();
        let Ok(notices) = form.query_selector_all(".urgent") else { return };
        for notice in (0..notices.length()).filter_map(|i| notices.get(i)) {
            let Ok(notice) = notice.dyn_into::<Element>() else { continue };
            let shown = notice.get_attribute("data-category").is_some_and(|slug| slug == chosen);
            notice.class_list().toggle_with_force("urgent_shown", shown).ok();
        }
    }
}

/// Server side: no drafts, no events.
#[cfg(not(feature = "hydrate"))]
mod browser {
    use leptos::web_sys::HtmlFormElement;

    /// Placeholder of the browser type.
    #[derive(Clone, Debug)]
    pub struct Drafts;

    pub fn restore_draft(_: &HtmlFormElement, _: bool, _: &str) -> Option<Drafts> {
        None
    }
    pub fn reload_if_owner_changed(_: Option<&Drafts>) {}
    pub fn save_draft(_: &HtmlFormElement, _: Option<&Drafts>) {}
}

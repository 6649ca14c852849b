//! The reporting form's helpers: the draft, what must be read first, and one submit for
//! one press.

use leptos::prelude::*;

use crate::lang;

/// Around the fields, which the page draws.
#[island]
pub fn ReportFormIsland(
    /// Whether nothing was typed yet, so that a draft may fill it.
    fresh: bool,
    /// Whose form it is.
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
            drafts.set_value(browser::begin(&form, fresh, &owner));
        }
    });
    // Back from the next page, the browser may show this one as it was left.
    let returned = window_event_listener(leptos::ev::pageshow, move |event| {
        sending.set(false);
        if event.persisted() {
            drafts.with_value(|drafts| browser::came_back(drafts.as_ref()));
        }
    });
    on_cleanup(move || returned.remove());
    let on_change = move |_| {
        if let Some(form) = form.get_untracked() {
            drafts.with_value(|drafts| browser::keep(&form, drafts.as_ref()));
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
            // Enter in a field presses the first button of a form: it must be this one, not
            // one that supports a neighbour's report.
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

/// Forgets the draft, once it has become a report.
#[island]
pub fn ForgetReportDraft() -> impl IntoView {
    Effect::new(move |_| browser::forget());
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
        draft,
        fields::{one, tell},
    };

    /// Where the draft is kept, in this browser only.
    const KEY: &str = "chuangquan.report";

    /// What was typed so far; neither contact details nor permissions.
    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Draft {
        category: String,
        place: String,
        grid: String,
        description: String,
    }

    /// A fresh form takes up the draft where nothing was typed before it woke; what then
    /// stands in it is the draft from now on.
    pub fn begin(form: &HtmlFormElement, fresh: bool, owner: &str) -> Option<Drafts> {
        let drafts = Drafts::of(KEY, owner)?;
        let draft = drafts.get::<Draft>().filter(|_| fresh);
        if let Some(draft) = draft {
            fill(form, &draft);
        }
        keep(form, Some(&drafts));
        Some(drafts)
    }

    /// Back from the browser's memory: whose form is it now?
    pub fn came_back(drafts: Option<&Drafts>) {
        if let Some(drafts) = drafts {
            drafts.came_back();
        }
    }

    /// Keeps what stands in the form.
    pub fn keep(form: &HtmlFormElement, drafts: Option<&Drafts>) {
        let Ok(data) = FormData::new_with_form(form) else { return };
        let text = |name| data.get(name).as_string().unwrap_or_default();
        let draft = Draft {
            category: text("category"),
            place: text("place"),
            grid: text("grid"),
            description: text("description"),
        };
        if let Some(drafts) = drafts {
            drafts.keep(draft);
        }
        show_urgent(form);
    }

    pub fn forget() {
        draft::forget(KEY);
    }

    fn fill(form: &HtmlFormElement, draft: &Draft) {
        if let Some(input) =
            one::<HtmlInputElement>(form, "[name=place]").filter(|i| i.value().is_empty())
        {
            input.set_value(&draft.place);
        }
        let area = one::<HtmlTextAreaElement>(form, "[name=description]");
        if let Some(area) = area.filter(|area| area.value().is_empty()) {
            area.set_value(&draft.description);
        }
        let grid = one::<HtmlSelectElement>(form, "[name=grid]");
        if let Some(select) = grid.filter(|select| select.value().is_empty()) {
            select.set_value(&draft.grid);
            tell(&select, "change");
        }
        let none = one::<HtmlInputElement>(form, "[name=category]:checked").is_none();
        // What was kept is a slug, or nothing that a selector could be made to misread.
        let plain = draft.category.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
        if none && plain && !draft.category.is_empty() {
            let selector = format!("[name=category][value=\"{}\"]", draft.category);
            if let Some(radio) = one::<HtmlInputElement>(form, &selector) {
                radio.set_checked(true);
                if let Ok(Some(fold)) = radio.closest("details") {
                    fold.set_attribute("open", "").ok();
                }
                tell(&radio, "change");
            }
        }
    }

    /// Shows what must be read first for the category that is chosen.
    fn show_urgent(form: &HtmlFormElement) {
        let chosen = one::<HtmlInputElement>(form, "[name=category]:checked");
        let chosen = chosen.map(|radio| radio.value()).unwrap_or_default();
        let Ok(notices) = form.query_selector_all(".urgent") else { return };
        for notice in (0..notices.length()).filter_map(|i| notices.get(i)) {
            let Ok(notice) = notice.dyn_into::<Element>() else { continue };
            let shown = notice.get_attribute("data-category").is_some_and(|slug| slug == chosen);
            notice.class_list().toggle_with_force("urgent_shown", shown).ok();
        }
    }
}

/// On the server nothing is kept and nothing moves.
#[cfg(not(feature = "hydrate"))]
mod browser {
    use leptos::web_sys::HtmlFormElement;

    /// There are none.
    #[derive(Clone, Debug)]
    pub struct Drafts;

    pub fn begin(_: &HtmlFormElement, _: bool, _: &str) -> Option<Drafts> {
        None
    }
    pub fn came_back(_: Option<&Drafts>) {}
    pub fn keep(_: &HtmlFormElement, _: Option<&Drafts>) {}
    pub fn forget() {}
}

//! Signing form: draft, "all pledges" checkbox (全部承诺), protection against double submit.

use leptos::prelude::*;

use crate::lang;

/// The form element around the fields, which the page renders.
#[island]
pub fn SignForm(
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
    let all = RwSignal::new(false);

    Effect::new(move |_| {
        awake.set(true);
        if let Some(form) = form.get_untracked() {
            drafts.set_value(browser::restore_draft(&form, fresh, &owner));
            all.set(browser::all_ticked(&form));
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
            all.set(browser::all_ticked(&form));
        }
    };
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        if sending.get_untracked() {
            event.prevent_default();
        }
        sending.set(true);
    };
    // The `input` event reaches this handler before the form's, which then sees all boxes.
    let on_all = move |event| {
        if let Some(form) = form.get_untracked() {
            browser::tick_all(&form, event_target_checked(&event));
        }
    };
    view! {
        <form
            class="sign-form"
            id="sign-form"
            method="post"
            action="/sign"
            novalidate
            node_ref=form
            on:input=on_change
            on:change=on_change
            on:submit=on_submit
        >
            <label class="weui-cell weui-check__label all-pledges" class:all-pledges_awake=awake>
                <span class="weui-cell__hd">
                    <input type="checkbox" class="tick" prop:checked=move || all.get() on:input=on_all />
                </span>
                <span class="weui-cell__bd">{lang.say("全部承诺", "All pledges")}</span>
            </label>
            {children()}
            <div class="sticky-action">
                <button class="weui-btn weui-btn_primary" type="submit" aria-disabled=move || sending.get().then_some("true")>
                    {move || if sending.get() { lang.say("正在提交…", "Sending…") } else { lang.say("签名", "Sign") }}
                </button>
            </div>
        </form>
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use serde::{Deserialize, Serialize};
    use wasm_bindgen::JsCast;
    use web_sys::{FormData, HtmlFormElement, HtmlInputElement, HtmlSelectElement};

    pub use crate::forms::draft::Drafts;
    use crate::forms::{
        SIGN_DRAFT,
        fields::{dispatch, find},
    };

    /// Draft of the form. Without consents: each person must give their own.
    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Draft {
        name: String,
        grid: String,
        pledges: Vec<String>,
        message: String,
    }

    /// Fills the empty fields of a blank form from the draft, then saves the form as the draft.
    /// Fields in which the user typed before hydration keep their text.
    pub fn restore_draft(form: &HtmlFormElement, fresh: bool, owner: &str) -> Option<Drafts> {
        let drafts = Drafts::open(SIGN_DRAFT, owner)?;
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

    /// Saves the current values as the draft.
    pub fn save_draft(form: &HtmlFormElement, drafts: Option<&Drafts>) {
        let Ok(data) = FormData::new_with_form(form) else { return };
        let text = |name| data.get(name).as_string().unwrap_or_default();
        let draft = Draft {
            name: text("name"),
            grid: text("grid"),
            pledges: data.get_all("pledges").iter().filter_map(|value| value.as_string()).collect(),
            message: text("message"),
        };
        if let Some(drafts) = drafts {
            drafts.save(draft);
        }
    }

    fn fill(form: &HtmlFormElement, draft: &Draft) {
        for (name, value) in [("name", &draft.name), ("message", &draft.message)] {
            if let Some(input) = find::<HtmlInputElement>(form, &format!("[name={name}]"))
                .filter(|i| i.value().is_empty())
            {
                input.set_value(value);
                dispatch(&input, "input");
            }
        }
        if let Some(select) =
            find::<HtmlSelectElement>(form, "[name=grid]").filter(|s| s.value().is_empty())
        {
            select.set_value(&draft.grid);
            dispatch(&select, "change");
        }
        for pledge in pledges(form) {
            pledge.set_checked(pledge.checked() || draft.pledges.contains(&pledge.value()));
        }
        if !draft.message.is_empty()
            && let Ok(Some(fold)) = form.query_selector("details")
        {
            fold.set_attribute("open", "").ok();
        }
    }

    pub fn all_ticked(form: &HtmlFormElement) -> bool {
        pledges(form).all(|pledge| pledge.checked())
    }

    pub fn tick_all(form: &HtmlFormElement, ticked: bool) {
        for pledge in pledges(form) {
            pledge.set_checked(ticked);
        }
    }

    fn pledges(form: &HtmlFormElement) -> impl Iterator<Item = HtmlInputElement> {
        let found = form.query_selector_all("input[name=pledges]").ok();
        let length = found.as_ref().map_or(0, web_sys::NodeList::length);
        (0..length).filter_map(move |i| found.as_ref()?.get(i)?.dyn_into().ok())
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
    pub fn tick_all(_: &HtmlFormElement, _: bool) {}
    pub fn all_ticked(_: &HtmlFormElement) -> bool {
        false
    }
}

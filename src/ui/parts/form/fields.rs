//! Fields of plain forms, with what was typed before and what is wrong with it.

use leptos::prelude::*;

use super::text_area::TextArea;
use crate::form_state::{FormState, WHOLE};

impl FormState {
    /// What is wrong, said first, with links to each field; `sentence` where nothing is said of
    /// the whole.
    #[must_use]
    pub fn summary(&self, sentence: &'static str) -> Option<AnyView> {
        let mut sentence = sentence.to_owned();
        let mut links = Vec::new();
        for (field, told) in self.each_error() {
            match field {
                WHOLE => sentence = told,
                _ => {
                    links.push(view! { <li><a href=format!("#{}", self.id(field))>{told}</a></li> })
                }
            }
        }
        if links.is_empty() && self.message.is_none() {
            return None;
        }
        Some(
            view! {
                <div class="error-summary" role="alert">
                    <p>{sentence}</p>
                    <ul>{links}</ul>
                </div>
            }
            .into_any(),
        )
    }
}

/// The sentence beside a field that was refused.
#[must_use]
pub fn field_error(name: &str, error: Option<String>) -> Option<AnyView> {
    let id = format!("error-{name}");
    error.map(|sentence| view! { <p class="field-error" id=id>{sentence}</p> }.into_any())
}

/// How a text is put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// One line, of this kind.
    Line(&'static str),
    /// Some lines.
    Area,
}

/// A text with its label, what was typed and what is wrong.
#[must_use]
pub fn text_field(
    name: &'static str,
    label: &'static str,
    hint: Option<String>,
    text: Text,
    form: &FormState,
) -> AnyView {
    let (value, error) = (form.value(name), form.error(name));
    let invalid = error.is_some().then_some("true");
    let id = form.id(name);
    let hint_id = format!("hint-{id}");
    let described = match (&error, &hint) {
        (Some(_), _) => Some(format!("error-{name}")),
        (None, Some(_)) => Some(hint_id.clone()),
        (None, None) => None,
    };
    let autocomplete = match name {
        "contact_name" => "name",
        "contact_phone" => "tel",
        "login" => "username",
        "password" | "old" => "current-password",
        "new" => "new-password",
        _ => "off",
    };
    let input = match text {
        Text::Area => view! {
            <TextArea id=id.clone() name value rows=4 invalid=error.is_some() described />
        }
        .into_any(),
        Text::Line(kind) => view! {
            <input
                class="field__input"
                type=kind
                id=id.clone()
                name=name
                value=value
                autocomplete=autocomplete
                aria-invalid=invalid
                aria-describedby=described
            />
        }
        .into_any(),
    };
    view! {
        <div class="weui-cell field">
            <label class="field__label" for=id>{label}</label>
            {input}
            {hint.map(|hint| view! { <p class="field__hint" id=hint_id>{hint}</p> })}
            {field_error(name, error)}
        </div>
    }
    .into_any()
}

/// A choice from a list.
#[must_use]
pub fn select_field(
    name: &'static str,
    label: &'static str,
    none: Option<&'static str>,
    options: Vec<(String, String)>,
    chosen: &str,
    error: Option<String>,
) -> AnyView {
    select_within(&FormState::default(), name, label, none, options, (chosen, error))
}

/// The same in a form beside others.
#[must_use]
pub fn select_within(
    form: &FormState,
    name: &'static str,
    label: &'static str,
    none: Option<&'static str>,
    options: Vec<(String, String)>,
    (chosen, error): (&str, Option<String>),
) -> AnyView {
    let id = form.id(name);
    let invalid = error.is_some().then_some("true");
    let described = error.is_some().then(|| format!("error-{name}"));
    let none = none.map(|text| view! { <option value="">{text}</option> });
    let chosen = chosen.to_owned();
    let options = options.into_iter().map(|(value, title)| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{title}</option> }
    });
    view! {
        <div class="weui-cell field">
            <label class="field__label" for=id.clone()>{label}</label>
            <select class="field__input" id=id name=name aria-invalid=invalid aria-describedby=described>
                {none} {options.collect_view()}
            </select>
            {field_error(name, error)}
        </div>
    }
    .into_any()
}

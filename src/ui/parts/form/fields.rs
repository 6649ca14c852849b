//! Form fields with submitted value and validation error.

use leptos::prelude::*;

use super::text_area::TextArea;
use crate::form_state::{FORM_ERROR_KEY, FormState};

impl FormState {
    /// Error summary above the form with a link to each faulty field. `sentence` is its heading,
    /// unless there is a form-level message.
    #[must_use]
    pub fn summary(&self, sentence: &'static str) -> Option<AnyView> {
        let mut sentence = sentence.to_owned();
        let mut links = Vec::new();
        for (field, told) in self.all_errors() {
            match field {
                FORM_ERROR_KEY => sentence = told,
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

/// The error message below a field.
#[must_use]
pub fn field_error(name: &str, error: Option<String>) -> Option<AnyView> {
    let id = format!("error-{name}");
    error.map(|sentence| view! { <p class="field-error" id=id>{sentence}</p> }.into_any())
}

/// Kind of text input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextInput {
    /// `<input>` of this `type`.
    Line(&'static str),
    /// Multi-line text area.
    Area,
}

/// A text field with label, hint, submitted value and error.
#[must_use]
pub fn text_field(
    name: &'static str,
    label: &'static str,
    hint: Option<String>,
    text: TextInput,
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
        TextInput::Area => view! {
            <TextArea id=id.clone() name value rows=4 invalid=error.is_some() described />
        }
        .into_any(),
        TextInput::Line(kind) => view! {
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

/// A drop-down list. `none` is the label of the empty option; `options` are (value, label).
#[must_use]
pub fn select_field(
    name: &'static str,
    label: &'static str,
    none: Option<&'static str>,
    options: Vec<(String, String)>,
    chosen: &str,
    error: Option<String>,
) -> AnyView {
    select_field_of(&FormState::default(), name, label, none, options, (chosen, error))
}

/// Like [`select_field`], with the id prefix of `form`, for pages with several forms.
#[must_use]
pub fn select_field_of(
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

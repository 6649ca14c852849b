//! Fields of plain forms, with what was typed before and what is wrong with it.

use leptos::prelude::*;

use super::text_area::TextArea;
use crate::{
    domain::lang::Lang,
    ui::context::{Page, RefusedPost},
};

/// What a form shows again: what was typed, what is wrong.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    post: Option<std::sync::Arc<RefusedPost>>,
    /// The language in which faults are told.
    lang: Lang,
    /// Parts the fields of one form from those of another on the same page.
    prefix: &'static str,
}

impl Kept {
    /// Of a form that was refused, or of a fresh one.
    #[must_use]
    pub fn of(refused: Option<std::sync::Arc<RefusedPost>>) -> Self {
        Self { post: refused, lang: Page::current().lang, prefix: "" }
    }

    /// The same, for the form of that name beside others.
    #[must_use]
    pub fn within(self, prefix: &'static str) -> Self {
        Self { prefix, ..self }
    }

    /// The id of a field.
    #[must_use]
    pub fn id(&self, name: &str) -> String {
        match self.prefix {
            "" => format!("field-{name}"),
            prefix => format!("field-{prefix}-{name}"),
        }
    }

    /// Whether nothing was typed yet.
    #[must_use]
    pub const fn is_fresh(&self) -> bool {
        self.post.is_none()
    }

    /// What was typed into a field.
    #[must_use]
    pub fn value(&self, name: &str) -> String {
        self.post.as_ref().map(|post| post.value(name)).unwrap_or_default()
    }

    /// Everything that was chosen in a field.
    #[must_use]
    pub fn values(&self, name: &str) -> Vec<String> {
        self.post.as_ref().map(|post| post.values(name)).unwrap_or_default()
    }

    /// What is wrong with a field.
    #[must_use]
    pub fn error(&self, name: &str) -> Option<String> {
        let said = self.post.as_ref()?.error(name)?;
        Some(said.in_lang(self.lang).to_owned())
    }

    /// What is wrong, said first, with links to each field.
    #[must_use]
    pub fn summary(&self, sentence: &'static str) -> Option<AnyView> {
        let post = self.post.as_ref()?;
        if post.errors.is_empty() && post.whole.is_none() {
            return None;
        }
        let whole = post.whole.as_ref().map_or(sentence, |said| said.in_lang(self.lang)).to_owned();
        let links = post.errors.iter().map(|(field, text)| {
            view! { <li><a href=format!("#{}", self.id(field))>{text.in_lang(self.lang).to_owned()}</a></li> }
        });
        let links = links.collect_view();
        Some(
            view! {
                <div class="error-summary" role="alert">
                    <p>{whole}</p>
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
    kept: &Kept,
) -> AnyView {
    let (value, error) = (kept.value(name), kept.error(name));
    let invalid = error.is_some().then_some("true");
    let id = kept.id(name);
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
    select_within(&Kept::default(), name, label, none, options, (chosen, error))
}

/// The same in a form beside others.
#[must_use]
pub fn select_within(
    kept: &Kept,
    name: &'static str,
    label: &'static str,
    none: Option<&'static str>,
    options: Vec<(String, String)>,
    (chosen, error): (&str, Option<String>),
) -> AnyView {
    let id = kept.id(name);
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

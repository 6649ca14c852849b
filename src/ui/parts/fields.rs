//! Fields of plain forms, with what was typed before and what is wrong with it.

use leptos::prelude::*;

use crate::ui::context::RefusedPost;

/// What a form shows again: what was typed, what is wrong.
#[derive(Clone, Debug, Default)]
pub struct Kept(Option<std::sync::Arc<RefusedPost>>);

impl Kept {
    /// Of a form that was refused, or of a fresh one.
    #[must_use]
    pub const fn of(refused: Option<std::sync::Arc<RefusedPost>>) -> Self {
        Self(refused)
    }

    /// Whether nothing was typed yet.
    #[must_use]
    pub const fn is_fresh(&self) -> bool {
        self.0.is_none()
    }

    /// What was typed into a field.
    #[must_use]
    pub fn value(&self, name: &str) -> String {
        self.0.as_ref().map(|post| post.value(name)).unwrap_or_default()
    }

    /// Everything that was chosen in a field.
    #[must_use]
    pub fn values(&self, name: &str) -> Vec<String> {
        self.0.as_ref().map(|post| post.values(name)).unwrap_or_default()
    }

    /// What is wrong with a field.
    #[must_use]
    pub fn error(&self, name: &str) -> Option<String> {
        self.0.as_ref().and_then(|post| post.error(name))
    }

    /// What is wrong, said first, with links to each field.
    #[must_use]
    pub fn summary(&self, sentence: &'static str) -> Option<AnyView> {
        let post = self.0.as_ref()?;
        if post.errors.is_empty() && post.whole.is_none() {
            return None;
        }
        let whole = post.whole.clone().unwrap_or_else(|| sentence.to_owned());
        let links = post.errors.iter().map(|(field, text)| {
            view! { <li><a href=format!("#field-{field}")>{text.clone()}</a></li> }
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
    let (id, hint_id) = (format!("field-{name}"), format!("hint-{name}"));
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
            <textarea
                class="field__input"
                id=id.clone()
                name=name
                rows="4"
                aria-invalid=invalid
                aria-describedby=described
            >{value}</textarea>
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
    let id = format!("field-{name}");
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

//! Text field with live validation by the same rules as on the server.

use domain::{
    signature::{MESSAGE_MAX, Message, message_error, name_error, no_name},
    text::{self, Name},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::lang;

/// Validation rule of a field.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Rule {
    /// A signer's name.
    Name,
    /// A message (寄语).
    Message,
}

impl Rule {
    /// Maximum length in characters.
    const fn max_length(self) -> usize {
        match self {
            Self::Name => Name::MAX,
            Self::Message => MESSAGE_MAX,
        }
    }

    /// The validation error for `typed`, with the same text as on the server.
    fn error_of(self, typed: &str) -> Option<String> {
        let said = match self {
            Self::Name => match Name::parse(typed) {
                Ok(None) => Some(no_name()),
                parsed => parsed.err().map(name_error),
            },
            Self::Message => Message::parse(typed).err().map(message_error),
        };
        said.map(|said| said.in_lang(lang()).to_owned())
    }
}

/// A field of the signing form.
#[island]
pub fn TextField(
    /// Name of the form field.
    #[prop(into)]
    name: String,
    /// Label.
    #[prop(into)]
    label: String,
    /// Hint on the allowed text.
    #[prop(into)]
    hint: String,
    /// Validation rule.
    rule: Rule,
    /// Submitted value.
    value: String,
    /// Error from the server.
    error: Option<String>,
) -> impl IntoView {
    let most = rule.max_length();
    let typed = RwSignal::new(value.clone());
    let error = RwSignal::new(error);
    let check = move || error.set(rule.error_of(&typed.read_untracked()));
    let take = move |value: String| {
        typed.set(value);
        // While the user corrects the value, the error disappears as soon as it is valid.
        if error.read_untracked().is_some() {
            check();
        }
    };
    // What an input method shows before a word is chosen is neither counted nor checked.
    let composing = StoredValue::new(false);
    let on_input = move |event| {
        if !composing.get_value() {
            take(event_target_value(&event));
        }
    };
    let on_chosen = move |event| {
        composing.set_value(false);
        take(event_target_value(&event));
    };
    // A field that is left empty is not an error before the form is submitted.
    let on_leave = move |event| {
        typed.set(event_target_value(&event));
        if !typed.read_untracked().is_empty() {
            check();
        }
    };
    // The user may have typed before hydration.
    let input = NodeRef::<leptos::html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = input.get_untracked() {
            typed.set(input.value());
            if error.read_untracked().is_some() {
                check();
            }
        }
    });
    let length = move || text::typed_length(&typed.read());
    let near = move || length() + 5 >= most;
    let (id, error_id, hint_id) =
        (format!("field-{name}"), format!("error-{name}"), format!("hint-{name}"));
    let described = {
        let (error_id, hint_id) = (error_id.clone(), hint_id.clone());
        move || if error.read().is_some() { error_id.clone() } else { hint_id.clone() }
    };
    let autocomplete = match rule {
        Rule::Name => "name",
        Rule::Message => "off",
    };
    // Hint and error share one place, so that the layout does not shift: a button below would move
    // away at the moment of a click.
    view! {
        <div class="weui-cell field">
            <label class="field__label" for=id.clone()>{label}</label>
            <input
                class="field__input"
                type="text"
                node_ref=input
                id=id
                name=name
                value=value
                autocomplete=autocomplete
                aria-invalid=move || error.read().is_some().then_some("true")
                aria-describedby=described
                on:compositionstart=move |_| composing.set_value(true)
                on:compositionend=on_chosen
                on:input=on_input
                on:blur=on_leave
            />
            <p class="field__hint" id=hint_id hidden=move || error.read().is_some()>
                {hint}
                <span class="field__left" class:field__left_over=move || { length() > most } aria-hidden="true">
                    {move || near().then(|| format!(" {}/{most}", length()))}
                </span>
            </p>
            <p class="field-error" id=error_id hidden=move || error.read().is_none()>
                {move || error.get()}
            </p>
        </div>
    }
}

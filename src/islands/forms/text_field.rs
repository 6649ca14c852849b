//! A line of text with its label, and its rule told as soon as it is broken.

use domain::{
    lang::Said,
    signature::{MESSAGE_MAX, Message, NAME_MAX, SignerName},
    text,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::lang;

/// Which rule a field follows.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Rule {
    /// A signer's name.
    Name,
    /// A 寄语.
    Message,
}

impl Rule {
    /// The most characters.
    const fn most(self) -> usize {
        match self {
            Self::Name => NAME_MAX,
            Self::Message => MESSAGE_MAX,
        }
    }

    /// What is wrong with `typed`, as the server would say it.
    fn broken_by(self, typed: &str) -> Option<String> {
        let said = match self {
            Self::Name => SignerName::parse(typed).err().map(Said::from),
            Self::Message => Message::parse(typed).err().map(Said::from),
        };
        said.map(|said| said.in_lang(lang()).to_owned())
    }
}

/// A field of the signing form.
#[island]
pub fn TextField(
    /// Its name in the form.
    #[prop(into)]
    name: String,
    /// What it asks for.
    #[prop(into)]
    label: String,
    /// What may be written.
    #[prop(into)]
    hint: String,
    /// Its rule.
    rule: Rule,
    /// What was typed before.
    value: String,
    /// What the server said about it.
    error: Option<String>,
) -> impl IntoView {
    let most = rule.most();
    let typed = RwSignal::new(value.clone());
    let error = RwSignal::new(error);
    let check = move || error.set(rule.broken_by(&typed.read_untracked()));
    let on_input = move |event| {
        typed.set(event_target_value(&event));
        // While someone mends it, a fault goes as soon as it is gone.
        if error.read_untracked().is_some() {
            check();
        }
    };
    // Nobody is told that a field is empty before they had a chance to fill it.
    let on_leave = move |event| {
        typed.set(event_target_value(&event));
        if !typed.read_untracked().is_empty() {
            check();
        }
    };
    // What was typed before this island woke.
    let input = NodeRef::<leptos::html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = input.get_untracked() {
            typed.set(input.value());
            if error.read_untracked().is_some() {
                check();
            }
        }
    });
    let length = move || text::length(&text::nfc(typed.read().trim()));
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
    // Hint and error take each other's place: a button below that moved at the moment it
    // was pressed would not be pressed.
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

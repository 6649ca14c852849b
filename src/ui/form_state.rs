//! A form as a page draws it: fresh, or as someone sent it, with what is wrong.

use domain::{
    lang::{Lang, Said},
    report::action::command::FieldErrors,
};

/// The name under which programs are told what is wrong with a form as a whole.
pub const WHOLE: &str = "form";

/// The state of one form: what was typed, and what is wrong with it. Handlers make it of what
/// was posted; pages draw every form from one, since a fresh form is the same with nothing in it.
#[derive(Clone, Debug, Default)]
pub struct FormState {
    /// Which form of its page; empty for a fresh one.
    pub name: String,
    /// Fields and values, in the order in which they were sent.
    pub values: Vec<(String, String)>,
    /// What is wrong with its fields, in the order in which a person meets them.
    pub errors: FieldErrors,
    /// What is wrong with the form as a whole, or what is to be known of it.
    pub message: Option<Said>,
    /// Whether it may be sent for the next person at this phone instead.
    pub offers_next_person: bool,
    /// The language in which all that is told.
    lang: Lang,
    /// Parts the ids of one form's fields from those of another on the same page.
    prefix: &'static str,
}

impl FormState {
    /// The form `name` with the `values` that were sent.
    #[must_use]
    pub fn sent(name: impl Into<String>, values: Vec<(String, String)>) -> Self {
        Self { name: name.into(), values, ..Self::default() }
    }

    /// The same with what is wrong with its fields.
    #[must_use]
    pub fn with_errors(self, errors: FieldErrors) -> Self {
        Self { errors, ..self }
    }

    /// The same with what is wrong with it as a whole, if anything is.
    #[must_use]
    pub fn with_message(self, message: impl Into<Option<Said>>) -> Self {
        Self { message: message.into(), ..self }
    }

    /// The same, with whether the next person may send it instead.
    #[must_use]
    pub fn offering_next_person(self, offers_next_person: bool) -> Self {
        Self { offers_next_person, ..self }
    }

    /// The same, drawn in that language.
    #[must_use]
    pub fn in_lang(self, lang: Lang) -> Self {
        Self { lang, ..self }
    }

    /// The same, drawn beside other forms: `prefix` stands in the ids of its fields.
    #[must_use]
    pub fn with_prefix(self, prefix: &'static str) -> Self {
        Self { prefix, ..self }
    }

    /// The id of a field.
    #[must_use]
    pub fn id(&self, field: &str) -> String {
        match self.prefix {
            "" => format!("field-{field}"),
            prefix => format!("field-{prefix}-{field}"),
        }
    }

    /// Whether nobody has sent it yet.
    #[must_use]
    pub const fn is_fresh(&self) -> bool {
        self.name.is_empty()
    }

    /// The first value of a field; empty where there is none.
    #[must_use]
    pub fn value(&self, field: &str) -> String {
        let found = self.values.iter().find(|(name, _)| name == field);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// All values of a field.
    #[must_use]
    pub fn values(&self, field: &str) -> Vec<String> {
        let named = self.values.iter().filter(|(name, _)| name == field);
        named.map(|(_, value)| value.clone()).collect()
    }

    /// Whether the box of that name is ticked.
    #[must_use]
    pub fn is_ticked(&self, field: &str) -> bool {
        self.value(field) == "on"
    }

    /// What is wrong with a field.
    #[must_use]
    pub fn error(&self, field: &str) -> Option<String> {
        let found = self.errors.iter().find(|(name, _)| *name == field);
        found.map(|(_, said)| said.in_lang(self.lang).to_owned())
    }

    /// Everything that is wrong, by field; [`WHOLE`] for the form itself.
    pub fn each_error(&self) -> impl Iterator<Item = (&'static str, String)> {
        let told = |said: &Said| said.in_lang(self.lang).to_owned();
        let whole = self.message.as_ref().map(|said| (WHOLE, told(said)));
        whole.into_iter().chain(self.errors.iter().map(move |(field, said)| (*field, told(said))))
    }
}

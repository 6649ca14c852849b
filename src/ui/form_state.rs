//! State of a form on a page: blank, or as submitted, with validation errors.

use domain::{
    lang::{Lang, LocalizedText},
    report::action::command::FieldErrors,
};

/// Key of the form-level error in JSON responses.
pub const FORM_ERROR_KEY: &str = "form";

/// State of one form: submitted values and validation errors. Handlers build it from the request
/// body; pages render every form from it, a blank form from the default value.
#[derive(Clone, Debug, Default)]
pub struct FormState {
    /// Name of the form on its page; empty for a blank form.
    pub name: String,
    /// Fields and values, in the order in which they were submitted.
    pub values: Vec<(String, String)>,
    /// Validation errors by field, in the order of the fields on the page.
    pub errors: FieldErrors,
    /// Error or notice about the form as a whole.
    pub message: Option<LocalizedText>,
    /// Whether the page offers to submit the form for the next person on this device instead.
    pub offers_next_person: bool,
    /// Language of the errors and the message.
    lang: Lang,
    /// Prefix of field ids, to tell several forms on one page apart; empty for none.
    prefix: &'static str,
}

impl FormState {
    /// The form `name` with the submitted `values`, without errors.
    #[must_use]
    pub fn submitted(name: impl Into<String>, values: Vec<(String, String)>) -> Self {
        Self { name: name.into(), values, ..Self::default() }
    }

    /// Sets the errors of the fields.
    #[must_use]
    pub fn with_errors(self, errors: FieldErrors) -> Self {
        Self { errors, ..self }
    }

    /// Sets the form-level message.
    #[must_use]
    pub fn with_message(self, message: impl Into<Option<LocalizedText>>) -> Self {
        Self { message: message.into(), ..self }
    }

    /// Sets [`FormState::offers_next_person`].
    #[must_use]
    pub fn offering_next_person(self, offers_next_person: bool) -> Self {
        Self { offers_next_person, ..self }
    }

    /// Sets the language of the errors.
    #[must_use]
    pub fn in_lang(self, lang: Lang) -> Self {
        Self { lang, ..self }
    }

    /// Sets the prefix of the field ids, for a page with several forms.
    #[must_use]
    pub fn with_prefix(self, prefix: &'static str) -> Self {
        Self { prefix, ..self }
    }

    /// The HTML id of the input of `field`.
    #[must_use]
    pub fn id(&self, field: &str) -> String {
        match self.prefix {
            "" => format!("field-{field}"),
            prefix => format!("field-{prefix}-{field}"),
        }
    }

    /// Whether the form is blank: not submitted yet.
    #[must_use]
    pub const fn is_fresh(&self) -> bool {
        self.name.is_empty()
    }

    /// The first value of a field; empty if there is none.
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

    /// Whether the checkbox `field` is checked.
    #[must_use]
    pub fn is_checked(&self, field: &str) -> bool {
        self.value(field) == "on"
    }

    /// The error of a field, in the language of the form.
    #[must_use]
    pub fn error(&self, field: &str) -> Option<String> {
        let found = self.errors.iter().find(|(name, _)| *name == field);
        found.map(|(_, said)| said.in_lang(self.lang).to_owned())
    }

    /// All errors in the language of the form, by field; the form-level one has [`FORM_ERROR_KEY`].
    pub fn all_errors(&self) -> impl Iterator<Item = (&'static str, String)> {
        let told = |said: &LocalizedText| said.in_lang(self.lang).to_owned();
        let whole = self.message.as_ref().map(|said| (FORM_ERROR_KEY, told(said)));
        whole.into_iter().chain(self.errors.iter().map(move |(field, said)| (*field, told(said))))
    }
}

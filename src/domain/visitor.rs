//! Visitors: the browser that a signature or a report belongs to.

use serde::{Deserialize, Serialize};

/// A browser that has been here: 22 characters of URL-safe base64 (16 random
/// bytes). It says nothing about the person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VisitorId(String);

impl VisitorId {
    /// Length of the written form, in characters.
    pub const LENGTH: usize = 22;

    /// Takes `text` as a visitor's id; `None` when it has another form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
        (text.len() == Self::LENGTH && text.bytes().all(allowed)).then(|| Self(text.to_owned()))
    }

    /// The id as it is stored and put into the signed cookie.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for VisitorId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("must be 22 characters of URL-safe base64")
    }
}

impl From<VisitorId> for String {
    fn from(id: VisitorId) -> Self {
        id.0
    }
}

//! Visitor ids: the browser that owns a signature or a report.

use serde::{Deserialize, Serialize};

/// Id of a browser, stored in a signed cookie: 22 characters of URL-safe base64 (16 random bytes).
/// Not derived from personal data.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VisitorId(String);

impl VisitorId {
    /// Length of an id, in characters.
    pub const LENGTH: usize = 22;

    /// Parses an id; `None` if `text` has another length or other characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
        (text.len() == Self::LENGTH && text.bytes().all(allowed)).then(|| Self(text.to_owned()))
    }

    /// The id as text, as stored in the database and the cookie.
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

//! Slugs: the short stable names that stand in URLs, forms, counters and the
//! campaign file.

use std::{borrow::Borrow, fmt};

use serde::{Deserialize, Serialize};

/// A stable name: 1–40 characters of `a–z`, `0–9` and inner hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// The text is not a [`Slug`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 40 of a-z, 0-9 and inner hyphens")]
pub struct NotASlug;

impl Slug {
    /// The longest slug, in characters.
    pub const MAX: usize = 40;

    /// Takes `text` as a slug.
    ///
    /// # Errors
    /// [`NotASlug`] when it has another form.
    pub fn parse(text: &str) -> Result<Self, NotASlug> {
        let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        let hyphen_inside = !text.starts_with('-') && !text.ends_with('-');
        let length_fits = (1..=Self::MAX).contains(&text.len());
        if length_fits && hyphen_inside && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotASlug)
        }
    }

    /// The slug as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for Slug {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Slug {
    type Error = NotASlug;

    fn try_from(text: String) -> Result<Self, NotASlug> {
        Self::parse(&text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_names_and_refuses_the_rest() {
        for good in ["home", "grid-01", "a", "public-places", "12345"] {
            assert_eq!(Slug::parse(good).unwrap().as_str(), good);
        }
        let too_long = "a".repeat(Slug::MAX + 1);
        for bad in ["", "-a", "a-", "A", "家园", "a b", "a/b", "../x", &too_long] {
            assert_eq!(Slug::parse(bad), Err(NotASlug), "{bad:?}");
        }
    }
}

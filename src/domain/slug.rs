//! Slugs: short, stable identifiers in URLs, forms, counters and the campaign file.

use std::{borrow::Borrow, fmt};

use serde::{Deserialize, Serialize};

/// An identifier of 1–40 characters: `a–z`, `0–9` and inner hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// Error of [`Slug::parse`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 40 of a-z, 0-9 and inner hyphens")]
pub struct InvalidSlug;

impl Slug {
    /// The longest slug, in characters.
    pub const MAX: usize = 40;

    /// Parses a slug.
    ///
    /// # Errors
    /// [`InvalidSlug`] if `text` does not have the format of a slug.
    pub fn parse(text: &str) -> Result<Self, InvalidSlug> {
        let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        let hyphen_inside = !text.starts_with('-') && !text.ends_with('-');
        let length_fits = (1..=Self::MAX).contains(&text.len());
        if length_fits && hyphen_inside && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidSlug)
        }
    }

    /// The slug as text.
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
    type Error = InvalidSlug;

    fn try_from(text: String) -> Result<Self, InvalidSlug> {
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
    fn accepts_only_valid_slugs() {
        for good in ["home", "grid-01", "a", "public-places", "12345"] {
            assert_eq!(Slug::parse(good).unwrap().as_str(), good);
        }
        let too_long = "a".repeat(Slug::MAX + 1);
        for bad in ["", "-a", "a-", "A", "家园", "a b", "a/b", "../x", &too_long] {
            assert_eq!(Slug::parse(bad), Err(InvalidSlug), "{bad:?}");
        }
    }
}

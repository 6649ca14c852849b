//! The owner token of pages: which person a page was rendered for.

use domain::{staff::StaffId, visitor::VisitorId};

use crate::base::Service;

/// Whoever looks at a page, or sends a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person<'a> {
    /// A browser.
    Visitor(&'a VisitorId),
    /// Someone of the staff, in whatever browser.
    Staff(StaffId),
}

impl Person<'_> {
    fn text(self) -> String {
        match self {
            Self::Visitor(id) => format!("owner visitor {}", id.as_str()),
            Self::Staff(id) => format!("owner staff {id}"),
        }
    }
}

impl Service {
    /// The owner token of a person: a keyed hash, which cannot be forged or traced back.
    #[must_use]
    pub fn owner(&self, person: Person<'_>) -> String {
        self.keys.hash(&person.text())
    }

    /// Whether `owner` stands for that person, by whichever secret.
    #[must_use]
    pub fn is_owner(&self, owner: &str, person: Person<'_>) -> bool {
        let text = person.text();
        self.keys.hash(&text) == owner || self.keys.older_hashes(&text).any(|hash| hash == owner)
    }
}

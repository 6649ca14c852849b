//! Counts: what the campaign has reached, as everyone may see it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::slug::Slug;

/// The name under which signatures without a grid are counted.
pub const UNSPECIFIED: &str = "unspecified";

/// All public counts in one committed state of the database. This is the body
/// of `/counts.json` and of each `counts` event of `/live`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rises with each commit that changed a count, on every node the same.
    pub revision: u64,
    /// When that commit was made: RFC 3339, UTC, to the millisecond.
    pub as_of: String,
    /// Valid signatures; always the sum of `grids`.
    pub signatures: u64,
    /// Valid signatures that include each pledge.
    pub pledges: BTreeMap<Slug, u64>,
    /// Valid signatures of each grid, and of [`UNSPECIFIED`].
    pub grids: BTreeMap<Slug, u64>,
    /// Reports by how far they have come.
    pub reports: ReportCounts,
}

/// Reports by how far they have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportCounts {
    /// All but the withdrawn.
    pub received: u64,
    /// From `submitted` to `awaiting_check`.
    pub open: u64,
    /// Closed.
    pub closed: u64,
}

/// One of the numbers in [`Counts`], as an island asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Figure {
    /// All valid signatures.
    Signatures,
    /// Signatures that include this pledge.
    Pledge(Slug),
    /// Signatures of this grid.
    Grid(Slug),
    /// How many grids have at least one signature.
    LitGrids,
}

impl Counts {
    /// The number that `figure` names; zero for a name that is not counted.
    #[must_use]
    pub fn figure(&self, figure: &Figure) -> u64 {
        match figure {
            Figure::Signatures => self.signatures,
            Figure::Pledge(slug) => self.pledges.get(slug).copied().unwrap_or_default(),
            Figure::Grid(slug) => self.grids.get(slug).copied().unwrap_or_default(),
            Figure::LitGrids => self
                .grids
                .iter()
                .filter(|(slug, n)| slug.as_str() != UNSPECIFIED && **n > 0)
                .count() as u64,
        }
    }

    /// Whether this grid has at least one signature.
    #[must_use]
    pub fn is_lit(&self, grid: &Slug) -> bool {
        self.grids.get(grid).is_some_and(|n| *n > 0)
    }
}

/// A number as it is shown: `12,345`.
#[must_use]
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_by_three() {
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(n), text);
        }
    }

    #[test]
    fn unspecified_is_no_window() {
        let slug = |s| Slug::parse(s).unwrap();
        let counts = Counts {
            signatures: 3,
            grids: [(slug("a"), 2), (slug("b"), 0), (slug(UNSPECIFIED), 1)].into(),
            ..Counts::default()
        };
        assert_eq!(counts.figure(&Figure::LitGrids), 1);
        assert!(counts.is_lit(&slug("a")) && !counts.is_lit(&slug("b")));
    }
}

//! Public counters of signatures and reports.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::slug::Slug;

/// Key of [`Counts::grids`] for signatures without a grid.
pub const UNSPECIFIED: &str = "unspecified";

/// All public counters at one committed revision of the database. This is the body of
/// `/counts.json` and of each `counts` event of `/live`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Increases with each commit that changes a counter; the same on every node.
    pub revision: u64,
    /// Time of that commit: RFC 3339, UTC, with milliseconds.
    pub as_of: String,
    /// Valid signatures; always the sum of `grids`.
    pub signatures: u64,
    /// Valid signatures by pledge.
    pub pledges: BTreeMap<Slug, u64>,
    /// Valid signatures by grid; [`UNSPECIFIED`] counts those without one.
    pub grids: BTreeMap<Slug, u64>,
    /// Reports by progress.
    pub reports: ReportCounts,
}

/// Number of reports by progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportCounts {
    /// All reports except withdrawn ones.
    pub received: u64,
    /// Reports from state `submitted` to `awaiting_check`.
    pub open: u64,
    /// Closed reports.
    pub closed: u64,
}

/// Selects one number of [`Counts`], for an island.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Figure {
    /// All valid signatures.
    Signatures,
    /// Signatures that include this pledge.
    Pledge(Slug),
    /// Signatures of this grid.
    Grid(Slug),
    /// Number of grids with at least one signature.
    LitGrids,
}

impl Counts {
    /// The value of `figure`; 0 for an unknown slug.
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
    pub fn has_signatures(&self, grid: &Slug) -> bool {
        self.grids.get(grid).is_some_and(|n| *n > 0)
    }
}

/// Formats a number with thousands separators: `12,345`.
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
    fn unspecified_does_not_count_as_a_grid() {
        let slug = |s| Slug::parse(s).unwrap();
        let counts = Counts {
            signatures: 3,
            grids: [(slug("a"), 2), (slug("b"), 0), (slug(UNSPECIFIED), 1)].into(),
            ..Counts::default()
        };
        assert_eq!(counts.figure(&Figure::LitGrids), 1);
        assert!(counts.has_signatures(&slug("a")) && !counts.has_signatures(&slug("b")));
    }
}

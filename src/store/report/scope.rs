//! Whose reports, and which of them an index holds in which order: what queries of the queue are made
//! of.

use std::collections::BTreeSet;

use domain::{
    report::filter::ReportFilter,
    slug::Slug,
    staff::{Role, Staff},
};

use crate::sql::{query::Query, statement::Sql};

/// The condition of the index of open reports, in its words.
pub const OPEN: &str = "reports.state IN ('submitted', 'needs_info', 'accepted', 'dispatched', \
                    'in_progress', 'awaiting_check')";

/// When a report's time runs out, in the words of the indexes that are sorted by it.
pub const DUE: &str = "COALESCE(reports.due_at, 9223372036854775807)";

/// The order of these indexes.
pub const BY_DUE: &str = " ORDER BY COALESCE(reports.due_at, 9223372036854775807), reports.serial";

/// Where one person's reports begin and end.
pub fn scope(query: &mut Query, staff: &Staff) {
    match staff.role {
        Role::Manager => query.push("1 = 1"),
        Role::BranchLead => {
            query.push("reports.branch IN ").bind_list(staff.branches.iter().map(Slug::as_str))
        }
        Role::GridWorker => {
            query.push("reports.grid IN ").bind_list(staff.grids.iter().map(Slug::as_str))
        }
    };
}

/// A part of what someone sees, which one index holds in the order of the limits.
#[derive(Clone, Copy)]
pub enum QueuePart<'s> {
    All,
    Grid(&'s Slug),
    Branch(&'s Slug),
}

impl<'s> QueuePart<'s> {
    /// The parts that together hold what `staff` sees, none of it twice.
    pub fn of(staff: &'s Staff) -> Vec<Self> {
        let distinct = |slugs: &'s [Slug]| slugs.iter().collect::<BTreeSet<_>>().into_iter();
        match staff.role {
            Role::Manager => vec![Self::All],
            Role::BranchLead => distinct(&staff.branches).map(Self::Branch).collect(),
            Role::GridWorker => distinct(&staff.grids).map(Self::Grid).collect(),
        }
    }

    /// The parts that hold what `staff` looks for by `filter`.
    pub fn of_filter(staff: &'s Staff, filter: &'s ReportFilter) -> Vec<Self> {
        match (&filter.grid, &filter.branch) {
            (Some(grid), _) => vec![Self::Grid(grid)],
            (None, Some(branch)) if staff.role == Role::Manager => vec![Self::Branch(branch)],
            (None, _) => Self::of(staff),
        }
    }

    /// Its index, in the order of the limits. SQLite, without statistics, would rather
    /// look at each report itself.
    pub const fn by_due(self) -> Sql {
        match self {
            Self::All => Sql::each(" INDEXED BY reports_due", ""),
            Self::Grid(_) => Sql::each(" INDEXED BY reports_due_grid", ""),
            Self::Branch(_) => Sql::each(" INDEXED BY reports_due_branch", ""),
        }
    }

    pub fn condition(self, query: &mut Query) {
        match self {
            Self::All => query.push("1 = 1"),
            Self::Grid(grid) => query.push("reports.grid = ").bind(grid.as_str()),
            Self::Branch(branch) => query.push("reports.branch = ").bind(branch.as_str()),
        };
    }
}

//! The work queue of staff: filtered pages and counts.
//!
//! A page reads about as many rows as it shows, however many reports there are: each grid and
//! branch has an index in the order of the queue, and the pages are merged from them.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    report::{
        CaseNumber, Report, State,
        filter::{Deadline, PageEnd, QueueCursor, ReportFilter, Sort, States},
    },
    slug::Slug,
    staff::{Role, Staff},
    time::Millis,
};

use super::reports;
use crate::{
    base::Store,
    counts::{self, CounterKind},
    error::StoreError,
    sql::{query::Query, schema::REPORTS, statement::Sql},
};

/// Reports on one page of the queue.
pub const QUEUE_PAGE: u32 = 50;

/// The condition of the index of open reports, in its words.
pub const OPEN: &str = "reports.state IN ('submitted', 'needs_info', 'accepted', 'dispatched', \
                    'in_progress', 'awaiting_check')";

/// When a report's time runs out, in the words of the indexes that are sorted by it.
const DUE: &str = "COALESCE(reports.due_at, 9223372036854775807)";

/// The order of these indexes.
const BY_DUE: &str = " ORDER BY COALESCE(reports.due_at, 9223372036854775807), reports.serial";

/// Reports that are counted before it is said that there are more: however many wait,
/// the queue takes no longer.
pub const COUNT_LIMIT: i64 = 1000;

/// What waits for someone, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Reports in each state.
    pub states: BTreeMap<State, u64>,
    /// Open ones whose time has run out; at most [`COUNT_LIMIT`].
    pub overdue: u64,
    /// Open ones whose time is nearly over.
    pub soon: u64,
    /// Open ones that were opened again.
    pub again: u64,
    /// Whether there are quarantined supports, where `staff` decides about them.
    pub supports_quarantined: bool,
}

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

fn narrow(query: &mut Query, filter: &ReportFilter, staff: &Staff, now: Millis) {
    scope(query, staff);
    let by_number = CaseNumber::parse(&filter.q).is_some();
    match filter.states {
        States::Open => query.push(" AND ").push(OPEN),
        // A branch lead or manager who knows the number finds what is quarantined, too.
        States::All if by_number && staff.role >= Role::BranchLead => query,
        States::All => query.push(" AND reports.quarantine IS NULL"),
        States::Only(state) => {
            if state.is_open() {
                // So that the index of open reports is used.
                query.push(" AND ").push(OPEN);
            }
            query.push(" AND reports.state = ").bind(state.as_str())
        }
    };
    let mut equal = |column: &'static str, value: Option<&str>| {
        if let Some(value) = value {
            query.push(column).bind(value);
        }
    };
    equal(" AND reports.grid = ", filter.grid.as_ref().map(Slug::as_str));
    equal(" AND reports.branch = ", filter.branch.as_ref().map(Slug::as_str));
    equal(" AND reports.unit = ", filter.unit.as_ref().map(Slug::as_str));
    equal(" AND reports.category = ", filter.category.as_ref().map(Slug::as_str));
    equal(" AND reports.source = ", filter.source.map(domain::report::Source::as_str));
    match filter.deadline {
        Some(Deadline::Overdue) => {
            query.push(" AND ").push(DUE).push(" < ").bind(now);
        }
        Some(Deadline::Soon) => {
            query.push(" AND ").push(DUE).push(" >= ").bind(now);
            query.push(" AND reports.soon_at <= ").bind(now);
        }
        None => {}
    }
    if filter.mine {
        query.push(" AND reports.claimed_by = ").bind(staff.id);
    }
    if filter.raised {
        query.push(" AND reports.level > 0");
    }
    if filter.again {
        query.push(" AND reports.reopened > 0");
    }
    search(query, &filter.q);
}

/// A case number finds its report. Anything else is looked for in what can be opened here
/// only, by [`Store::search`].
fn search(query: &mut Query, q: &str) {
    if let Some(CaseNumber { serial, year }) = CaseNumber::parse(q) {
        query.push(" AND reports.serial = ").bind(serial);
        query.push(" AND reports.year = ").bind(i64::from(year));
    }
}

/// One page of what was found with one row more, which says whether there is another.
pub fn one_page(mut found: Vec<Report>, size: u32) -> (Vec<Report>, bool) {
    let more = found.len() > size as usize;
    found.truncate(size as usize);
    (found, more)
}

/// A part of what someone sees, which one index holds in the order of the limits.
#[derive(Clone, Copy)]
enum QueuePart<'s> {
    All,
    Grid(&'s Slug),
    Branch(&'s Slug),
}

impl<'s> QueuePart<'s> {
    /// The parts that together hold what `staff` sees, none of it twice.
    fn of(staff: &'s Staff) -> Vec<Self> {
        let distinct = |slugs: &'s [Slug]| slugs.iter().collect::<BTreeSet<_>>().into_iter();
        match staff.role {
            Role::Manager => vec![Self::All],
            Role::BranchLead => distinct(&staff.branches).map(Self::Branch).collect(),
            Role::GridWorker => distinct(&staff.grids).map(Self::Grid).collect(),
        }
    }

    /// The parts that hold what `staff` looks for by `filter`.
    fn of_filter(staff: &'s Staff, filter: &'s ReportFilter) -> Vec<Self> {
        match (&filter.grid, &filter.branch) {
            (Some(grid), _) => vec![Self::Grid(grid)],
            (None, Some(branch)) if staff.role == Role::Manager => vec![Self::Branch(branch)],
            (None, _) => Self::of(staff),
        }
    }

    /// Its index, in the order of the limits. SQLite, without statistics, would rather
    /// look at each report itself.
    const fn by_due(self) -> Sql {
        match self {
            Self::All => Sql::each(" INDEXED BY reports_due", ""),
            Self::Grid(_) => Sql::each(" INDEXED BY reports_due_grid", ""),
            Self::Branch(_) => Sql::each(" INDEXED BY reports_due_branch", ""),
        }
    }

    fn condition(self, query: &mut Query) {
        match self {
            Self::All => query.push("1 = 1"),
            Self::Grid(grid) => query.push("reports.grid = ").bind(grid.as_str()),
            Self::Branch(branch) => query.push("reports.branch = ").bind(branch.as_str()),
        };
    }
}

/// Whether reports in these states have a limit to go by.
fn has_limits(states: States) -> bool {
    match states {
        States::Open => true,
        States::All => false,
        States::Only(state) => state.is_open(),
    }
}

impl Store {
    /// One page of what `staff` sees and looks for, from `filter.after` on, and how it ends.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn queue(
        &self,
        staff: &Staff,
        filter: &ReportFilter,
        page_size: u32,
        now: Millis,
    ) -> Result<(Vec<Report>, PageEnd), StoreError> {
        let has_words = !filter.q.is_empty() && CaseNumber::parse(&filter.q).is_none();
        if has_words {
            return self.search(staff, filter, page_size, now).await;
        }
        let mut query = Query::new("SELECT ");
        query.push_each(REPORTS.object).push(" FROM (");
        let Some(order) = wanted(&mut query, staff, filter, i64::from(page_size) + 1, now) else {
            return Ok((Vec::new(), PageEnd::Last));
        };
        query.push(") AS page JOIN reports ON reports.serial = page.at").push(order);
        let (found, more) = one_page(query.find(&self.db).await?, page_size);
        let end = match found.last() {
            Some(last) if more => PageEnd::More(QueueCursor::after(last)),
            _ => PageEnd::Last,
        };
        Ok((found, end))
    }

    /// All reports in the order in which they came, from after `serial` on: at most
    /// `limit`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn reports_after(&self, serial: u64, limit: u32) -> Result<Vec<Report>, StoreError> {
        let mut query = reports();
        query.push(" WHERE reports.serial > ").bind(serial);
        query.push(" ORDER BY reports.serial LIMIT ").bind(i64::from(limit));
        query.find(&self.db).await
    }

    /// Open reports whose time has run out.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn overdue(&self, now: Millis) -> Result<u64, StoreError> {
        let mut query = Query::new("SELECT COUNT(*) FROM (");
        first(&mut query, QueuePart::All);
        query.push(" AND ").push(DUE).push(" < ").bind(now).push(") AS late");
        let rows: Vec<(i64,)> = query.rows(&self.db).await?;
        Ok(rows.first().map_or(0, |(n,)| n.unsigned_abs()))
    }

    /// What waits for `staff`, in numbers.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn waiting(&self, staff: &Staff, now: Millis) -> Result<Waiting, StoreError> {
        let states = match staff.role {
            Role::Manager => counts::report_figures(&self.db).await?.states,
            Role::BranchLead => {
                let branches: Vec<&Slug> = staff.branches.iter().collect();
                counts::states_of(&self.db, CounterKind::BranchState, &branches).await?
            }
            Role::GridWorker => {
                let grids: Vec<&Slug> = staff.grids.iter().collect();
                counts::states_of(&self.db, CounterKind::GridState, &grids).await?
            }
        };
        let supports_quarantined =
            staff.role >= Role::BranchLead && self.has_quarantined_supports(staff).await?;
        let parts = QueuePart::of(staff);
        if parts.is_empty() {
            return Ok(Waiting { states, ..Waiting::default() });
        }
        let mut query = Query::new("SELECT ");
        sum(&mut query, &parts, |query, part| {
            first(query, part);
            query.push(" AND ").push(DUE).push(" < ").bind(now);
            query.push(" LIMIT ").bind(COUNT_LIMIT);
            query.push(") AS late");
        });
        query.push(", ");
        // In the order of the index, reports that are due soon come after the overdue ones.
        sum(&mut query, &parts, |query, part| {
            first(query, part);
            query.push(" AND ").push(DUE).push(" >= ").bind(now).push(BY_DUE);
            query.push(" LIMIT ").bind(COUNT_LIMIT);
            query.push(") AS next WHERE next.soon_at <= ").bind(now);
        });
        query.push(", (SELECT COUNT(*) FROM (SELECT 1 AS one FROM reports");
        query.push_each(Sql::each(" INDEXED BY reports_again", "")).push(" WHERE ");
        scope(&mut query, staff);
        query.push(" AND reports.reopened > 0 AND ").push(OPEN);
        query.push(" LIMIT ").bind(COUNT_LIMIT).push(") AS again)");
        let rows: Vec<(i64, i64, i64)> = query.rows(&self.db).await?;
        let (overdue, soon, again) = rows.first().copied().unwrap_or_default();
        let counted = |n: i64| n.clamp(0, COUNT_LIMIT).unsigned_abs();
        Ok(Waiting {
            states,
            overdue: counted(overdue),
            soon: counted(soon),
            again: counted(again),
            supports_quarantined,
        })
    }
}

/// Selects `at` (serial) and `key` (place in the order) of the first `most` reports that `staff` sees
/// and looks for, from `filter.after` on. Each part gives its first ones, in the order of its index,
/// and of these the first are taken. Returns the order; `None` if the person sees nothing.
pub(super) fn wanted(
    query: &mut Query,
    staff: &Staff,
    filter: &ReportFilter,
    most: i64,
    now: Millis,
) -> Option<&'static str> {
    let by_due = filter.sort == Sort::Due && has_limits(filter.states);
    let parts = QueuePart::of_filter(staff, filter);
    let (key, order, part_order) = match filter.sort {
        Sort::Due if by_due => (DUE, " ORDER BY key, at", BY_DUE),
        Sort::Due | Sort::New => {
            ("-reports.serial", " ORDER BY key", " ORDER BY reports.serial DESC")
        }
        Sort::Old => ("reports.serial", " ORDER BY key", " ORDER BY reports.serial"),
    };
    query.push("SELECT at, key FROM (");
    for (n, part) in parts.iter().enumerate() {
        query.push(if n == 0 { "SELECT * FROM (" } else { " UNION ALL SELECT * FROM (" });
        query.push("SELECT reports.serial AS at, ").push(key).push(" AS key FROM reports");
        if by_due {
            query.push_each(part.by_due());
        }
        query.push(" WHERE ");
        part.condition(query);
        query.push(" AND ");
        narrow(query, filter, staff, now);
        if let Some(QueueCursor { due, serial }) = filter.after {
            match filter.sort {
                // SQLite finds the place in the index by the first of these only.
                Sort::Due if by_due => {
                    query.push(" AND ").push(DUE).push(" >= ").bind(due);
                    query.push(" AND (").push(DUE).push(" > ").bind(due);
                    query.push(" OR reports.serial > ").bind(serial).push(")")
                }
                Sort::Due | Sort::New => query.push(" AND reports.serial < ").bind(serial),
                Sort::Old => query.push(" AND reports.serial > ").bind(serial),
            };
        }
        query.push(part_order).push(" LIMIT ").bind(most).push(") AS part");
    }
    query.push(") AS parts").push(order).push(" LIMIT ").bind(most);
    (!parts.is_empty()).then_some(order)
}

/// Adds up what `count` counts in each part.
fn sum<'s>(query: &mut Query, parts: &[QueuePart<'s>], count: impl Fn(&mut Query, QueuePart<'s>)) {
    for (n, part) in parts.iter().enumerate() {
        query.push(if n == 0 { "" } else { " + " }).push("(SELECT COUNT(*) FROM (");
        count(query, *part);
        query.push(")");
    }
}

/// Begins to look at the open reports of a part in the order of their limits.
fn first(query: &mut Query, part: QueuePart<'_>) {
    query.push("SELECT reports.soon_at FROM reports").push_each(part.by_due()).push(" WHERE ");
    part.condition(query);
    query.push(" AND ").push(OPEN);
}

//! The work queue of staff: filtered pages and counts.
//!
//! A page reads about as many rows as it shows, however many reports there are: each grid and
//! branch has an index in the order of the queue, and the pages are merged from them.

use std::collections::BTreeMap;

use domain::{
    report::{
        Report, State,
        filter::{PageEnd, QueueCursor, ReportFilter},
    },
    slug::Slug,
    staff::{Role, Staff},
    time::Millis,
};

use super::{
    reports,
    scope::{BY_DUE, DUE, OPEN, QueuePart, scope},
    slice::Slice,
};
use crate::{
    base::Store,
    counts::{self, CounterKind},
    error::StoreError,
    sql::{query::Query, statement::Sql},
};

/// Reports on one page of the queue.
pub const QUEUE_PAGE: u32 = 50;

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

/// One page of what was found with one row more, which says whether there is another.
pub fn one_page(mut found: Vec<Report>, size: u32) -> (Vec<Report>, bool) {
    let more = found.len() > size as usize;
    found.truncate(size as usize);
    (found, more)
}

/// Those of `reports` that are in `serials`, in its order.
pub fn in_order(mut reports: Vec<Report>, serials: &[i64]) -> Vec<Report> {
    let place = |report: &Report| serials.iter().position(|n| n.unsigned_abs() == report.serial);
    reports.retain(|report| place(report).is_some());
    reports.sort_by_key(place);
    reports
}

impl Store {
    /// One page of what `staff` sees and looks for, from `filter.after` on, and how it ends. For what
    /// no index holds, at most `looked_through` reports are looked at. A number is found in any state.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn queue(
        &self,
        staff: &Staff,
        filter: &ReportFilter,
        page_size: u32,
        looked_through: u32,
        now: Millis,
    ) -> Result<(Vec<Report>, PageEnd), StoreError> {
        let most = i64::from(page_size) + 1;
        if !filter.q.is_empty() {
            let numbered = self.numbered(staff, filter, most).await?;
            let (mut found, end) = match numbered.is_empty() {
                true => self.search(staff, filter, page_size, looked_through, now).await?,
                false => self.page_of(&numbered, None, page_size).await?,
            };
            // What was typed may be a serial as well, so such a report stands before the others.
            if filter.after.is_none() {
                let meant = self.by_short_number(staff, &filter.q).await?;
                found.retain(|report| !meant.iter().any(|other| other.serial == report.serial));
                found.splice(0..0, meant);
            }
            return Ok((found, end));
        }
        let Slice { serials, end } =
            self.slice(staff, filter, most, i64::from(looked_through), now).await?;
        self.page_of(&serials, end, page_size).await
    }

    /// The page of the reports that were found, and where looking for more has ended.
    async fn page_of(
        &self,
        serials: &[i64],
        end: Option<QueueCursor>,
        page_size: u32,
    ) -> Result<(Vec<Report>, PageEnd), StoreError> {
        let last = end.map(|end| end.serial);
        let wanted = serials.iter().copied().chain(last.and_then(|n| i64::try_from(n).ok()));
        let mut query = reports();
        query.push(" WHERE serial IN ").bind_list(wanted);
        let rows: Vec<Report> = query.find(&self.db).await?;
        let looked_to = rows.iter().find(|report| Some(report.serial) == last);
        let end = end.zip(looked_to.map(|report| report.submitted_at));
        let (found, more) = one_page(in_order(rows, serials), page_size);
        let end = match (found.last(), end) {
            (Some(last), _) if more => PageEnd::More(QueueCursor::after(last)),
            (_, Some((next, submitted_at))) => PageEnd::SearchedTo { next, submitted_at },
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

    /// The open reports of a category in a grid, also those that are not public: the newest first, at
    /// most 50, of the newest 3,000 of the grid.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn open_alike(
        &self,
        category: &Slug,
        grid: &Slug,
    ) -> Result<Vec<Report>, StoreError> {
        let mut query = reports();
        query.push(" WHERE serial IN (SELECT serial FROM (SELECT serial, category FROM reports");
        query
            .push_each(Sql::each(" INDEXED BY reports_open_grid", ""))
            .push(" WHERE reports.grid = ");
        query.bind(grid.as_str()).push(" AND ").push(OPEN);
        query.push(" ORDER BY serial DESC LIMIT 3000) AS newest WHERE category = ");
        query.bind(category.as_str()).push(") ORDER BY serial DESC LIMIT 50");
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

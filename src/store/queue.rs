//! Lists of reports: the queue of staff, the public list, what is alike.

use std::collections::BTreeMap;

use super::{
    Store, StoreError, counts,
    db::Sql,
    query::Query,
    reports::{photos_of, reports, serial_value},
    table::records,
    tables::{PHOTOS, REPORTS},
};
use crate::domain::{
    report::{
        CaseNumber, Code, Millis, Photo, Report, State,
        filter::{Deadline, Filter, Sort, States},
    },
    slug::Slug,
    staff::{Role, Staff},
};

/// Reports on one page of the queue.
pub const QUEUE_PAGE: u32 = 50;

/// Reports on one page of the public list.
pub const PUBLIC_PAGE: u32 = 20;

/// The condition of the index of open reports, in its words.
const OPEN: &str = "reports.state IN ('submitted', 'needs_info', 'accepted', 'dispatched', \
                    'in_progress', 'awaiting_check')";

/// The condition of the index of public reports, in its words.
const PUBLIC: &str = "reports.state IN ('accepted', 'dispatched', 'in_progress', \
                      'awaiting_check', 'closed', 'duplicate', 'referred') \
                      AND reports.accepted_at IS NOT NULL AND reports.hidden = 0 AND reports.kind <> 'private'";

/// What waits for someone, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Reports in each state.
    pub states: BTreeMap<State, u64>,
    /// Open ones whose time has run out.
    pub overdue: u64,
    /// Open ones whose time is nearly over.
    pub soon: u64,
    /// Open ones that were opened again.
    pub again: u64,
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

fn narrow(query: &mut Query, filter: &Filter, staff: &Staff, now: Millis) {
    scope(query, staff);
    match filter.states {
        States::Open => query.push(" AND ").push(OPEN),
        States::All => query,
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
    equal(" AND reports.source = ", filter.source.map(crate::domain::report::Source::as_str));
    match filter.deadline {
        Some(Deadline::Overdue) => {
            query.push(" AND reports.due_at < ").bind(now);
        }
        Some(Deadline::Soon) => {
            query.push(" AND reports.due_at >= ").bind(now);
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

/// A case number finds its report, anything else what contains it.
fn search(query: &mut Query, q: &str) {
    if q.is_empty() {
        return;
    }
    if let Some(CaseNumber { serial, year }) = CaseNumber::parse(q) {
        query.push(" AND reports.serial = ").bind(serial_value(serial));
        query.push(" AND reports.year = ").bind(i64::from(year));
        return;
    }
    let escaped = q.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let pattern = format!("%{escaped}%");
    query.push(" AND (reports.place LIKE ").bind(pattern.as_str()).push(" ESCAPE '\\'");
    for column in [
        " OR reports.description LIKE ",
        " OR reports.summary LIKE ",
        " OR reports.source_number LIKE ",
    ] {
        query.push(column).bind(pattern.as_str()).push(" ESCAPE '\\'");
    }
    query.push(")");
}

/// One page, and one row more that says whether there is another.
fn limit(query: &mut Query, page: u32, size: u32) {
    query.push(" LIMIT ").bind(i64::from(size) + 1);
    query.push(" OFFSET ").bind(i64::from(page.saturating_sub(1)) * i64::from(size));
}

fn one_page(mut found: Vec<Report>, size: u32) -> (Vec<Report>, bool) {
    let more = found.len() > size as usize;
    found.truncate(size as usize);
    (found, more)
}

/// The index of open reports that holds what the queue of a role is counted and sorted
/// by. SQLite, without statistics, would rather look at each report itself.
const fn waiting_index(role: Role) -> Sql {
    match role {
        Role::GridWorker => Sql::each(" INDEXED BY reports_waiting_grid", ""),
        Role::BranchLead | Role::Manager => Sql::each(" INDEXED BY reports_waiting_branch", ""),
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
    /// One page of what `staff` sees and looks for, and whether there is a next one.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn queue(
        &self,
        staff: &Staff,
        filter: &Filter,
        page_size: u32,
        now: Millis,
    ) -> Result<(Vec<Report>, bool), StoreError> {
        // Only serials are sorted: whole reports would make a heavy heap.
        let mut query = Query::new("SELECT ");
        query.push_each(REPORTS.object).push(" FROM (SELECT reports.serial AS at FROM reports");
        let by_due = filter.sort == Sort::Due && has_limits(filter.states);
        if by_due {
            query.push_each(match staff.role {
                Role::Manager => Sql::each(" INDEXED BY reports_due", ""),
                role => waiting_index(role),
            });
        }
        query.push(" WHERE ");
        narrow(&mut query, filter, staff, now);
        let order = match filter.sort {
            Sort::Due if by_due => {
                " ORDER BY COALESCE(reports.due_at, 9223372036854775807), reports.serial"
            }
            Sort::Due | Sort::New => " ORDER BY reports.serial DESC",
            Sort::Old => " ORDER BY reports.serial",
        };
        query.push(order);
        limit(&mut query, filter.page, page_size);
        query.push(") AS page JOIN reports ON reports.serial = page.at").push(order);
        let found = query.find(&self.db).await?;
        Ok(one_page(found, page_size))
    }

    /// All reports in the order in which they came, from after `serial` on: at most
    /// `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn reports_after(&self, serial: u64, limit: u32) -> Result<Vec<Report>, StoreError> {
        let mut query = reports();
        query.push(" WHERE reports.serial > ").bind(serial_value(serial));
        query.push(" ORDER BY reports.serial LIMIT ").bind(i64::from(limit));
        query.find(&self.db).await
    }

    /// What waits for `staff`, in numbers.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn waiting(&self, staff: &Staff, now: Millis) -> Result<Waiting, StoreError> {
        let mut waiting = Waiting::default();
        if staff.role == Role::Manager {
            waiting.states = counts::report_figures(&self.db).await?.states;
        } else {
            let mut query = Query::new("SELECT state, COUNT(*) FROM reports WHERE ");
            scope(&mut query, staff);
            query.push(" GROUP BY state");
            let rows: Vec<(String, i64)> = query.rows(&self.db).await?;
            let state = |(state, n): (String, i64)| Some((State::parse(&state)?, n.unsigned_abs()));
            waiting.states = rows.into_iter().filter_map(state).collect();
        }
        let mut query = Query::new("SELECT COALESCE(SUM(CASE WHEN due_at < ");
        query
            .bind(now)
            .push(" THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN due_at >= ")
            .bind(now);
        query.push(" AND soon_at <= ").bind(now).push(" THEN 1 ELSE 0 END), 0), ");
        query
            .push("COALESCE(SUM(CASE WHEN reopened > 0 THEN 1 ELSE 0 END), 0) FROM reports WHERE ");
        scope(&mut query, staff);
        query.push(" AND ").push(OPEN);
        let rows: Vec<(i64, i64, i64)> = query.rows(&self.db).await?;
        if let Some((overdue, soon, again)) = rows.first() {
            waiting.overdue = overdue.unsigned_abs();
            waiting.soon = soon.unsigned_abs();
            waiting.again = again.unsigned_abs();
        }
        Ok(waiting)
    }

    /// One page of what everyone may see, newest first, and whether there is a next one.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn public_reports(&self, filter: &Filter) -> Result<(Vec<Report>, bool), StoreError> {
        let mut query = reports();
        query.push(" WHERE ").push(PUBLIC);
        if let States::Only(state) = filter.states {
            query.push(" AND reports.state = ").bind(state.as_str());
        }
        if let Some(grid) = &filter.grid {
            query.push(" AND reports.grid = ").bind(grid.as_str());
        }
        if let Some(category) = &filter.category {
            query.push(" AND reports.category = ").bind(category.as_str());
        }
        query.push(" ORDER BY reports.serial DESC");
        limit(&mut query, filter.page, PUBLIC_PAGE);
        Ok(one_page(query.find(&self.db).await?, PUBLIC_PAGE))
    }

    /// The newest of the last 200 closed reports that show what it was like before and
    /// after.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn newest_pair(&self) -> Result<Option<(Report, Vec<Photo>)>, StoreError> {
        let mut query = Query::new("SELECT ");
        query.push_each(REPORTS.object).push(" FROM (SELECT * FROM reports WHERE ").push(PUBLIC);
        query.push(
            " AND reports.state = 'closed' ORDER BY reports.serial DESC LIMIT 200) AS reports \
             WHERE EXISTS (SELECT 1 FROM photos WHERE photos.serial = reports.serial \
             AND photos.public = 1 AND photos.role = 'before') \
             AND EXISTS (SELECT 1 FROM photos WHERE photos.serial = reports.serial \
             AND photos.public = 1 AND photos.role = 'after') \
             ORDER BY reports.closed_at DESC LIMIT 1",
        );
        let Some(report) = query.find::<Report>(&self.db).await?.pop() else { return Ok(None) };
        let photos = self.photos_of(report.serial).await?;
        Ok(Some((report, photos)))
    }

    /// Public reports of that category in that grid that are not settled yet, newest
    /// first: at most 50.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn alike(&self, category: &Slug, grid: &Slug) -> Result<Vec<Report>, StoreError> {
        let mut query = reports();
        query.push(" WHERE ").push(PUBLIC).push(" AND ").push(OPEN);
        query.push(" AND reports.grid = ").bind(grid.as_str());
        query.push(" AND reports.category = ").bind(category.as_str());
        query.push(" ORDER BY reports.serial DESC LIMIT 50");
        query.find(&self.db).await
    }

    /// Photos of one report, in the order in which they came.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn photos_of(&self, serial: u64) -> Result<Vec<Photo>, StoreError> {
        photos_of(serial).find(&self.db).await
    }

    /// Photos of many reports, in the order in which they came.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn photos_of_all(&self, of: &[Report]) -> Result<Vec<Photo>, StoreError> {
        let mut query = Query::records(&PHOTOS);
        query
            .push(" WHERE serial IN ")
            .bind_list(of.iter().map(|report| serial_value(report.serial)));
        query.push(" ORDER BY serial, at, id");
        records(query.rows(&self.db).await?)
    }

    /// The photo of that address.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn photo(&self, id: &Code) -> Result<Option<Photo>, StoreError> {
        let mut query = Query::records(&PHOTOS);
        query.push(" WHERE id = ").bind(id.as_str());
        Ok(query.find(&self.db).await?.pop())
    }
}

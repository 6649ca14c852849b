//! The reports that staff look for, a slice of theirs at a time.
//!
//! What an index holds in the order of the queue is found at once. Any other condition is looked up
//! in each report, so only so many are looked through for one page: it may end before it is full, and
//! then says how far it came. So no combination of filters is dear, however rare what it finds.

use domain::{
    report::{
        filter::{Deadline, QueueCursor, ReportFilter, Sort, States},
        state::Source,
    },
    slug::Slug,
    staff::{Role, Staff},
    time::Millis,
};

use super::scope::{BY_DUE, DUE, OPEN, QueuePart, scope};
use crate::{base::Store, error::StoreError, sql::query::Query};

/// The first reports that fit, as serials in their order.
#[derive(Debug, Default)]
pub struct Slice {
    pub serials: Vec<i64>,
    /// The last report that was looked at, where there may be more after it.
    pub end: Option<QueueCursor>,
}

/// A place in the order: by key, then by serial.
type Place = (i64, i64);

/// In which order a list is, in the words of the index.
#[derive(Clone, Copy)]
struct Order {
    key: &'static str,
    sql: &'static str,
    by_due: bool,
}

impl Order {
    fn of(filter: &ReportFilter) -> Self {
        let has_limits = match filter.states {
            States::Open => true,
            States::All => false,
            States::Only(state) => state.is_open(),
        };
        match filter.sort {
            Sort::Due if has_limits => Self { key: DUE, sql: BY_DUE, by_due: true },
            Sort::Due | Sort::New => {
                Self { key: "-reports.serial", sql: " ORDER BY reports.serial DESC", by_due: false }
            }
            Sort::Old => {
                Self { key: "reports.serial", sql: " ORDER BY reports.serial", by_due: false }
            }
        }
    }

    const fn cursor(self, (key, serial): Place) -> QueueCursor {
        let due = if self.by_due { key } else { Millis::MAX };
        QueueCursor { due, serial: serial.unsigned_abs() }
    }
}

/// What the index of a part holds: the state, and from where on.
fn indexed(
    query: &mut Query,
    part: QueuePart<'_>,
    filter: &ReportFilter,
    order: Order,
    now: Millis,
) {
    part.condition(query);
    match filter.states {
        // The indexes by limit hold all states of open reports.
        States::Only(_) if order.by_due => query.push(" AND ").push(OPEN),
        States::Only(state) => query.push(" AND reports.state = ").bind(state.as_str()),
        States::Open => query.push(" AND ").push(OPEN),
        States::All => query.push(" AND reports.quarantine IS NULL"),
    };
    if !order.by_due {
        let Some(QueueCursor { serial, .. }) = filter.after else { return };
        let after = if filter.sort == Sort::Old { " > " } else { " < " };
        query.push(" AND reports.serial").push(after).bind(serial);
        return;
    }
    // SQLite finds the place in the index by the first of these only.
    let first = if filter.deadline == Some(Deadline::Soon) { now } else { Millis::MIN };
    let after = filter.after.map_or(first, |after| after.due.max(first));
    query.push(" AND ").push(DUE).push(" >= ").bind(after);
    if let Some(QueueCursor { due, serial }) = filter.after {
        query.push(" AND (").push(DUE).push(" > ").bind(due);
        query.push(" OR reports.serial > ").bind(serial).push(")");
    }
    if filter.deadline == Some(Deadline::Overdue) {
        query.push(" AND ").push(DUE).push(" < ").bind(now);
    }
}

/// What is looked up in each report; whether that is anything that its part does not say already.
fn looked_up(query: &mut Query, staff: &Staff, filter: &ReportFilter, now: Millis) -> bool {
    scope(query, staff);
    let mut any = staff.role != Role::Manager && (filter.grid.is_some() || filter.branch.is_some());
    let mut equal = |column: &'static str, value: Option<&str>| {
        if let Some(value) = value {
            query.push(column).bind(value);
            any = true;
        }
    };
    if let States::Only(state) = filter.states
        && Order::of(filter).by_due
    {
        equal(" AND reports.state = ", Some(state.as_str()));
    }
    equal(" AND reports.unit = ", filter.unit.as_ref().map(Slug::as_str));
    equal(" AND reports.category = ", filter.category.as_ref().map(Slug::as_str));
    equal(" AND reports.source = ", filter.source.map(Source::as_str));
    // A part is one grid or one branch; here is the other.
    equal(" AND reports.grid = ", filter.grid.as_ref().map(Slug::as_str));
    equal(" AND reports.branch = ", filter.branch.as_ref().map(Slug::as_str));
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
    any |= filter.deadline.is_some();
    if filter.mine {
        query.push(" AND reports.claimed_by = ").bind(staff.id);
    }
    if filter.raised {
        query.push(" AND reports.level > 0");
    }
    if filter.again {
        query.push(" AND reports.reopened > 0");
    }
    any || filter.mine || filter.raised || filter.again
}

impl Store {
    /// The first `most` reports that `staff` sees and looks for, from `filter.after` on; at most
    /// `looked_through` are looked at, as many of each part.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub(super) async fn slice(
        &self,
        staff: &Staff,
        filter: &ReportFilter,
        most: i64,
        looked_through: i64,
        now: Millis,
    ) -> Result<Slice, StoreError> {
        let order = Order::of(filter);
        let mut found: Vec<Place> = Vec::new();
        let mut end: Option<Place> = None;
        let parts = QueuePart::of_filter(staff, filter);
        let of_each = looked_through / i64::try_from(parts.len()).unwrap_or(i64::MAX).max(1);
        for part in parts {
            let (places, last) =
                self.part(staff, filter, part, order, most, of_each.max(1), now).await?;
            found.extend(places);
            // What comes after this place may be there or not.
            end = [end, last].into_iter().flatten().min();
        }
        found.sort_unstable();
        let whole = usize::try_from(most).unwrap_or_default();
        found.retain(|place| end.is_none_or(|end| *place <= end));
        let is_full = found.len() >= whole;
        found.truncate(whole);
        let end = end.filter(|_| !is_full).map(|end| order.cursor(end));
        Ok(Slice { serials: found.into_iter().map(|(_, serial)| serial).collect(), end })
    }

    /// The first `most` places of a part, and where looking through it has ended, if not at its end.
    #[expect(clippy::too_many_arguments, reason = "the order and numbers of one search")]
    async fn part(
        &self,
        staff: &Staff,
        filter: &ReportFilter,
        part: QueuePart<'_>,
        order: Order,
        most: i64,
        looked_through: i64,
        now: Millis,
    ) -> Result<(Vec<Place>, Option<Place>), StoreError> {
        // Where each fits, no more are looked at than are wanted.
        let short = most.min(looked_through);
        let looked_at = |query: &mut Query, with_fits: bool| {
            query.push("SELECT ").push(order.key).push(" AS key, reports.serial AS at");
            let mut any = true;
            if with_fits {
                query.push(", (");
                any = looked_up(query, staff, filter, now);
                query.push(") AS fits");
            }
            query.push(" FROM reports");
            if order.by_due {
                query.push_each(part.by_due());
            }
            query.push(" WHERE ");
            indexed(query, part, filter, order, now);
            query.push(order.sql).push(" LIMIT ").bind(if any { looked_through } else { short });
            any
        };
        let mut query = Query::new("SELECT key, at FROM (");
        let any = looked_at(&mut query, true);
        query.push(") AS looked_at WHERE fits LIMIT ").bind(most);
        let places: Vec<Place> = query.rows(&self.db).await?;
        let found = i64::try_from(places.len()).unwrap_or(i64::MAX);
        if !any || found >= most {
            let last = places.last().copied().filter(|_| found == short && short < most);
            return Ok((places, last));
        }
        let mut query =
            Query::new("SELECT key, at, n FROM (SELECT key, at, COUNT(*) OVER () AS n FROM (");
        looked_at(&mut query, false);
        query.push(") AS looked_at) AS counted ORDER BY key DESC, at DESC LIMIT 1");
        let last: Vec<(i64, i64, i64)> = query.rows(&self.db).await?;
        let last = last.first().filter(|(_, _, n)| *n >= looked_through);
        Ok((places, last.map(|(key, at, _)| (*key, *at))))
    }
}

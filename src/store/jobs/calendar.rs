//! Which calendars of working days limits were counted by, and how far the open ones have been counted
//! anew.

use domain::{
    report::{Event, Report, State},
    time::Millis,
};

use crate::{
    base::Store,
    error::StoreError,
    report::reports,
    sql::{
        connection::{Tx, Value},
        statement::Sql,
    },
};

/// Open reports that are looked at in one transaction.
const SLICE: i64 = 200;

/// A calendar of working days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCalendar {
    /// Since when limits are counted by it.
    pub since: Millis,
    /// The calendar, as `domain::deadline` writes it.
    pub calendar: String,
    /// How many open reports got other limits by it.
    pub moved: u64,
    /// When all open limits had been counted by it.
    pub done_at: Option<Millis>,
}

impl Store {
    /// Every calendar, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn calendars(&self) -> Result<Vec<KnownCalendar>, StoreError> {
        const ALL: Sql =
            Sql::both("SELECT since, calendar, moved, done_at FROM calendars ORDER BY since");
        let rows: Vec<(i64, String, i64, Option<i64>)> = self.db.all(ALL, &[]).await?;
        let one = |(since, calendar, moved, done_at): (i64, String, i64, Option<i64>)| {
            KnownCalendar { since, calendar, moved: moved.unsigned_abs(), done_at }
        };
        Ok(rows.into_iter().map(one).collect())
    }

    /// Notes that limits are counted by `calendar` from `now` on, unless they are already. By the
    /// first one, all limits are counted.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn note_calendar(&self, calendar: &str, now: Millis) -> Result<(), StoreError> {
        // One node at a time: of two that start at once, one notes it.
        const ALONE: Sql = Sql::both("UPDATE ledger SET id = id");
        const NEWEST: Sql =
            Sql::both("SELECT since, calendar FROM calendars ORDER BY since DESC LIMIT 1");
        const NOTE: Sql = Sql::both(
            "INSERT INTO calendars (since, calendar, done_at) \
             VALUES ($1, $2, CASE WHEN $3 > 0 THEN $3 END)",
        );
        let mut tx = self.db.begin().await?;
        tx.run(ALONE, &[]).await?;
        let newest: Vec<(i64, String)> = tx.all(NEWEST, &[]).await?;
        let (since, done_at) = match newest.first() {
            Some((_, known)) if known == calendar => return Ok(()),
            Some((since, _)) => (now.max(since + 1), 0),
            None => (now, now),
        };
        tx.run(NOTE, &[since.into(), calendar.into(), done_at.into()]).await?;
        tx.commit().await
    }

    /// Looks at the next open reports whose limits are to be counted by the calendar of `since`:
    /// `decide` gets each with the time when its state began. Returns whether there are more.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown; then none was changed.
    pub async fn reschedule(
        &self,
        since: Millis,
        now: Millis,
        decide: impl Fn(&Report, Millis) -> Option<(Report, Event)> + Send,
    ) -> Result<bool, StoreError> {
        const WHERE: Sql = Sql::each(
            "SELECT upto FROM calendars WHERE since = $1",
            "SELECT upto FROM calendars WHERE since = $1 FOR UPDATE",
        );
        const ON: Sql = Sql::both(
            "UPDATE calendars SET upto = $2, moved = moved + $3, done_at = CASE WHEN $4 > 0 THEN $4 END WHERE since = $1",
        );
        let mut tx = self.db.begin().await?;
        let (upto,): (i64,) = tx.one(WHERE, &[since.into()]).await?;
        let mut query = reports();
        query.push(" WHERE serial > ").bind(upto).push(" AND state IN ");
        query.bind_list(State::OPEN.iter().map(|state| state.as_str()));
        query.push(" ORDER BY serial LIMIT ").bind(SLICE).push_each(Sql::each("", " FOR UPDATE"));
        let slice: Vec<Report> = query.find_openable_in(&mut tx).await?;
        let mut moved = 0_u64;
        for report in &slice {
            let step = state_since(&mut tx, report).await?;
            if let Some((report, event)) = decide(report, step) {
                tx.update(&report).await?;
                tx.insert([&event]).await?;
                moved += 1;
            }
        }
        let last = slice.last().map(|report| report.serial);
        let done_at = if last.is_none() { now } else { 0 };
        let upto = last.map_or(Value::from(upto), Value::from);
        tx.run(ON, &[since.into(), upto, Value::from(moved), done_at.into()]).await?;
        tx.commit().await?;
        Ok(last.is_some())
    }
}

/// When the state of a report began.
async fn state_since(tx: &mut Tx, report: &Report) -> Result<Millis, StoreError> {
    const SINCE: Sql = Sql::both(
        "SELECT COALESCE(MIN(at), $3) FROM report_events WHERE serial = $1 AND version > \
         (SELECT COALESCE(MAX(version), 0) FROM report_events WHERE serial = $1 AND state <> $2)",
    );
    let values =
        [Value::from(report.serial), report.state.as_str().into(), report.submitted_at.into()];
    let (since,): (i64,) = tx.one(SINCE, &values).await?;
    Ok(since)
}

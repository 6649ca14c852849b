//! Figures about reports: what the statistics and the weekly page are made of.

use domain::{report::State, slug::Slug, staff::Staff, time::Millis};

use super::queue::scope;
use crate::{
    base::Store,
    counts::{self, ReportFigures},
    error::StoreError,
    sql::{query::Query, statement::Sql},
};

/// What statistics look at of one report.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "as in a report")]
pub struct ReportFacts {
    pub state: State,
    pub category: Slug,
    pub grid: Option<Slug>,
    pub branch: Slug,
    pub unit: Slug,
    pub submitted_at: Millis,
    pub accepted_at: Option<Millis>,
    pub finished_at: Option<Millis>,
    pub closed_at: Option<Millis>,
    pub promised_at: Option<Millis>,
    pub reopened: u64,
    pub solved: Option<bool>,
    pub satisfied: Option<String>,
}

/// What happened in a span of time, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "as the weekly page calls them")]
pub struct PeriodCounts {
    pub signed: u64,
    pub received: u64,
    pub accepted: u64,
    pub closed: u64,
    /// Of the closed: handled before the promise ran out.
    pub in_time: u64,
    /// Of the closed: the reporter says it is solved.
    pub solved: u64,
    /// Of the closed ones: rated by the reporter.
    pub rated: u64,
    pub reopened: u64,
}

type Names = (String, String, Option<String>, String, String);
type Times =
    (i64, Option<i64>, Option<i64>, Option<i64>, Option<i64>, i64, Option<i64>, Option<String>);

impl Store {
    /// Reports by state and by branch.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn report_figures(&self) -> Result<ReportFigures, StoreError> {
        counts::report_figures(&self.db).await
    }

    /// What `staff` sees of the reports that came from `from` until before `until`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn facts(
        &self,
        staff: &Staff,
        from: Millis,
        until: Millis,
    ) -> Result<Vec<ReportFacts>, StoreError> {
        let mut query = Query::new(
            "SELECT state, category, grid, branch, unit, submitted_at, accepted_at, finished_at, \
             closed_at, promised_at, reopened, solved, satisfied FROM reports WHERE ",
        );
        scope(&mut query, staff);
        query
            .push(" AND quarantine IS NULL AND submitted_at >= ")
            .bind(from)
            .push(" AND submitted_at < ")
            .bind(until);
        type Columns = (
            String,
            String,
            Option<String>,
            String,
            String,
            i64,
            Option<i64>,
            Option<i64>,
            Option<i64>,
            Option<i64>,
            i64,
            Option<i64>,
            Option<String>,
        );
        let rows: Vec<Columns> = query.rows(&self.db).await?;
        let facts = |(a, b, c, d, e, f, g, h, i, j, k, l, m): Columns| {
            facts((a, b, c, d, e), (f, g, h, i, j, k, l, m))
        };
        Ok(rows.into_iter().filter_map(facts).collect())
    }

    /// What happened from `from` until before `until`, in numbers.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn happened(&self, from: Millis, until: Millis) -> Result<PeriodCounts, StoreError> {
        const SIGNED: Sql = Sql::both(
            "SELECT COUNT(*) FROM signatures WHERE state = 'valid' AND signed_at >= $1 AND signed_at < $2",
        );
        const RECEIVED: Sql = Sql::both(
            "SELECT COUNT(*) FROM reports \
             WHERE state <> 'withdrawn' AND quarantine IS NULL AND submitted_at >= $1 AND submitted_at < $2",
        );
        const ACCEPTED: Sql =
            Sql::both("SELECT COUNT(*) FROM reports WHERE accepted_at >= $1 AND accepted_at < $2");
        const CLOSED: Sql = Sql::both(
            "SELECT COUNT(*), \
             COALESCE(SUM(CASE WHEN finished_at <= promised_at THEN 1 ELSE 0 END), 0), \
             COALESCE(SUM(CASE WHEN solved = 1 THEN 1 ELSE 0 END), 0), \
             COALESCE(SUM(CASE WHEN solved IS NULL THEN 0 ELSE 1 END), 0) \
             FROM reports WHERE state = 'closed' AND closed_at >= $1 AND closed_at < $2",
        );
        const REOPENED: Sql = Sql::both(
            "SELECT COUNT(*) FROM report_events WHERE what IN ('not_solved', 'reopen') \
             AND at >= $1 AND at < $2",
        );
        let span = [from.into(), until.into()];
        let mut tx = self.db.snapshot().await?;
        let (signed,): (i64,) = tx.one(SIGNED, &span).await?;
        let (received,): (i64,) = tx.one(RECEIVED, &span).await?;
        let (accepted,): (i64,) = tx.one(ACCEPTED, &span).await?;
        let (closed, in_time, solved, judged): (i64, i64, i64, i64) = tx.one(CLOSED, &span).await?;
        let (reopened,): (i64,) = tx.one(REOPENED, &span).await?;
        Ok(PeriodCounts {
            signed: signed.unsigned_abs(),
            received: received.unsigned_abs(),
            accepted: accepted.unsigned_abs(),
            closed: closed.unsigned_abs(),
            in_time: in_time.unsigned_abs(),
            solved: solved.unsigned_abs(),
            rated: judged.unsigned_abs(),
            reopened: reopened.unsigned_abs(),
        })
    }
}

fn facts((state, category, grid, branch, unit): Names, times: Times) -> Option<ReportFacts> {
    let (
        submitted_at,
        accepted_at,
        finished_at,
        closed_at,
        promised_at,
        reopened,
        solved,
        satisfied,
    ) = times;
    Some(ReportFacts {
        state: State::parse(&state)?,
        category: Slug::parse(&category).ok()?,
        grid: grid.and_then(|grid| Slug::parse(&grid).ok()),
        branch: Slug::parse(&branch).ok()?,
        unit: Slug::parse(&unit).ok()?,
        submitted_at,
        accepted_at,
        finished_at,
        closed_at,
        promised_at,
        reopened: reopened.unsigned_abs(),
        solved: solved.map(|solved| solved != 0),
        satisfied,
    })
}

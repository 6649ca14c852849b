//! Figures about reports: what the statistics and the weekly page are made of.

use std::ops::Add;

use domain::{report::State, slug::Slug, staff::Staff, time::Millis};
use serde::{Deserialize, Serialize};

use super::scope::scope;
use crate::{
    base::Store,
    counts::{self, ReportFigures},
    error::StoreError,
    sql::{connection::Tx, query::Query, statement::Sql},
};

/// From when on, and until before when.
pub type Span = (Millis, Millis);

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as the weekly page calls them")]
pub struct PeriodCounts {
    /// Kept by the hour, not by the day.
    #[serde(skip)]
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

impl Add for PeriodCounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            signed: self.signed + other.signed,
            received: self.received + other.received,
            accepted: self.accepted + other.accepted,
            closed: self.closed + other.closed,
            in_time: self.in_time + other.in_time,
            solved: self.solved + other.solved,
            rated: self.rated + other.rated,
            reopened: self.reopened + other.reopened,
        }
    }
}

/// What the database has of [`ReportFacts`].
pub type FactColumns = (
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

impl ReportFacts {
    /// What can be read of these rows.
    pub fn of(rows: Vec<FactColumns>) -> Vec<Self> {
        let read = |row: FactColumns| {
            let (state, category, grid, branch, unit, submitted_at, accepted_at, ..) = &row;
            let (.., finished_at, closed_at, promised_at, reopened, solved, satisfied) = &row;
            Some(Self {
                state: State::parse(state)?,
                category: Slug::parse(category).ok()?,
                grid: grid.as_ref().and_then(|grid| Slug::parse(grid).ok()),
                branch: Slug::parse(branch).ok()?,
                unit: Slug::parse(unit).ok()?,
                submitted_at: *submitted_at,
                accepted_at: *accepted_at,
                finished_at: *finished_at,
                closed_at: *closed_at,
                promised_at: *promised_at,
                reopened: reopened.unsigned_abs(),
                solved: solved.map(|solved| solved != 0),
                satisfied: satisfied.clone(),
            })
        };
        rows.into_iter().filter_map(read).collect()
    }
}

/// Finds the facts of the reports that `staff` sees, or of all, and that came within a span; at most
/// `limit`.
pub fn facts_query(staff: Option<&Staff>, (from, until): Span, limit: Option<u32>) -> Query {
    let mut query = Query::new(
        "SELECT state, category, grid, branch, unit, submitted_at, accepted_at, finished_at, \
         closed_at, promised_at, reopened, solved, satisfied FROM reports",
    );
    query.push_each(Sql::each(" INDEXED BY reports_submitted", "")).push(" WHERE ");
    match staff {
        Some(staff) => scope(&mut query, staff),
        None => drop(query.push("1 = 1")),
    }
    query
        .push(" AND quarantine IS NULL AND submitted_at >= ")
        .bind(from)
        .push(" AND submitted_at < ")
        .bind(until);
    if let Some(limit) = limit {
        query.push(" LIMIT ").bind(i64::from(limit));
    }
    query
}

/// What happened within a span, in numbers, but for signatures.
pub async fn happened_in(tx: &mut Tx, (from, until): Span) -> Result<PeriodCounts, StoreError> {
    const RECEIVED: Sql = Sql::both(
        "SELECT COUNT(*) FROM reports \
         WHERE state <> 'withdrawn' AND quarantine IS NULL AND submitted_at >= $1 AND submitted_at < $2",
    );
    const ACCEPTED: Sql =
        Sql::both("SELECT COUNT(*) FROM reports WHERE accepted_at >= $1 AND accepted_at < $2");
    // Not by an index of states, which SQLite would rather take.
    const CLOSED: Sql = Sql::both(
        "SELECT COUNT(*), \
         COALESCE(SUM(CASE WHEN finished_at <= promised_at THEN 1 ELSE 0 END), 0), \
         COALESCE(SUM(CASE WHEN solved = 1 THEN 1 ELSE 0 END), 0), \
         COALESCE(SUM(CASE WHEN solved IS NULL THEN 0 ELSE 1 END), 0) \
         FROM reports WHERE state || '' = 'closed' AND closed_at >= $1 AND closed_at < $2",
    );
    const REOPENED: Sql = Sql::both(
        "SELECT (SELECT COUNT(*) FROM report_events WHERE what IN ('not_solved', 'reopen') \
         AND at >= $1 AND at < $2) + (SELECT COUNT(*) FROM report_events \
         WHERE what = 'revisit' AND detail = 'no' AND at >= $1 AND at < $2) + (SELECT COUNT(*) \
         FROM report_events WHERE what = 'supporters_not_solved' AND at >= $1 AND at < $2)",
    );
    let span = [from.into(), until.into()];
    let (received,): (i64,) = tx.one(RECEIVED, &span).await?;
    let (accepted,): (i64,) = tx.one(ACCEPTED, &span).await?;
    let (closed, in_time, solved, judged): (i64, i64, i64, i64) = tx.one(CLOSED, &span).await?;
    let (reopened,): (i64,) = tx.one(REOPENED, &span).await?;
    Ok(PeriodCounts {
        signed: 0,
        received: received.unsigned_abs(),
        accepted: accepted.unsigned_abs(),
        closed: closed.unsigned_abs(),
        in_time: in_time.unsigned_abs(),
        solved: solved.unsigned_abs(),
        rated: judged.unsigned_abs(),
        reopened: reopened.unsigned_abs(),
    })
}

impl Store {
    /// Reports by state and by branch.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn report_figures(&self) -> Result<ReportFigures, StoreError> {
        counts::report_figures(&self.db).await
    }

    /// What `staff` sees of the reports that came within a span; at most `most`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn facts(
        &self,
        staff: &Staff,
        span: Span,
        most: u32,
    ) -> Result<Vec<ReportFacts>, StoreError> {
        let query = facts_query(Some(staff), span, Some(most));
        Ok(ReportFacts::of(query.rows(&self.db).await?))
    }

    /// What happened within a span, in numbers, but for signatures.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn happened(&self, span: Span) -> Result<PeriodCounts, StoreError> {
        let mut tx = self.db.snapshot().await?;
        happened_in(&mut tx, span).await
    }

    /// Valid signatures of the hours that begin within a span.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn signed(&self, (from, until): Span) -> Result<u64, StoreError> {
        const SIGNED: Sql = Sql::both(
            "SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM counters \
             WHERE kind = 'signature-hour' AND CAST(slug AS BIGINT) >= $1 \
             AND CAST(slug AS BIGINT) < $2",
        );
        let hours = [from, until].map(|at| at.div_euclid(3_600_000).into());
        let rows: Vec<(i64,)> = self.db.all(SIGNED, &hours).await?;
        Ok(rows.first().map_or(0, |(n,)| n.unsigned_abs()))
    }
}

//! What was counted of each day, so that statistics of a million reports read some hundred rows.
//!
//! A day is listed before it begins. Every change of a report marks the days that it touches, in its
//! own transaction and after the ledger; a job counts marked days again. Only days that are counted
//! and were not touched since are read. On PostgreSQL a change that began before its day was listed
//! may miss it, so a day is counted some time after that only.

use domain::{report::Report, time::Millis};
use serde_json::json;

use super::statistics::{self, PeriodCounts, ReportFacts, Span};
use crate::{
    base::Store,
    error::StoreError,
    sql::{
        connection::{Tx, Value},
        query::Query,
        statement::{Sql, sql_over_items},
    },
};

/// The version of what is stored of a day; days of another one are counted again.
const FORMAT: i64 = 1;

/// Longer than a transaction may take, in milliseconds.
const LISTED_FOR: Millis = 15_000;

/// What is counted of the days within a span.
#[derive(Debug, Default)]
pub struct CountedDays {
    /// Which days, in their order.
    pub days: Vec<Span>,
    /// What happened on them.
    pub happened: PeriodCounts,
    /// What was stored of them for the scopes that are wanted.
    pub rows: Vec<String>,
}

/// Marks the days that a change of a report touches. Days are locked in their order, after the
/// ledger.
pub async fn mark_days(
    tx: &mut Tx,
    before: Option<&Report>,
    after: &Report,
    at: Millis,
) -> Result<(), StoreError> {
    const MARK: Sql = Sql::both(
        "UPDATE report_days SET format = 0 \
         WHERE from_at = (SELECT MAX(from_at) FROM report_days WHERE from_at <= $1) RETURNING until_at",
    );
    let of = |report: &Report| [Some(report.submitted_at), report.accepted_at, report.closed_at];
    let mut times: Vec<Millis> =
        [Some(after), before].into_iter().flatten().flat_map(of).flatten().chain([at]).collect();
    times.sort_unstable();
    let mut marked_until = Millis::MIN;
    for time in times {
        if time >= marked_until {
            let marked: Vec<(i64,)> = tx.all(MARK, &[time.into()]).await?;
            marked_until = marked.first().map_or(time, |(until,)| *until);
        }
    }
    Ok(())
}

impl Store {
    /// The end of the last day that is listed, or when the first report was filed; `None` if there is
    /// none.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn days_listed_until(&self) -> Result<Option<Millis>, StoreError> {
        const LISTED: Sql = Sql::both(
            "SELECT COALESCE((SELECT MAX(until_at) FROM report_days), \
             (SELECT MIN(submitted_at) FROM reports))",
        );
        let rows: Vec<(Option<i64>,)> = self.db.all(LISTED, &[]).await?;
        Ok(rows.first().and_then(|(until,)| *until))
    }

    /// Lists days, to be counted later.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn list_days(&self, days: &[Span], now: Millis) -> Result<(), StoreError> {
        const LIST: Sql = sql_over_items!(
            "INSERT INTO report_days (from_at, until_at, listed_at, format) \
             SELECT CAST(item.value->>'from' AS BIGINT), CAST(item.value->>'until' AS BIGINT), $2, 0 FROM",
            "WHERE true ON CONFLICT (from_at) DO NOTHING"
        );
        if days.is_empty() {
            return Ok(());
        }
        let items = days.iter().map(|(from, until)| json!({ "from": from, "until": until }));
        let mut tx = self.db.begin().await?;
        tx.run(LIST, &[Value::items(items), now.into()]).await?;
        tx.commit().await
    }

    /// The days that are to be counted, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn days_to_count(&self, now: Millis) -> Result<Vec<Span>, StoreError> {
        const MARKED: Sql = Sql::both(
            "SELECT from_at, until_at FROM report_days WHERE format <> $1 AND listed_at < $2 \
             AND from_at <= $3 ORDER BY from_at DESC LIMIT 1000",
        );
        let values = [FORMAT.into(), (now - LISTED_FOR).into(), now.into()];
        self.db.all(MARKED, &values).await
    }

    /// Counts a day, from `at` on: what happened, and what `rows` makes of its reports for each scope.
    /// Writers do not wait meanwhile; if one changes a report of that day, the day stays to be counted.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn count_day(
        &self,
        (from, until): Span,
        at: Millis,
        rows: impl FnOnce(&[ReportFacts]) -> Vec<(String, String)> + Send,
    ) -> Result<(), StoreError> {
        // Waits for changes that have marked the day and are not committed; those after it mark it
        // again.
        const BEGIN: Sql = Sql::both("UPDATE report_days SET format = $2 WHERE from_at = $1");
        const COUNTED: Sql = Sql::both(
            "UPDATE report_days SET format = $3, happened = $4 WHERE from_at = $1 AND format = $2",
        );
        const CLEAR: Sql = Sql::both("DELETE FROM report_day_stats WHERE from_at = $1");
        const ROWS: Sql = sql_over_items!(
            "INSERT INTO report_day_stats (from_at, scope, stats) \
             SELECT $2, item.value->>'scope', item.value->>'stats' FROM",
            "WHERE true"
        );
        // No format, and no other count has it.
        let counting = -at;
        let mut tx = self.db.begin().await?;
        tx.run(BEGIN, &[from.into(), counting.into()]).await?;
        tx.commit().await?;
        let mut tx = self.db.snapshot().await?;
        let facts = statistics::facts_query(None, (from, until), None);
        let facts = ReportFacts::of(facts.rows_in(&mut tx).await?);
        let happened = statistics::happened_in(&mut tx, (from, until)).await?;
        drop(tx);
        let happened = serde_json::to_string(&happened)
            .map_err(|error| StoreError::Refused(error.to_string()))?;
        let rows = rows(&facts);
        let items = rows.iter().map(|(scope, stats)| json!({ "scope": scope, "stats": stats }));
        let mut tx = self.db.begin().await?;
        let counted = [from.into(), counting.into(), FORMAT.into(), happened.into()];
        if tx.run(COUNTED, &counted).await? == 0 {
            return Ok(());
        }
        tx.run(CLEAR, &[from.into()]).await?;
        tx.run(ROWS, &[Value::items(items), from.into()]).await?;
        tx.commit().await
    }

    /// The days wholly within `span` that are counted, and what was stored of them for `scopes`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn day_stats(
        &self,
        scopes: &[String],
        (from, until): Span,
    ) -> Result<CountedDays, StoreError> {
        const DAYS: Sql = Sql::both(
            "SELECT from_at, until_at, happened FROM report_days \
             WHERE format = $1 AND from_at >= $2 AND until_at <= $3 ORDER BY from_at",
        );
        let mut tx = self.db.snapshot().await?;
        let days: Vec<(i64, i64, Option<String>)> =
            tx.all(DAYS, &[FORMAT.into(), from.into(), until.into()]).await?;
        let mut counted = CountedDays::default();
        for (from, until, happened) in days {
            let read = happened.and_then(|happened| serde_json::from_str(&happened).ok());
            let Some(happened) = read else { continue };
            counted.happened = counted.happened + happened;
            counted.days.push((from, until));
        }
        if !scopes.is_empty() {
            let mut query = Query::new(
                "SELECT report_day_stats.stats FROM report_days JOIN report_day_stats \
                 ON report_day_stats.from_at = report_days.from_at WHERE format = ",
            );
            query.bind(FORMAT).push(" AND report_days.from_at >= ").bind(from);
            query.push(" AND until_at <= ").bind(until).push(" AND scope IN ");
            query.bind_list(scopes.iter().map(String::as_str));
            let rows: Vec<(String,)> = query.rows_in(&mut tx).await?;
            counted.rows = rows.into_iter().map(|(stats,)| stats).collect();
        }
        Ok(counted)
    }
}

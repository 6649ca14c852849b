//! Bursts of reports from one network that wait for staff, and what is left of dismissed ones.

use domain::{
    report::{Code, Report},
    staff::Staff,
    time::Millis,
};

use super::{reports, scope::scope};
use crate::{
    base::Store,
    error::StoreError,
    sql::{query::Query, statement::Sql},
};

/// Quarantined reports of one burst.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burst {
    /// Keyed hash of network and day.
    pub id: String,
    /// How many reports.
    pub n: u64,
    /// Serial of the last one.
    pub last: u64,
    /// When the first was filed.
    pub from: Millis,
    /// When the last was filed.
    pub until: Millis,
    /// Whether the manager was asked.
    pub raised: bool,
}

impl Store {
    /// The bursts that `staff` sees, the oldest first; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn bursts(&self, staff: &Staff, limit: u16) -> Result<Vec<Burst>, StoreError> {
        let mut query = Query::new(
            "SELECT COALESCE(quarantine, ''), COUNT(*), MAX(serial), MIN(submitted_at), \
             MAX(submitted_at), MAX(level) FROM reports WHERE state = 'quarantined' AND ",
        );
        scope(&mut query, staff);
        query.push(" GROUP BY quarantine ORDER BY MIN(serial) LIMIT ").bind(i64::from(limit));
        let rows: Vec<(String, i64, i64, i64, i64, i64)> = query.rows(&self.db).await?;
        let burst = |(id, n, last, from, until, level): (String, i64, i64, i64, i64, i64)| Burst {
            id,
            n: n.unsigned_abs(),
            last: last.unsigned_abs(),
            from,
            until,
            raised: level > 0,
        };
        Ok(rows.into_iter().map(burst).collect())
    }

    /// The reports of a burst that `staff` sees, up to the serial `last`, oldest first; at most
    /// `limit`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn reports_of_burst(
        &self,
        staff: &Staff,
        burst: &str,
        last: u64,
        limit: u16,
    ) -> Result<Vec<Report>, StoreError> {
        let mut query = reports();
        query.push(" WHERE state = 'quarantined' AND quarantine = ").bind(burst).push(" AND ");
        scope(&mut query, staff);
        query.push(" AND serial <= ").bind(last);
        query.push(" ORDER BY serial LIMIT ").bind(i64::from(limit));
        query.find(&self.db).await
    }

    /// Reports that were dismissed before `before` and still have a sender, by code and serial: the
    /// first of those after the report of serial `after`; at most 100.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn dismissed_before(
        &self,
        before: Millis,
        after: u64,
    ) -> Result<Vec<(Code, u64)>, StoreError> {
        const OLD: Sql = Sql::both(
            "SELECT code, serial FROM reports WHERE state = 'dismissed' AND closed_at < $1 \
             AND visitor IS NOT NULL AND serial > $2 ORDER BY serial LIMIT 100",
        );
        let rows: Vec<(String, i64)> = self.db.all(OLD, &[before.into(), after.into()]).await?;
        let row =
            |(code, serial): &(String, i64)| Some((Code::parse(code).ok()?, serial.unsigned_abs()));
        Ok(rows.iter().filter_map(row).collect())
    }
}

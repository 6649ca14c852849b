//! Notices that have to reach someone outside, with retries.

use domain::{report::Report, time::Millis};

use super::reports;
use crate::{
    base::Store,
    error::StoreError,
    sql::{connection::Value, statement::Sql},
};

/// A notice that waits to be sent.
#[derive(Clone, Debug)]
pub struct PendingNotice {
    /// Its name.
    pub id: String,
    /// What it is about: `new`, `overdue`, `reopened`.
    pub kind: String,
    /// How often it was tried.
    pub attempts: u32,
    /// The report as it is now.
    pub report: Report,
}

impl Store {
    /// Notices whose time has come, the oldest first; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn pending_notices(
        &self,
        now: Millis,
        limit: u16,
    ) -> Result<Vec<PendingNotice>, StoreError> {
        const DUE: Sql = Sql::both(
            "SELECT id, kind, serial, attempts FROM outbox \
             WHERE next_at IS NOT NULL AND next_at <= $1 ORDER BY next_at, id LIMIT $2",
        );
        let rows: Vec<(String, String, i64, i64)> =
            self.db.all(DUE, &[now.into(), i64::from(limit).into()]).await?;
        let mut query = reports();
        let serials = rows.iter().map(|(_, _, serial, _)| Value::from(serial.unsigned_abs()));
        query.push(" WHERE serial IN ").bind_list(serials);
        let found: Vec<Report> = query.find(&self.db).await?;
        let pending = rows.into_iter().filter_map(|(id, kind, serial, attempts)| {
            let report = found.iter().find(|r| r.serial == serial.unsigned_abs())?.clone();
            Some(PendingNotice {
                id,
                kind,
                attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
                report,
            })
        });
        Ok(pending.collect())
    }

    /// Notes that a notice was sent, or given up.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn notice_done(&self, id: &str, at: Millis) -> Result<(), StoreError> {
        const DONE: Sql = Sql::both("UPDATE outbox SET next_at = NULL, done_at = $1 WHERE id = $2");
        let mut tx = self.db.begin().await?;
        tx.run(DONE, &[at.into(), id.into()]).await?;
        tx.commit().await
    }

    /// Notes that a notice did not arrive, and when to try again; `None` gives up.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn notice_failed(&self, id: &str, again: Option<Millis>) -> Result<(), StoreError> {
        const FAILED: Sql = Sql::both(
            "UPDATE outbox SET attempts = attempts + 1, \
             next_at = CASE WHEN $1 > 0 THEN $1 END WHERE id = $2",
        );
        let mut tx = self.db.begin().await?;
        tx.run(FAILED, &[again.unwrap_or_default().into(), id.into()]).await?;
        tx.commit().await
    }
}

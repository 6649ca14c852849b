//! What is taken out of the database: by itself after a while, or because it is someone's
//! who wants it gone.

use super::{
    Store, StoreError,
    db::{Pools, Sql, Tx},
    reports::serial_value,
};
use crate::domain::{
    report::{Code, Millis},
    visitor::VisitorId,
};

/// The photos of a report that was taken back: nobody's, and to be swept away.
pub async fn photos(tx: &mut Tx, serial: u64) -> Result<(), StoreError> {
    const FORGET: Sql = Sql::both(
        "UPDATE photos SET serial = NULL, visitor = NULL, public = 0, at = 0 WHERE serial = $1",
    );
    tx.run(FORGET, &[serial_value(serial)]).await.map(drop)
}

/// Those that its reporter sent.
pub async fn photos_of_reporter(tx: &mut Tx, serial: u64) -> Result<(), StoreError> {
    const FORGET: Sql = Sql::both(
        "UPDATE photos SET serial = NULL, visitor = NULL, public = 0, at = 0 \
         WHERE serial = $1 AND role = 'before'",
    );
    tx.run(FORGET, &[serial_value(serial)]).await.map(drop)
}

/// What the reporter wrote, and what staff wrote about it: a withdrawal leaves none of it.
pub async fn words(tx: &mut Tx, serial: u64) -> Result<(), StoreError> {
    const FORGET: Sql = Sql::both("UPDATE report_events SET sealed = NULL WHERE serial = $1");
    tx.run(FORGET, &[serial_value(serial)]).await.map(drop)
}

/// What the reporter wrote.
pub async fn words_of_reporter(tx: &mut Tx, serial: u64) -> Result<(), StoreError> {
    const FORGET: Sql =
        Sql::both("UPDATE report_events SET sealed = NULL WHERE serial = $1 AND staff IS NULL");
    tx.run(FORGET, &[serial_value(serial)]).await.map(drop)
}

impl Store {
    /// Reports that ended before `before` and have a contact or position still; at most
    /// `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn to_erase(&self, before: Millis, limit: u16) -> Result<Vec<Code>, StoreError> {
        // The words of the index. What was not closed ended with what happened last.
        const OVER: Sql = Sql::both(
            "SELECT code FROM reports WHERE erased_at IS NULL \
             AND state IN ('closed', 'rejected', 'duplicate', 'referred', 'withdrawn') \
             AND COALESCE(closed_at, (SELECT MAX(at) FROM report_events \
                 WHERE report_events.serial = reports.serial)) < $1 ORDER BY serial LIMIT $2",
        );
        let rows: Vec<(String,)> =
            self.db.all(OVER, &[before.into(), i64::from(limit).into()]).await?;
        Ok(rows.iter().filter_map(|(code,)| Code::parse(code).ok()).collect())
    }

    /// Takes out what is left of a visitor beside signature and reports. That they have met
    /// the same as others stays counted, as `nobody`'s.
    ///
    /// # Errors
    /// [`StoreError`] when it is not known to be done.
    pub async fn forget_visitor(
        &self,
        visitor: &VisitorId,
        nobody: &VisitorId,
    ) -> Result<(), StoreError> {
        const SUPPORTS: Sql = Sql::both("UPDATE supports SET visitor = $2 WHERE visitor = $1");
        const REST: [Sql; 4] = [
            Sql::both("DELETE FROM objections WHERE visitor = $1"),
            Sql::both("DELETE FROM recoveries WHERE visitor = $1"),
            Sql::both("DELETE FROM wechat_identities WHERE visitor = $1"),
            Sql::both(
                "UPDATE photos SET visitor = NULL, at = 0 WHERE serial IS NULL AND visitor = $1",
            ),
        ];
        let mut tx = self.db.begin().await?;
        tx.run(SUPPORTS, &[visitor.as_str().into(), nobody.as_str().into()]).await?;
        for step in REST {
            tx.run(step, &[visitor.as_str().into()]).await?;
        }
        tx.commit().await
    }

    /// Since when someone has a phrase, and since when a WeChat account is theirs.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn links_of(
        &self,
        visitor: &VisitorId,
    ) -> Result<(Option<Millis>, Option<Millis>), StoreError> {
        const LINKS: Sql = Sql::both(
            "SELECT (SELECT made_at FROM recoveries WHERE visitor = $1), \
             (SELECT MIN(linked_at) FROM wechat_identities WHERE visitor = $1)",
        );
        let rows: Vec<(Option<i64>, Option<i64>)> =
            self.db.all(LINKS, &[visitor.as_str().into()]).await?;
        Ok(rows.first().copied().unwrap_or_default())
    }

    /// Leaves nothing of what was erased in SQLite's log. PostgreSQL does so by itself, in
    /// its own time.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn empty_log(&self) -> Result<(), StoreError> {
        if let Pools::Sqlite { write, .. } = &self.db.pools {
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(write).await?;
        }
        Ok(())
    }
}

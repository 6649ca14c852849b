//! What is taken out of the database: by itself after a while, or because it is someone's
//! who wants it gone.

use domain::{
    report::{CaseNumber, Code},
    signature::Ordinal,
    time::Millis,
    visitor::VisitorId,
};

use crate::{
    base::Store,
    error::StoreError,
    message::opened_reason,
    sql::{
        connection::{Tx, Value},
        statement::Sql,
    },
};

/// The photos of a report that was taken back: nobody's, and to be swept away.
pub async fn photos(tx: &mut Tx, serial: u64) -> Result<(), StoreError> {
    const FORGET: Sql = Sql::both(
        "UPDATE photos SET serial = NULL, visitor = NULL, public = 0, at = 0 WHERE serial = $1",
    );
    tx.run(FORGET, &[Value::from(serial)]).await.map(drop)
}

/// Those that its reporter sent: they came with something that nobody of the staff did.
pub async fn photos_of_reporter(tx: &mut Tx, serial: u64) -> Result<(), StoreError> {
    const FORGET: Sql = Sql::both(
        "UPDATE photos SET serial = NULL, visitor = NULL, public = 0, at = 0 \
         WHERE serial = $1 AND role = 'before' AND at IN (SELECT at FROM report_events \
             WHERE report_events.serial = $1 AND staff IS NULL)",
    );
    tx.run(FORGET, &[Value::from(serial)]).await.map(drop)
}

/// What the reporter wrote, and what staff wrote about it: a withdrawal leaves none of it.
pub async fn words(tx: &mut Tx, serial: u64) -> Result<(), StoreError> {
    const FORGET: Sql = Sql::both("UPDATE report_events SET sealed = NULL WHERE serial = $1");
    tx.run(FORGET, &[Value::from(serial)]).await.map(drop)
}

/// What the reporter wrote.
pub async fn words_of_reporter(tx: &mut Tx, serial: u64) -> Result<(), StoreError> {
    const FORGET: Sql =
        Sql::both("UPDATE report_events SET sealed = NULL WHERE serial = $1 AND staff IS NULL");
    tx.run(FORGET, &[Value::from(serial)]).await.map(drop)
}

impl Store {
    /// Reports that ended before `before` and have a contact or position still, by code and
    /// serial: the first of those after the report of serial `after`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn to_erase(
        &self,
        before: Millis,
        after: u64,
    ) -> Result<Vec<(Code, u64)>, StoreError> {
        // The words of the index. What was not closed ended with what brought it into its
        // state; what was said afterwards does not put that off.
        const OVER: Sql = Sql::both(
            "SELECT code, serial FROM reports WHERE erased_at IS NULL \
             AND state IN ('closed', 'rejected', 'duplicate', 'referred', 'withdrawn') \
             AND COALESCE(closed_at, (SELECT MIN(at) FROM report_events AS ended \
                 WHERE ended.serial = reports.serial AND ended.version > COALESCE( \
                     (SELECT MAX(other.version) FROM report_events AS other \
                      WHERE other.serial = reports.serial AND other.state <> reports.state), 0) \
                 )) < $1 AND serial > $2 ORDER BY serial LIMIT 100",
        );
        let rows: Vec<(String, i64)> =
            self.db.all(OVER, &[before.into(), Value::from(after)]).await?;
        let row =
            |(code, serial): &(String, i64)| Some((Code::parse(code).ok()?, serial.unsigned_abs()));
        Ok(rows.iter().filter_map(row).collect())
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

    /// What a visitor objects to, and why, by the ordinal of the 寄语.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn objections_of(
        &self,
        visitor: &VisitorId,
    ) -> Result<Vec<(Ordinal, String)>, StoreError> {
        const THEIRS: Sql =
            Sql::both("SELECT ordinal, reason FROM objections WHERE visitor = $1 ORDER BY ordinal");
        let rows: Vec<(i64, String)> = self.db.all(THEIRS, &[visitor.as_str().into()]).await?;
        let open = |(ordinal, reason): (i64, String)| {
            let ordinal = ordinal.unsigned_abs();
            (ordinal, opened_reason(&self.db.seal, ordinal, visitor.as_str(), &reason))
        };
        Ok(rows.into_iter().map(open).collect())
    }

    /// The numbers of all reports that a visitor has met the same as, newest support first.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn numbers_supported_by(
        &self,
        visitor: &VisitorId,
    ) -> Result<Vec<CaseNumber>, StoreError> {
        const NUMBERS: Sql = Sql::both(
            "SELECT reports.year, reports.serial FROM reports JOIN supports \
             ON supports.serial = reports.serial WHERE supports.visitor = $1 \
             ORDER BY supports.at DESC",
        );
        let rows: Vec<(i64, i64)> = self.db.all(NUMBERS, &[visitor.as_str().into()]).await?;
        let number = |(year, serial): (i64, i64)| CaseNumber {
            year: i16::try_from(year).unwrap_or_default(),
            serial: serial.unsigned_abs(),
        };
        Ok(rows.into_iter().map(number).collect())
    }

    /// Takes everything that is sealed out of a report that does not open, and whose it was.
    ///
    /// # Errors
    /// [`StoreError`] when it is not known to be done.
    pub async fn strip(&self, serial: u64, at: Millis) -> Result<(), StoreError> {
        const STRIP: Sql = Sql::both(
            "UPDATE reports SET sealed = NULL, visitor = NULL, form_key = NULL, \
             erased_at = COALESCE(erased_at, $2), version = version + 1 WHERE serial = $1",
        );
        let mut tx = self.db.begin().await?;
        tx.run(STRIP, &[Value::from(serial), at.into()]).await?;
        words(&mut tx, serial).await?;
        photos_of_reporter(&mut tx, serial).await?;
        tx.commit().await
    }

    /// Leaves nothing of what was erased in SQLite's log; `false` where someone reads or
    /// writes just then.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn empty_log(&self) -> Result<bool, StoreError> {
        self.db.empty_log().await
    }
}

//! Erasure of personal data: after the retention period, or on request of the visitor.

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
    report::numbers,
    sql::{
        connection::{Tx, Value},
        statement::Sql,
    },
};

/// Detaches all photos of a withdrawn report; the sweep job deletes the files.
pub async fn photos(tx: &mut Tx, serial: u64) -> Result<(), StoreError> {
    const FORGET: Sql = Sql::both(
        "UPDATE photos SET serial = NULL, visitor = NULL, public = 0, at = 0 WHERE serial = $1",
    );
    tx.run(FORGET, &[Value::from(serial)]).await.map(drop)
}

/// Detaches the reporter's photos: before photos that came with an event not caused by staff.
pub async fn photos_of_reporter(tx: &mut Tx, serial: u64) -> Result<(), StoreError> {
    const FORGET: Sql = Sql::both(
        "UPDATE photos SET serial = NULL, visitor = NULL, public = 0, at = 0 \
         WHERE serial = $1 AND role = 'before' AND at IN (SELECT at FROM report_events \
             WHERE report_events.serial = $1 AND staff IS NULL)",
    );
    tx.run(FORGET, &[Value::from(serial)]).await.map(drop)
}

/// Clears the texts of all events of a report, of the reporter and of staff.
pub async fn words(tx: &mut Tx, serial: u64) -> Result<(), StoreError> {
    const FORGET: Sql = Sql::both("UPDATE report_events SET sealed = NULL WHERE serial = $1");
    tx.run(FORGET, &[Value::from(serial)]).await.map(drop)
}

/// Clears the texts of the reporter's events.
pub async fn words_of_reporter(tx: &mut Tx, serial: u64) -> Result<(), StoreError> {
    const FORGET: Sql =
        Sql::both("UPDATE report_events SET sealed = NULL WHERE serial = $1 AND staff IS NULL");
    tx.run(FORGET, &[Value::from(serial)]).await.map(drop)
}

impl Store {
    /// Notes that everything of a visitor is to be erased, before it is begun.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn begin_erasure(&self, visitor: &VisitorId, at: Millis) -> Result<(), StoreError> {
        const BEGIN: Sql = Sql::both(
            "INSERT INTO erasures (visitor, at) VALUES ($1, $2) ON CONFLICT (visitor) DO NOTHING",
        );
        let mut tx = self.db.begin().await?;
        tx.run(BEGIN, &[visitor.as_str().into(), at.into()]).await?;
        tx.commit().await
    }

    /// Visitors of whom not everything is erased yet, the longest waiting first; at most 20.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn unfinished_erasures(&self) -> Result<Vec<VisitorId>, StoreError> {
        const WAITING: Sql = Sql::both("SELECT visitor FROM erasures ORDER BY at LIMIT 20");
        let rows: Vec<(String,)> = self.db.all(WAITING, &[]).await?;
        Ok(rows.iter().filter_map(|(visitor,)| VisitorId::parse(visitor)).collect())
    }

    /// Notes that everything of a visitor is erased.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn end_erasure(&self, visitor: &VisitorId) -> Result<(), StoreError> {
        const END: Sql = Sql::both("DELETE FROM erasures WHERE visitor = $1");
        let mut tx = self.db.begin().await?;
        tx.run(END, &[visitor.as_str().into()]).await?;
        tx.commit().await
    }

    /// Reports that ended before `before` and have a contact or position still, by code and
    /// serial: the first of those after the report of serial `after`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn to_erase(
        &self,
        before: Millis,
        after: u64,
    ) -> Result<Vec<(Code, u64)>, StoreError> {
        // As in the condition of the index. A report that was not closed ended with the first event
        // of its last state; later notes do not extend the period.
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

    /// Deletes the rest of a visitor's data, beside signatures and reports. Their supports stay
    /// counted, under the new visitor id `nobody`.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn forget_visitor(
        &self,
        visitor: &VisitorId,
        nobody: &VisitorId,
    ) -> Result<(), StoreError> {
        const SUPPORTS: Sql =
            Sql::both("UPDATE supports SET visitor = $2, unsolved_from = NULL WHERE visitor = $1");
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
    /// [`StoreError`] if the database cannot be reached.
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
    /// [`StoreError`] if the database cannot be reached.
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
    /// [`StoreError`] if the database cannot be reached.
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

    /// Erases a report that cannot be decrypted: its encrypted fields and its visitor.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn erase_undecryptable(&self, serial: u64, at: Millis) -> Result<(), StoreError> {
        const STRIP: Sql = Sql::both(
            "UPDATE reports SET sealed = NULL, visitor = NULL, form_key = NULL, \
             erased_at = COALESCE(erased_at, $2), version = version + 1 WHERE serial = $1",
        );
        let mut tx = self.db.begin().await?;
        tx.run(STRIP, &[Value::from(serial), at.into()]).await?;
        numbers::forget(&mut tx, serial).await?;
        words(&mut tx, serial).await?;
        photos_of_reporter(&mut tx, serial).await?;
        tx.commit().await
    }

    /// Truncates the write-ahead log of SQLite, which still contains erased data; `false` if it is
    /// in use.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn truncate_wal(&self) -> Result<bool, StoreError> {
        self.db.empty_log().await
    }
}

//! Recovery phrases, and merging two visitors that are the same person.

use domain::{time::Millis, visitor::VisitorId};

use crate::{
    base::Store,
    counts::write::CountWrite,
    error::StoreError,
    message, signature,
    sql::{connection::Tx, statement::Sql},
};

/// How long the same browser may use a phrase again.
const REUSE_WINDOW: Millis = 15 * 60_000;

impl Store {
    /// Stores the keyed hash of a visitor's recovery phrase; an earlier phrase becomes void.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn keep_phrase(
        &self,
        visitor: &VisitorId,
        phrase: &str,
        at: Millis,
    ) -> Result<(), StoreError> {
        const KEEP: Sql = Sql::both(
            "INSERT INTO recoveries (visitor, phrase, made_at) VALUES ($1, $2, $3) \
             ON CONFLICT (visitor) DO UPDATE SET phrase = excluded.phrase, \
             made_at = excluded.made_at, used_by = NULL, used_at = NULL",
        );
        let mut tx = self.db.begin().await?;
        tx.run(KEEP, &[visitor.as_str().into(), phrase.into(), at.into()]).await?;
        tx.commit().await
    }

    /// Redeems a phrase: merges `visitor` into the visitor of the phrase, and returns that one.
    /// `None` if the phrase is unknown or used. The same browser may repeat it for
    /// `REUSE_WINDOW`, in case the response was lost.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown; then the phrase is good still.
    pub async fn use_phrase(
        &self,
        phrase: &str,
        visitor: &VisitorId,
        now: Millis,
    ) -> Result<Option<VisitorId>, StoreError> {
        const WHOSE: Sql = Sql::both("SELECT visitor FROM recoveries WHERE phrase = $1");
        const USE: Sql = Sql::both(
            "UPDATE recoveries SET used_by = $2, used_at = COALESCE(used_at, $3) \
             WHERE phrase = $1 AND (used_by IS NULL OR (used_by = $2 AND used_at > $4)) \
             RETURNING visitor",
        );
        // Checked without a transaction, so that wrong guesses do not wait for locks.
        let whose: Vec<(String,)> = self.db.all(WHOSE, &[phrase.into()]).await?;
        let Some((whose,)) = whose.first() else { return Ok(None) };
        let mut tx = self.db.begin().await?;
        let whose = VisitorId::parse(whose)
            .ok_or_else(|| StoreError::Setup("a stored visitor id is malformed".into()))?;
        lock_reports(&mut tx, visitor, &whose).await?;
        let mut write = CountWrite::begin(tx, now).await?;
        let values =
            [phrase.into(), visitor.as_str().into(), now.into(), (now - REUSE_WINDOW).into()];
        let found: Vec<(String,)> = write.tx.all(USE, &values).await?;
        let Some(known) = found.first().and_then(|(id,)| VisitorId::parse(id)) else {
            return Ok(None);
        };
        merge_visitors(&mut write, visitor, &known, now).await?;
        write.commit(&self.publisher).await?;
        Ok(Some(known))
    }
}

/// Locks the reports that [`merge_visitors`] will change, by rising serial.
pub(crate) async fn lock_reports(
    tx: &mut Tx,
    from: &VisitorId,
    into: &VisitorId,
) -> Result<(), StoreError> {
    const LOCK: Sql = Sql::each(
        "SELECT serial FROM reports WHERE visitor = $1 ORDER BY serial",
        "SELECT serial FROM reports WHERE visitor = $1 OR serial IN \
         (SELECT serial FROM supports WHERE visitor IN ($1, $2)) ORDER BY serial FOR UPDATE",
    );
    let _: Vec<(i64,)> = tx.all(LOCK, &[from.as_str().into(), into.as_str().into()]).await?;
    Ok(())
}

/// Merges the visitor `from` into `into`. If both have signed, the valid signature stays, or else
/// the earlier one.
pub(crate) async fn merge_visitors(
    write: &mut CountWrite,
    from: &VisitorId,
    into: &VisitorId,
    now: Millis,
) -> Result<(), StoreError> {
    const SIGNED: Sql = Sql::both(
        "SELECT visitor FROM signatures WHERE visitor IN ($1, $2) \
         AND state IN ('valid', 'suspect') ORDER BY state DESC, ordinal",
    );
    const TWICE: Sql = Sql::both(
        "UPDATE reports SET supporters = supporters - 1 WHERE serial IN \
         (SELECT a.serial FROM supports a JOIN supports b ON b.serial = a.serial \
          WHERE a.visitor = $1 AND a.quarantine IS NULL AND b.visitor = $2 AND b.quarantine IS NULL)",
    );
    const COUNTED: Sql = Sql::both(
        "UPDATE supports SET quarantine = NULL WHERE visitor = $2 AND serial IN \
         (SELECT serial FROM supports WHERE visitor = $1 AND quarantine IS NULL)",
    );
    const ONCE: Sql = Sql::both(
        "DELETE FROM supports WHERE visitor = $1 AND serial IN \
         (SELECT serial FROM supports WHERE visitor = $2)",
    );
    const TRANSFER: [Sql; 8] = [
        Sql::both(
            "UPDATE signatures SET visitor = $2 WHERE visitor = $1 \
             AND state IN ('valid', 'suspect')",
        ),
        Sql::both("UPDATE signatures SET visitor = $2 WHERE visitor = $1 AND state = 'invalid'"),
        Sql::both("UPDATE reports SET visitor = $2 WHERE visitor = $1"),
        Sql::both("UPDATE supports SET visitor = $2 WHERE visitor = $1"),
        Sql::both("UPDATE photos SET visitor = $2 WHERE serial IS NULL AND visitor = $1"),
        Sql::both("UPDATE wechat_identities SET visitor = $2 WHERE visitor = $1"),
        Sql::both(
            "UPDATE recoveries SET visitor = $2 WHERE visitor = $1 \
             AND NOT EXISTS (SELECT 1 FROM recoveries WHERE visitor = $2)",
        ),
        // A phrase of `from` must not restore a visitor that no longer has anything.
        Sql::both("DELETE FROM recoveries WHERE visitor = $1 AND visitor <> $2"),
    ];
    if from == into {
        return Ok(());
    }
    let CountWrite { tx, deltas, .. } = write;
    let both = [from.as_str().into(), into.as_str().into()];
    let signed: Vec<(String,)> = tx.all(SIGNED, &both).await?;
    if let [_, (later,)] = signed.as_slice()
        && let Some(later) = VisitorId::parse(later)
    {
        signature::write::withdraw(tx, &[&later], now, deltas).await?;
    }
    for step in [TWICE, COUNTED, ONCE].into_iter().chain(TRANSFER) {
        tx.run(step, &both).await?;
    }
    message::transfer_objections(tx, from, into).await
}

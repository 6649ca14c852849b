//! Giving a visitor back, and making one of two visitors that turn out to be one person.

use domain::{time::Millis, visitor::VisitorId};

use crate::{
    base::Store,
    counts::write::CountWrite,
    error::StoreError,
    message, signature,
    sql::{connection::Tx, statement::Sql},
};

/// How long whoever used a phrase may use it again.
const AGAIN: Millis = 15 * 60_000;

impl Store {
    /// Keeps what stands for the phrase of a visitor; an earlier phrase is void.
    ///
    /// # Errors
    /// [`StoreError`] when it is not known to be kept.
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

    /// Uses up a phrase: whose it was, who is from now on `visitor`, too. `None` when there
    /// is no such phrase. The same visitor may use it again for a while: the answer may
    /// have got lost.
    ///
    /// # Errors
    /// [`StoreError`] when it is not known to be done; then the phrase is good still.
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
        // A guess that is wrong waits for nobody.
        let whose: Vec<(String,)> = self.db.all(WHOSE, &[phrase.into()]).await?;
        let Some((whose,)) = whose.first() else { return Ok(None) };
        let mut tx = self.db.begin().await?;
        let whose = VisitorId::parse(whose).ok_or_else(|| StoreError::Setup("a visitor".into()))?;
        lock_reports(&mut tx, visitor, &whose).await?;
        let mut write = CountWrite::begin(tx, now).await?;
        let values = [phrase.into(), visitor.as_str().into(), now.into(), (now - AGAIN).into()];
        let found: Vec<(String,)> = write.tx.all(USE, &values).await?;
        let Some(known) = found.first().and_then(|(id,)| VisitorId::parse(id)) else {
            return Ok(None);
        };
        join(&mut write, visitor, &known, now).await?;
        write.commit(&self.publisher).await?;
        Ok(Some(known))
    }
}

/// Takes the reports that [`join`] will change, in the order of all who do.
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

/// Makes all that is `from`'s that of `into`. Where both have signed, the earlier signature
/// stays; one that counts rather than one that does not.
pub(crate) async fn join(
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
          WHERE a.visitor = $1 AND b.visitor = $2)",
    );
    const ONCE: Sql = Sql::both(
        "DELETE FROM supports WHERE visitor = $1 AND serial IN \
         (SELECT serial FROM supports WHERE visitor = $2)",
    );
    const GIVE: [Sql; 8] = [
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
        // Else it would one day give back someone who has nothing.
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
    for step in [TWICE, ONCE].into_iter().chain(GIVE) {
        tx.run(step, &both).await?;
    }
    message::give_objections(tx, from, into).await
}

//! Giving a visitor back, and making one of two visitors that turn out to be one person.

use super::{
    Store, StoreError,
    counts::{self, Deltas},
    db::{Sql, Tx},
    signatures,
};
use crate::domain::{report::Millis, visitor::VisitorId};

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
             ON CONFLICT (visitor) DO UPDATE SET phrase = excluded.phrase, made_at = excluded.made_at",
        );
        let mut tx = self.db.begin().await?;
        tx.run(KEEP, &[visitor.as_str().into(), phrase.into(), at.into()]).await?;
        tx.commit().await
    }

    /// Uses up a phrase: whose it was, who is from now on `visitor`, too. `None` when there
    /// is no such phrase.
    ///
    /// # Errors
    /// [`StoreError`] when it is not known to be done; then the phrase is good still.
    pub async fn use_phrase(
        &self,
        phrase: &str,
        visitor: &VisitorId,
        now: Millis,
    ) -> Result<Option<VisitorId>, StoreError> {
        const USE: Sql = Sql::both("DELETE FROM recoveries WHERE phrase = $1 RETURNING visitor");
        let mut tx = self.db.begin().await?;
        // The ledger comes first, as for all who change signatures.
        let taken = counts::take_ledger(&mut tx, now).await?;
        let found: Vec<(String,)> = tx.all(USE, &[phrase.into()]).await?;
        let Some(known) = found.first().and_then(|(id,)| VisitorId::parse(id)) else {
            return Ok(None);
        };
        let mut deltas = Deltas::default();
        join(&mut tx, visitor, &known, now, &mut deltas).await?;
        deltas.apply(&mut tx).await?;
        self.commit_counts(tx, taken).await?;
        Ok(Some(known))
    }
}

/// Makes all that is `from`'s that of `into`. Where both have signed, the earlier signature
/// stays.
async fn join(
    tx: &mut Tx,
    from: &VisitorId,
    into: &VisitorId,
    now: Millis,
    deltas: &mut Deltas,
) -> Result<(), StoreError> {
    const SIGNED: Sql = Sql::both(
        "SELECT visitor FROM signatures WHERE visitor IN ($1, $2) \
         AND state IN ('valid', 'suspect') ORDER BY ordinal",
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
    const GIVE: [Sql; 4] = [
        Sql::both(
            "UPDATE signatures SET visitor = $2 WHERE visitor = $1 \
             AND state IN ('valid', 'suspect')",
        ),
        Sql::both("UPDATE reports SET visitor = $2 WHERE visitor = $1"),
        Sql::both("UPDATE supports SET visitor = $2 WHERE visitor = $1"),
        Sql::both("UPDATE photos SET visitor = $2 WHERE visitor = $1"),
    ];
    if from == into {
        return Ok(());
    }
    let both = [from.as_str().into(), into.as_str().into()];
    let signed: Vec<(String,)> = tx.all(SIGNED, &both).await?;
    if let [_, (later,)] = signed.as_slice()
        && let Some(later) = VisitorId::parse(later)
    {
        signatures::withdraw(tx, &[&later], now, deltas).await?;
    }
    for step in [TWICE, ONCE].into_iter().chain(GIVE) {
        tx.run(step, &both).await?;
    }
    Ok(())
}

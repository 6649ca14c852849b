//! What the store is asked about signatures: to sign, to withdraw, whose there are.

use domain::{signature::Signature, slug::Slug, visitor::VisitorId};

use super::row::{
    RuleHit, SignOutcome, SignRequest, SignatureRow, opened_message, opened_name, pledges_of,
};
use crate::{
    base::Store,
    encryption::cipher::openable,
    error::StoreError,
    sql::{connection::Db, statement::Sql},
};

/// A signature as its owner sees it.
type Columns = (i64, String, Option<String>, String, Option<String>, i64, bool);

fn signature(
    db: &Db,
    (ordinal, name, grid, pledges, message, signed_at, awaits_proof): Columns,
) -> Result<Signature, StoreError> {
    let ordinal = ordinal.unsigned_abs();
    let message = message.map(|sealed| opened_message(&db.seal, ordinal, &sealed));
    Ok(Signature {
        ordinal,
        name: opened_name(&db.seal, ordinal, &name)?,
        grid: grid.and_then(|slug| Slug::parse(&slug).ok()),
        pledges: pledges_of(&pledges),
        message: message.transpose()?,
        signed_at,
        awaits_proof,
    })
}

impl Store {
    /// Stores a signature, unless its visitor has a live one already.
    ///
    /// # Errors
    /// [`StoreError`]; whether it was stored is then unknown, and trying again is
    /// harmless.
    pub async fn sign(&self, row: SignRequest) -> Result<SignOutcome, StoreError> {
        self.writer.sign(row).await
    }

    /// Withdraws the visitor's live and dismissed signatures; `false` when there is none.
    ///
    /// # Errors
    /// [`StoreError`], as for [`Store::sign`].
    pub async fn withdraw(&self, visitor: VisitorId) -> Result<bool, StoreError> {
        self.writer.withdraw(visitor).await
    }

    /// Counts the visitor's signature, if it is suspect only for the want of a proof, and this one was
    /// not used before; else `false`.
    ///
    /// # Errors
    /// [`StoreError`], as for [`Store::sign`].
    pub async fn prove(&self, visitor: VisitorId, proof: RuleHit) -> Result<bool, StoreError> {
        self.writer.prove(visitor, proof).await
    }

    /// The visitor's live signature.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn signature_of(&self, visitor: &VisitorId) -> Result<Option<Signature>, StoreError> {
        const LIVE: Sql = Sql::both(
            "SELECT ordinal, name, grid, pledges, message, signed_at, \
                 state = 'suspect' AND COALESCE(rule, '') = 'no-proof' FROM signatures \
             WHERE visitor = $1 AND state IN ('valid', 'suspect')",
        );
        let rows: Vec<Columns> = self.db.all(LIVE, &[visitor.as_str().into()]).await?;
        rows.into_iter().next().map(|row| signature(&self.db, row)).transpose()
    }

    /// Whether the visitor has a signature that can be withdrawn, also one that does not count.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn has_signature(&self, visitor: &VisitorId) -> Result<bool, StoreError> {
        const THEIRS: Sql = Sql::both(
            "SELECT ordinal FROM signatures WHERE visitor = $1 AND state IN ('valid', 'suspect') \
             UNION ALL SELECT ordinal FROM signatures WHERE visitor = $1 AND state = 'invalid'",
        );
        let rows: Vec<(i64,)> = self.db.all(THEIRS, &[visitor.as_str().into()]).await?;
        Ok(!rows.is_empty())
    }

    /// All that a visitor has signed, also what does not count.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn signatures_of(&self, visitor: &VisitorId) -> Result<Vec<Signature>, StoreError> {
        const THEIRS: Sql = Sql::both(
            "SELECT ordinal, name, grid, pledges, message, signed_at, \
                 state = 'suspect' AND COALESCE(rule, '') = 'no-proof' FROM signatures \
             WHERE visitor = $1 AND state IN ('valid', 'suspect') UNION ALL \
             SELECT ordinal, name, grid, pledges, message, signed_at, FALSE FROM signatures \
             WHERE visitor = $1 AND state = 'invalid'",
        );
        let rows: Vec<Columns> = self.db.all(THEIRS, &[visitor.as_str().into()]).await?;
        Ok(rows.into_iter().filter_map(|row| openable(signature(&self.db, row))).collect())
    }

    /// All signatures in their order, from after `ordinal` on: at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn signatures_after(
        &self,
        ordinal: u64,
        limit: u32,
    ) -> Result<Vec<SignatureRow>, StoreError> {
        type Columns = (i64, String, String, Option<String>, String, Option<String>, bool, i64);
        const AFTER: Sql = Sql::both(
            "SELECT ordinal, state, name, grid, pledges, message, show_name, signed_at \
             FROM signatures WHERE ordinal > $1 ORDER BY ordinal LIMIT $2",
        );
        let values = [i64::try_from(ordinal).unwrap_or(i64::MAX).into(), i64::from(limit).into()];
        let rows: Vec<Columns> = self.db.all(AFTER, &values).await?;
        let row =
            |(ordinal, state, name, grid, pledges, message, show_name, signed_at): Columns| {
                let ordinal = ordinal.unsigned_abs();
                let message = message.map(|sealed| opened_message(&self.db.seal, ordinal, &sealed));
                SignatureRow {
                    ordinal,
                    state,
                    name: openable(opened_name(&self.db.seal, ordinal, &name)).unwrap_or_default(),
                    grid: grid.and_then(|slug| Slug::parse(&slug).ok()),
                    pledges: pledges_of(&pledges),
                    message: message.and_then(openable),
                    show_name,
                    signed_at,
                }
            };
        Ok(rows.into_iter().map(row).collect())
    }
}

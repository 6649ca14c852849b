//! WeChat accounts: each belongs to one visitor, on every device.

use domain::{time::Millis, visitor::VisitorId};

use super::recovery;
use crate::{
    base::Store,
    counts::write::CountWrite,
    error::StoreError,
    sql::{connection::Value, statement::Sql},
};

impl Store {
    /// The visitor of the WeChat account `identity`. An unknown account is linked to `visitor`, or
    /// to `fresh` if another account is linked to `visitor`. If the account has another visitor
    /// already, `visitor` is merged into that one, unless another account is linked to `visitor`.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn link_identity(
        &self,
        identity: &str,
        visitor: &VisitorId,
        fresh: &VisitorId,
        now: Millis,
    ) -> Result<VisitorId, StoreError> {
        const ANOTHERS: Sql = Sql::both(
            "SELECT identity FROM wechat_identities WHERE visitor = $1 AND identity <> $2",
        );
        const LINK: Sql = Sql::both(
            "INSERT INTO wechat_identities (identity, visitor, linked_at) VALUES ($1, $2, $3) \
             ON CONFLICT (identity) DO NOTHING",
        );
        let values: [Value; 2] = [visitor.as_str().into(), identity.into()];
        let anothers: Vec<(String,)> = self.db.all(ANOTHERS, &values).await?;
        let is_anothers = !anothers.is_empty();
        let known = match self.whose_identity(identity).await? {
            Some(known) => known,
            None => {
                let who = if is_anothers { fresh } else { visitor };
                let mut tx = self.db.begin().await?;
                tx.run(LINK, &[identity.into(), who.as_str().into(), now.into()]).await?;
                tx.commit().await?;
                // Another device may have linked it first.
                self.whose_identity(identity).await?.unwrap_or_else(|| who.clone())
            }
        };
        if known == *visitor || is_anothers {
            return Ok(known);
        }
        let mut tx = self.db.begin().await?;
        recovery::lock_reports(&mut tx, visitor, &known).await?;
        let mut write = CountWrite::begin(tx, now).await?;
        recovery::merge_visitors(&mut write, visitor, &known, now).await?;
        write.commit(&self.publisher).await?;
        Ok(known)
    }

    /// Whether WeChat has confirmed an account of `visitor`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn has_wechat_account(&self, visitor: &VisitorId) -> Result<bool, StoreError> {
        const ANY: Sql =
            Sql::both("SELECT identity FROM wechat_identities WHERE visitor = $1 LIMIT 1");
        let found: Vec<(String,)> = self.db.all(ANY, &[visitor.as_str().into()]).await?;
        Ok(!found.is_empty())
    }

    /// Replaces the hash of an account after the secret was changed.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn rename_identity(&self, old: &str, new: &str) -> Result<(), StoreError> {
        const RENAME: Sql = Sql::both(
            "UPDATE wechat_identities SET identity = $2 WHERE identity = $1 \
             AND NOT EXISTS (SELECT 1 FROM wechat_identities WHERE identity = $2)",
        );
        if self.whose_identity(old).await?.is_none() {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        tx.run(RENAME, &[old.into(), new.into()]).await?;
        tx.commit().await
    }

    async fn whose_identity(&self, identity: &str) -> Result<Option<VisitorId>, StoreError> {
        const WHOSE: Sql = Sql::both("SELECT visitor FROM wechat_identities WHERE identity = $1");
        let found: Vec<(String,)> = self.db.all(WHOSE, &[identity.into()]).await?;
        Ok(found.first().and_then(|(id,)| VisitorId::parse(id)))
    }
}

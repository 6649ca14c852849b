//! Names of signers that may be shown to everyone.

use domain::{signature::Ordinal, time::Millis};

use super::row::opened_name;
use crate::{
    base::Store,
    counts::write::CountWrite,
    encryption::cipher::openable,
    error::StoreError,
    sql::{query::Query, statement::Sql},
    staff::audit::{AuditEntry, insert_audit_entry},
};

impl Store {
    /// Ordinals of the newest signatures before `before` whose name may be shown; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn showable_ordinals(
        &self,
        before: Millis,
        limit: u16,
    ) -> Result<Vec<Ordinal>, StoreError> {
        const NEWEST: Sql = Sql::both(
            "SELECT ordinal FROM signatures WHERE state = 'valid' AND show_name \
             AND signed_at < $1 ORDER BY signed_at DESC, ordinal DESC LIMIT $2",
        );
        let rows: Vec<(i64,)> =
            self.db.all(NEWEST, &[before.into(), i64::from(limit).into()]).await?;
        Ok(rows.into_iter().map(|(ordinal,)| ordinal.unsigned_abs()).collect())
    }

    /// Those of `ordinals` whose name may be shown still, with the whole name.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn shown_names(
        &self,
        ordinals: &[Ordinal],
    ) -> Result<Vec<(Ordinal, String)>, StoreError> {
        let mut query = Query::new(
            "SELECT ordinal, name FROM signatures WHERE state = 'valid' AND show_name \
             AND ordinal IN ",
        );
        query.bind_list(ordinals.iter().map(|ordinal| ordinal.cast_signed()));
        let rows: Vec<(i64, String)> = query.rows(&self.db).await?;
        let name = |(ordinal, name): (i64, String)| {
            let ordinal = ordinal.unsigned_abs();
            Some((ordinal, openable(opened_name(&self.db.seal, ordinal, &name))?))
        };
        Ok(rows.into_iter().filter_map(name).collect())
    }

    /// Shows that name no more; `false` when there is no such signature. Raises the revision, so that no node
    /// keeps a page with it.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn unshow_name(
        &self,
        note: AuditEntry<'_>,
        ordinal: Ordinal,
        at: Millis,
    ) -> Result<bool, StoreError> {
        const UNSHOW: Sql = Sql::both(
            "UPDATE signatures SET show_name = FALSE WHERE ordinal = $1 \
             AND state IN ('valid', 'suspect')",
        );
        let mut write = CountWrite::begin(self.db.begin().await?, at).await?;
        let ordinal = i64::try_from(ordinal).unwrap_or(i64::MAX);
        if write.tx.run(UNSHOW, &[ordinal.into()]).await? == 0 {
            return Ok(false);
        }
        insert_audit_entry(&mut write.tx, note, at).await?;
        write.commit(&self.publisher).await?;
        Ok(true)
    }
}

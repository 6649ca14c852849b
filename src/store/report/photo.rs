//! Photos: rows in the database, and the order in which rows and files are written.
//!
//! The row is inserted before the files and deleted after them, so a crash in between leaves at
//! most a row, which the sweep job finds; there is never a file without a row.

use domain::{
    report::{Code, Photo},
    time::Millis,
    visitor::VisitorId,
};
use serde_json::json;

use super::photo_store::{EncodedPhoto, PhotoStore};
use crate::{
    base::Store,
    error::StoreError,
    sql::{
        connection::Value,
        query::Query,
        schema::PHOTOS,
        statement::{Sql, sql_over_items},
    },
};

impl Store {
    /// Stores photos and their rows as uploads that belong to no report yet ("held"); `false` if
    /// more than `most` since `since` would then be held for their visitor: the sweep job deletes
    /// them.
    ///
    /// # Errors
    /// [`StoreError`] when one is not known to be kept.
    pub async fn hold(
        &self,
        pictures: &PhotoStore,
        photos: &[(Photo, EncodedPhoto)],
        since: Millis,
        most: usize,
    ) -> Result<bool, StoreError> {
        let Some((first, _)) = photos.first() else { return Ok(true) };
        const READY: Sql = sql_over_items!(
            "UPDATE photos SET visitor = item.value->>'visitor' FROM",
            "WHERE photos.id = item.value->>'id' AND photos.serial IS NULL AND photos.at > 0"
        );
        const ALONE: Sql = Sql::each(
            "SELECT LENGTH($1)",
            "SELECT 1::BIGINT FROM pg_advisory_xact_lock(hashtextextended($1, 0))",
        );
        const HELD: Sql = Sql::both(
            "SELECT COUNT(*) FROM photos WHERE serial IS NULL AND visitor = $1 AND at >= $2",
        );
        const UNWANTED: Sql = sql_over_items!(
            "UPDATE photos SET at = 0 FROM",
            "WHERE photos.id = item.value->>'id' AND photos.serial IS NULL"
        );
        // Inserted without a visitor, so that nobody can use it before its files are stored.
        let without_visitor =
            photos.iter().map(|(photo, _)| Photo { visitor: None, ..photo.clone() });
        let mut tx = self.db.begin().await?;
        tx.insert(&without_visitor.collect::<Vec<_>>()).await?;
        tx.commit().await?;
        for (photo, picture) in photos {
            pictures.put(&photo.id, picture).await?;
        }
        let ready = photos.iter().map(|(photo, _)| photo);
        let ready = ready.map(|photo| json!({ "id": photo.id, "visitor": photo.visitor }));
        let mut tx = self.db.begin().await?;
        if let Some(visitor) = &first.visitor {
            // Of two requests of one visitor, the second waits, and counts what the first has held.
            let visitor = Value::from(visitor.as_str());
            tx.all::<(i64,)>(ALONE, std::slice::from_ref(&visitor)).await?;
            let held: Vec<(i64,)> = tx.all(HELD, &[visitor, since.into()]).await?;
            let held = held.first().map_or(0, |(n,)| n.unsigned_abs());
            if held + photos.len() as u64 > most as u64 {
                let ids = photos.iter().map(|(photo, _)| json!({ "id": photo.id }));
                tx.run(UNWANTED, &[Value::items(ids)]).await?;
                tx.commit().await?;
                return Ok(false);
            }
        }
        let held = tx.run(READY, &[Value::items(ready)]).await?;
        tx.commit().await?;
        if held == photos.len() as u64 {
            return Ok(true);
        }
        Err(StoreError::Unavailable("the upload took longer than uploads are kept".into()))
    }

    /// Bytes of all photos. Those of before schema 14 count as usual ones.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn photo_bytes(&self) -> Result<u64, StoreError> {
        const BYTES: Sql = Sql::both(
            "SELECT CAST(COALESCE(SUM(COALESCE(bytes, 450000)), 0) AS BIGINT) FROM photos",
        );
        let rows: Vec<(i64,)> = self.db.all(BYTES, &[]).await?;
        Ok(rows.first().map_or(0, |(n,)| n.unsigned_abs()))
    }

    /// The photos that are held for a visitor since `since`, in the order in which they
    /// came.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn held_for(
        &self,
        visitor: &VisitorId,
        since: Millis,
    ) -> Result<Vec<Photo>, StoreError> {
        let mut query = Query::records(&PHOTOS);
        query.push(" WHERE serial IS NULL AND visitor = ").bind(visitor.as_str());
        query.push(" AND at >= ").bind(since).push(" ORDER BY at, id LIMIT 50");
        query.find(&self.db).await
    }

    /// Deletes photos that were uploaded before `before` and belong to no report; returns how many.
    ///
    /// # Errors
    /// [`StoreError`] when the database or the photo store is away.
    pub async fn sweep_photos(
        &self,
        pictures: &PhotoStore,
        before: Millis,
    ) -> Result<usize, StoreError> {
        const OLD: Sql = Sql::both(
            "SELECT id FROM photos WHERE serial IS NULL AND at < $1 ORDER BY at LIMIT 500",
        );
        // Marked first: from now on no form can attach it.
        const MARK: Sql = Sql::both(
            "UPDATE photos SET at = 0, visitor = NULL \
             WHERE id = $1 AND serial IS NULL AND at < $2",
        );
        const GONE: Sql = Sql::both("DELETE FROM photos WHERE id = $1 AND at = 0");
        let rows: Vec<(String,)> = self.db.all(OLD, &[before.into()]).await?;
        let (mut swept, mut fault) = (0, None);
        for (id,) in &rows {
            let mut tx = self.db.begin().await?;
            let marked = tx.run(MARK, &[id.as_str().into(), before.into()]).await?;
            tx.commit().await?;
            let Ok(code) = Code::parse(id) else { continue };
            if marked == 0 {
                continue;
            }
            // If one cannot be deleted, go on with the others.
            if let Err(error) = pictures.delete(&code).await {
                fault = Some(error);
                continue;
            }
            let mut tx = self.db.begin().await?;
            tx.run(GONE, &[id.as_str().into()]).await?;
            tx.commit().await?;
            swept += 1;
        }
        fault.map_or(Ok(swept), Err)
    }
}

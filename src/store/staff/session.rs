//! Sessions of staff: what a browser is given is kept as a hash.

use domain::{
    staff::{Staff, StaffId, Stage},
    time::Millis,
};

use super::StaffRow;
use crate::{
    base::Store,
    error::StoreError,
    sql::{query::Query, schema::STAFF, statement::Sql},
};

/// A session as it is stored.
#[derive(Clone, Debug)]
pub struct StoredSession {
    /// Whose.
    pub staff: Staff,
    /// When it began.
    pub created_at: Millis,
    /// When it was last seen.
    pub seen_at: Millis,
    /// What it may do.
    pub stage: Stage,
    /// When a code was last given in it.
    pub proven_at: Option<Millis>,
}

impl Store {
    /// Begins a session: `token` is the hash of what the browser is given.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn begin_session(
        &self,
        token: &str,
        staff: StaffId,
        stage: Stage,
        proven_at: Option<Millis>,
        at: Millis,
    ) -> Result<(), StoreError> {
        const ADD: Sql = Sql::both(
            "INSERT INTO sessions (token, staff, created_at, seen_at, stage, proven_at) \
             VALUES ($1, $2, $3, $3, $4, CASE WHEN $5 > 0 THEN $5 END)",
        );
        let mut tx = self.db.begin().await?;
        let proven = proven_at.unwrap_or_default();
        let values = [token.into(), staff.into(), at.into(), stage.as_str().into(), proven.into()];
        tx.run(ADD, &values).await?;
        tx.commit().await
    }

    /// Makes a full session, in which a code was just given, of one that waited, under a new token's
    /// hash; `false` when that one has ended.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn complete_session(
        &self,
        old: &str,
        new: &str,
        at: Millis,
    ) -> Result<bool, StoreError> {
        const COMPLETE: Sql = Sql::both(
            "UPDATE sessions SET token = $1, stage = 'full', proven_at = $2, created_at = $2, \
                 seen_at = $2 WHERE token = $3 AND stage <> 'full'",
        );
        let mut tx = self.db.begin().await?;
        let touched = tx.run(COMPLETE, &[new.into(), at.into(), old.into()]).await?;
        tx.commit().await?;
        Ok(touched > 0)
    }

    /// Ends all sessions of someone but the one of that token's hash.
    ///
    /// # Errors
    /// [`StoreError`] when they are not known to have ended.
    pub async fn end_other_sessions(&self, staff: StaffId, keep: &str) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let sql = Sql::both("DELETE FROM sessions WHERE staff = $1 AND token <> $2");
        tx.run(sql, &[staff.into(), keep.into()]).await?;
        tx.commit().await
    }

    /// Notes that a code was given in a session.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn prove_session(&self, token: &str, at: Millis) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let sql = Sql::both("UPDATE sessions SET proven_at = $1 WHERE token = $2");
        tx.run(sql, &[at.into(), token.into()]).await?;
        tx.commit().await
    }

    /// The session of which `token` is the hash.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn session(&self, token: &str) -> Result<Option<StoredSession>, StoreError> {
        const FOUND: Sql = Sql::both(
            "SELECT staff, created_at, seen_at, stage, proven_at FROM sessions WHERE token = $1",
        );
        let rows: Vec<(i64, i64, i64, String, Option<i64>)> =
            self.db.all(FOUND, &[token.into()]).await?;
        let Some((id, created_at, seen_at, stage, proven_at)) = rows.into_iter().next() else {
            return Ok(None);
        };
        // One that is not known may do nothing.
        let Some(stage) = Stage::parse(&stage) else { return Ok(None) };
        let mut query = Query::records(&STAFF);
        query.push(" WHERE id = ").bind(id);
        let row: Option<StaffRow> = query.find(&self.db).await?.pop();
        let session = |row: StaffRow| StoredSession {
            staff: row.into(),
            created_at,
            seen_at,
            stage,
            proven_at,
        };
        Ok(row.map(session))
    }

    /// Notes that a session was seen.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn touch_session(&self, token: &str, at: Millis) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let sql = Sql::both("UPDATE sessions SET seen_at = $1 WHERE token = $2");
        tx.run(sql, &[at.into(), token.into()]).await?;
        tx.commit().await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreError`] when it is not known to have ended.
    pub async fn end_session(&self, token: &str) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.run(Sql::both("DELETE FROM sessions WHERE token = $1"), &[token.into()]).await?;
        tx.commit().await
    }

    /// Ends all sessions of someone.
    ///
    /// # Errors
    /// [`StoreError`] when they are not known to have ended.
    pub async fn end_sessions_of(&self, staff: StaffId) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.run(Sql::both("DELETE FROM sessions WHERE staff = $1"), &[staff.into()]).await?;
        tx.commit().await
    }

    /// Ends the sessions that were last seen before `seen`, or began before `begun`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn sweep_sessions(&self, seen: Millis, begun: Millis) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let sql = Sql::both("DELETE FROM sessions WHERE seen_at < $1 OR created_at < $2");
        tx.run(sql, &[seen.into(), begun.into()]).await?;
        tx.commit().await
    }
}

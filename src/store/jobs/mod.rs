//! Periodic jobs: on exactly one node at a time.

pub(crate) mod calendar;

use super::{
    base::Store,
    error::StoreError,
    sql::{
        connection::{Tx, in_time},
        statement::Sql,
    },
};

/// The name of the lock in PostgreSQL: "chuangqu" as bytes.
const JOBS: i64 = i64::from_be_bytes(*b"chuangqu");

/// Lock for the periodic jobs, released on drop. On PostgreSQL an advisory lock of an open
/// transaction, so that it is released when the node dies; SQLite has one node and needs none.
#[derive(Debug)]
pub struct JobLock(Option<Tx>);

impl JobLock {
    /// Whether the lock is still held: its connection may have been lost.
    pub async fn holds(&mut self) -> bool {
        let Some(tx) = &mut self.0 else { return true };
        let alive = tx.one::<(i64,)>(Sql::both("SELECT CAST(1 AS BIGINT)"), &[]);
        in_time(alive).await.is_ok()
    }
}

impl Store {
    /// Takes the lock for the periodic jobs; `None` while another node has it.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn try_job_lock(&self) -> Result<Option<JobLock>, StoreError> {
        const TAKE: Sql = Sql::both("SELECT pg_try_advisory_xact_lock($1)");
        if !self.db.is_shared() {
            return Ok(Some(JobLock(None)));
        }
        const LONG: Sql = Sql::both("SET LOCAL idle_in_transaction_session_timeout = '5min'");
        let mut tx = self.db.begin().await?;
        // Robots may take their time.
        tx.run(LONG, &[]).await?;
        let (taken,): (bool,) = in_time(tx.one(TAKE, &[JOBS.into()])).await?;
        Ok(taken.then_some(JobLock(Some(tx))))
    }
}

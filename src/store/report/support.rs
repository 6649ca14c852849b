//! Supports ("I have met the same"): which visitors support which report.

use domain::{report::Report, time::Millis, visitor::VisitorId};

use super::reports;
use crate::{
    base::Store,
    error::StoreError,
    sql::{
        connection::{Tx, Value},
        query::Query,
        statement::Sql,
    },
};

/// After a merge: the reporter and the supporters of `report` become supporters of the report
/// `into`, except its own reporter, so that they are kept informed.
pub async fn transfer_supports(
    tx: &mut Tx,
    report: &Report,
    into: u64,
    at: Millis,
) -> Result<(), StoreError> {
    const ADD: Sql = Sql::both(
        "INSERT INTO supports (serial, visitor, at) \
         SELECT CAST($2 AS BIGINT), people.visitor, CAST($3 AS BIGINT) FROM ( \
             SELECT visitor FROM supports WHERE serial = $1 \
             UNION SELECT visitor FROM reports WHERE serial = $1 AND visitor IS NOT NULL \
         ) AS people WHERE people.visitor <> COALESCE( \
             (SELECT visitor FROM reports WHERE serial = $2), '') \
         ON CONFLICT (serial, visitor) DO NOTHING",
    );
    const COUNT: Sql =
        Sql::both("UPDATE reports SET supporters = supporters + $2 WHERE serial = $1");
    let into = Value::from(into);
    let values = [Value::from(report.serial), into.clone(), at.into()];
    let added = tx.run(ADD, &values).await?;
    tx.run(COUNT, &[into, Value::from(added)]).await.map(drop)
}

impl Store {
    /// One more resident has met the same; `false` when this one had said so already.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn support(
        &self,
        serial: u64,
        visitor: &VisitorId,
        at: Millis,
    ) -> Result<bool, StoreError> {
        // Lock order: the report before its supports, as in a merge.
        const LOCK: Sql = Sql::each(
            "SELECT serial FROM reports WHERE serial = $1",
            "SELECT serial FROM reports WHERE serial = $1 FOR UPDATE",
        );
        const ADD: Sql = Sql::both(
            "INSERT INTO supports (serial, visitor, at) VALUES ($1, $2, $3) \
             ON CONFLICT (serial, visitor) DO NOTHING",
        );
        const COUNT: Sql =
            Sql::both("UPDATE reports SET supporters = supporters + 1 WHERE serial = $1");
        let serial = Value::from(serial);
        let mut tx = self.db.begin().await?;
        let _: Vec<(i64,)> = tx.all(LOCK, std::slice::from_ref(&serial)).await?;
        let added = tx.run(ADD, &[serial.clone(), visitor.as_str().into(), at.into()]).await?;
        if added == 0 {
            return Ok(false);
        }
        tx.run(COUNT, &[serial]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The reports that a visitor supports, newest support first; at most 100.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn supported_by(&self, visitor: &VisitorId) -> Result<Vec<Report>, StoreError> {
        let mut query = reports();
        query
            .push(" JOIN supports ON supports.serial = reports.serial WHERE supports.visitor = ")
            .bind(visitor.as_str())
            .push(" ORDER BY supports.at DESC LIMIT 100");
        query.find(&self.db).await
    }

    /// Whether the visitor supports the report.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn supports(&self, serial: u64, visitor: &VisitorId) -> Result<bool, StoreError> {
        let mut query = Query::new("SELECT at FROM supports WHERE serial = ");
        query.bind(serial).push(" AND visitor = ").bind(visitor.as_str());
        Ok(!query.rows::<(i64,)>(&self.db).await?.is_empty())
    }
}

//! Sealing of rows that are there: those from before anything was sealed, and those that an
//! older secret sealed.

use std::time::Duration;

use serde_json::{Map, Value as Json};
use tokio::time::sleep;

use super::cipher::Seal;
use crate::{
    base::Store,
    error::StoreError,
    sql::{
        connection::{Db, Value},
        query::Query,
        schema,
        statement::Sql,
        table::{SEALED, Statements, object},
    },
};

/// Rows in one transaction: whoever writes meanwhile hardly waits.
const CHUNK: i64 = 500;

/// What is left to others between two transactions: those who wait for SQLite's one look
/// for it every tenth of a second.
const PAUSE: Duration = Duration::from_millis(150);

/// Whoever changes signatures takes this row first, whoever changes a report its row.
const LOCK: Sql = Sql::each("SELECT id FROM ledger", "SELECT id FROM ledger FOR UPDATE");

/// Sees that all secrets that may have sealed something of the database are known here, and
/// notes by which it is sealed from now on. Where nothing is kept yet and `by_any` says so,
/// others are forgotten.
pub async fn acquaint(db: &Db, by_any: bool) -> Result<(), StoreError> {
    const KNOWN: Sql = Sql::both("SELECT name, retired_at FROM seals");
    const NOTE: Sql =
        Sql::both("INSERT INTO seals (name, since) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING");
    const KEPT: Sql =
        Sql::both("SELECT CAST(1 AS BIGINT) FROM ledger WHERE last_ordinal > 0 OR last_report > 0");
    const FORGET: Sql = Sql::both("DELETE FROM seals");
    let ours: Vec<String> = db.seal.names().collect();
    let Some(newest) = ours.first() else { return Ok(()) };
    let mut tx = db.begin().await?;
    let _: Vec<(i64,)> = tx.all(LOCK, &[]).await?;
    let mut known: Vec<(String, Option<i64>)> = tx.all(KNOWN, &[]).await?;
    if by_any && tx.all::<(i64,)>(KEPT, &[]).await?.is_empty() {
        tx.run(FORGET, &[]).await?;
        known.clear();
    }
    let mut active = known.iter().filter(|(_, retired)| retired.is_none());
    let is_retired = known.iter().any(|(name, retired)| name == newest && retired.is_some());
    if is_retired || !active.all(|(name, _)| ours.contains(name)) {
        return Err(StoreError::Setup(
            "this database was sealed by another secret than that of CHUANGQUAN_SECRET_FILE; \
             put the right file there"
                .into(),
        ));
    }
    if known.iter().any(|(name, _)| name == newest) {
        return Ok(());
    }
    let now = jiff::Timestamp::now().as_millisecond();
    tx.run(NOTE, &[newest.as_str().into(), now.into()]).await?;
    tx.commit().await
}

/// Seals what stands there for everyone to read; how many rows.
pub async fn seal_plain(db: &Db) -> Result<u64, StoreError> {
    let mut sealed = 0;
    for table in schema::sealed() {
        let change = |row: &mut Map<String, Json>, seal: &Seal| {
            let before = row.clone();
            table.close(row, seal)?;
            Ok(*row != before)
        };
        sealed += walk(db, table, table.plain, Duration::ZERO, change).await?;
    }
    Ok(sealed)
}

/// Changes what is sealed of every row that `change` changes; how many.
async fn walk(
    db: &Db,
    table: &Statements,
    select: Sql,
    pause: Duration,
    change: impl Fn(&mut Map<String, Json>, &Seal) -> Result<bool, StoreError>,
) -> Result<u64, StoreError> {
    let mut changed = 0;
    let mut after: Option<Vec<Value>> = None;
    loop {
        let mut query = Query::new("SELECT ");
        query.push_each(select).push(" FROM ").push(table.name);
        if let Some(key) = after {
            query.push(" WHERE ").push(table.key_list).push(" > ").bind_list(key);
        }
        query.push(" ORDER BY ").push(table.order).push(" LIMIT ").bind(CHUNK);
        // Nobody else changes them until they are sealed.
        query.push_each(Sql::each("", " FOR UPDATE"));
        let mut tx = db.begin().await?;
        // As all who change signatures: else two could wait for each other.
        if table.name == schema::SIGNATURES.name {
            let _: Vec<(i64,)> = tx.all(LOCK, &[]).await?;
        }
        let rows: Vec<(String,)> = query.rows_in(&mut tx).await?;
        let mut last = None;
        let mut sealed = Vec::new();
        for (row,) in &rows {
            let mut row = object(row)?;
            last = Some(key_of(table, &row));
            if change(&mut row, &db.seal)? {
                row.retain(|column, _| {
                    let column = column.as_str();
                    column == SEALED
                        || table.key.contains(&column)
                        || table.sealed.contains(&column)
                });
                sealed.push(Json::Object(row));
            }
        }
        if !sealed.is_empty() {
            changed += sealed.len() as u64;
            tx.run(table.reseal, &[Value::items(sealed)]).await?;
        }
        tx.commit().await?;
        match last {
            Some(last) => after = Some(last),
            None => return Ok(changed),
        }
        sleep(pause).await;
    }
}

fn key_of(table: &Statements, row: &Map<String, Json>) -> Vec<Value> {
    let part = |column: &&str| match row.get(*column) {
        Some(Json::String(text)) => text.as_str().into(),
        other => other.and_then(Json::as_i64).into(),
    };
    table.key.iter().map(part).collect()
}

/// Whether a row has something that an older key sealed.
fn is_old(table: &Statements, row: &Map<String, Json>, seal: &Seal) -> bool {
    let private = (!table.private.is_empty()).then_some(&SEALED);
    let texts = private.into_iter().chain(table.sealed).filter_map(|column| row.get(*column));
    let mut texts = texts.filter_map(Json::as_str).filter(|text| !text.is_empty());
    texts.any(|text| !seal.is_newest(text))
}

impl Store {
    /// Seals by the newest secret what an older one sealed, while others write; how many
    /// rows.
    ///
    /// # Errors
    /// [`StoreError`]; what was done is kept.
    pub async fn reseal(&self) -> Result<u64, StoreError> {
        let mut sealed = 0;
        for table in schema::sealed() {
            let change = |row: &mut Map<String, Json>, seal: &Seal| {
                if !is_old(table, row, seal) {
                    return Ok(false);
                }
                let whole = row.clone();
                // What was never sealed, is now.
                table.close(row, seal)?;
                if let Err(error) = table.open(row, seal) {
                    tracing::error!(%error, "a row is left as it is");
                    *row = whole;
                    return Ok(false);
                }
                table.close(row, seal)?;
                Ok(true)
            };
            sealed += walk(&self.db, table, table.object, PAUSE, change).await?;
        }
        Ok(sealed)
    }

    /// Retires all keys but the newest: whoever opens the database by one of them is refused.
    ///
    /// # Errors
    /// [`StoreError`] when it is not known to be done.
    pub async fn keep_newest_seal(&self) -> Result<(), StoreError> {
        const RETIRE: Sql =
            Sql::both("UPDATE seals SET retired_at = $2 WHERE name <> $1 AND retired_at IS NULL");
        let Some(newest) = self.db.seal.names().next() else { return Ok(()) };
        let mut tx = self.db.begin().await?;
        let now = jiff::Timestamp::now().as_millisecond();
        tx.run(RETIRE, &[newest.into(), now.into()]).await?;
        tx.commit().await
    }
}

//! Re-encryption of existing rows: plain-text rows from before encryption, and rows encrypted with
//! an older secret.

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

/// Rows per transaction: other writers wait that long.
const CHUNK: i64 = 500;

/// Pause between two transactions: waiting writers of SQLite retry only every tenth of a second,
/// and would starve.
const PAUSE: Duration = Duration::from_millis(150);

/// Lock order: ledger before signatures; a report is locked by its own row.
const LOCK: Sql = Sql::each("SELECT id FROM ledger", "SELECT id FROM ledger FOR UPDATE");

/// Fails unless this process has every secret that may have encrypted a row, and records the id of
/// the newest one in `seals`. With `reset_if_empty`, the list is reset first if the database is empty
/// (restore).
pub async fn register_keys(db: &Db, reset_if_empty: bool) -> Result<(), StoreError> {
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
    if reset_if_empty && tx.all::<(i64,)>(KEPT, &[]).await?.is_empty() {
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

/// Encrypts plain-text rows; returns how many.
pub async fn seal_plain(db: &Db) -> Result<u64, StoreError> {
    let mut sealed = 0;
    for table in schema::sealed_at_first() {
        let change = |row: &mut Map<String, Json>, seal: &Seal| {
            let before = row.clone();
            table.seal_row(row, seal)?;
            Ok(*row != before)
        };
        sealed += rewrite_rows(db, table, table.plain, Duration::ZERO, change).await?;
    }
    Ok(sealed)
}

/// Rewrites the encrypted columns of every row for which `change` returns true; returns how many.
async fn rewrite_rows(
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
        // Locked until they are rewritten.
        query.push_each(Sql::each("", " FOR UPDATE"));
        let mut tx = db.begin().await?;
        // Lock order: ledger before signatures, or two writers deadlock.
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

/// Whether any value of a row was encrypted with an older key.
fn is_old(table: &Statements, row: &Map<String, Json>, seal: &Seal) -> bool {
    let private = (!table.private.is_empty()).then_some(&SEALED);
    let texts = private.into_iter().chain(table.sealed).filter_map(|column| row.get(*column));
    let mut texts = texts.filter_map(Json::as_str).filter(|text| !text.is_empty());
    texts.any(|text| !seal.is_newest(text))
}

impl Store {
    /// Re-encrypts with the newest secret all rows that an older one encrypted, while the app
    /// serves; returns how many rows.
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
                table.seal_row(row, seal)?;
                if let Err(error) = table.open_row(row, seal) {
                    tracing::error!(%error, "a row cannot be decrypted; it is not re-encrypted");
                    *row = whole;
                    return Ok(false);
                }
                table.seal_row(row, seal)?;
                Ok(true)
            };
            sealed += rewrite_rows(&self.db, table, table.object, PAUSE, change).await?;
        }
        Ok(sealed)
    }

    /// Marks all keys but the newest as retired: a process that starts with one of them as newest
    /// is refused.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
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

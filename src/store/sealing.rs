//! Sealing of rows that are there: those from before anything was sealed, and those that an
//! older secret sealed.

use serde_json::{Map, Value as Json};

use super::{
    Store, StoreError,
    db::{Db, Sql, Value},
    query::Query,
    seal::Seal,
    table::{SEALED, Statements, object},
    tables,
};

/// Rows in one transaction: whoever writes meanwhile hardly waits.
const CHUNK: i64 = 500;

/// Whoever changes signatures takes this row first.
const LOCK: Sql = Sql::each("SELECT id FROM ledger", "SELECT id FROM ledger FOR UPDATE");

/// Seals what stands there for everyone to read; how many rows.
pub async fn seal_plain(db: &Db) -> Result<u64, StoreError> {
    let mut sealed = 0;
    for table in tables::sealed() {
        let change = |row: &mut Map<String, Json>, seal: &Seal| {
            let before = row.clone();
            table.close(row, seal)?;
            Ok(*row != before)
        };
        sealed += walk(db, table, table.plain, change).await?;
    }
    Ok(sealed)
}

/// Changes what is sealed of every row that `change` changes; how many.
async fn walk(
    db: &Db,
    table: &Statements,
    select: Sql,
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
        let mut tx = db.begin().await?;
        // As all who change signatures: else two could wait for each other.
        let _: Vec<(i64,)> = tx.all(LOCK, &[]).await?;
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
        for table in tables::sealed() {
            let change = |row: &mut Map<String, Json>, seal: &Seal| {
                let old = is_old(table, row, seal);
                if old {
                    table.open(row, seal)?;
                    table.close(row, seal)?;
                }
                Ok(old)
            };
            sealed += walk(&self.db, table, table.object, change).await?;
        }
        Ok(sealed)
    }

    /// Sees that the newest rows were sealed by a secret that is known.
    pub(super) async fn check_seal(db: &Db) -> Result<(), StoreError> {
        const NEWEST: [Sql; 2] = [
            Sql::both("SELECT name FROM signatures WHERE name <> '' ORDER BY ordinal DESC LIMIT 1"),
            Sql::both(
                "SELECT sealed FROM reports WHERE sealed IS NOT NULL ORDER BY serial DESC LIMIT 1",
            ),
        ];
        for newest in NEWEST {
            let rows: Vec<(String,)> = db.all(newest, &[]).await?;
            if rows.iter().any(|(sealed,)| !db.seal.knows(sealed)) {
                return Err(StoreError::Setup(
                    "this database was sealed by another secret than that of \
                     CHUANGQUAN_SECRET_FILE; put the right file there"
                        .into(),
                ));
            }
        }
        Ok(())
    }
}

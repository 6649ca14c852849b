//! `backup` and `restore`: all tables as lines of JSON, so that a copy made from one
//! database can fill the other.
//!
//! A folder holds `manifest.json` (format, schema, rows of each table), written
//! last, and one `*.jsonl` for each table.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use futures::TryStreamExt;
use serde::{Deserialize, Serialize};

use super::{
    StoreError,
    db::{Db, Sql, Tx, private_folder, sql_over_items},
};

/// The newest schema this program writes; a copy of a newer one is refused.
const SCHEMA: u32 = 1;

/// Rows that are read back in one statement.
const CHUNK: usize = 1000;

/// A table: its rows as JSON, its rows from JSON, and none of its rows.
struct Table {
    name: &'static str,
    out: Sql,
    back: Sql,
    clear: Sql,
}

const TABLES: [Table; 3] = [
    Table {
        name: "signatures",
        out: Sql::each(
            "SELECT json_object('ordinal', ordinal, 'visitor', visitor, 'state', state, \
             'name', name, 'grid', grid, 'pledges', pledges, 'message', message, 'show_name', \
             show_name, 'consent', consent, 'signed_at', signed_at, 'withdrawn_at', withdrawn_at) \
             FROM signatures ORDER BY ordinal",
            "SELECT CAST(to_jsonb(signatures) AS text) FROM signatures ORDER BY ordinal",
        ),
        back: sql_over_items!(
            "INSERT INTO signatures (ordinal, visitor, state, name, grid, pledges, message, \
                 show_name, consent, signed_at, withdrawn_at) \
             SELECT CAST(item.value->>'ordinal' AS BIGINT), item.value->>'visitor', \
                 item.value->>'state', item.value->>'name', item.value->>'grid', \
                 item.value->>'pledges', item.value->>'message', \
                 CAST(item.value->>'show_name' AS BOOLEAN), item.value->>'consent', \
                 CAST(item.value->>'signed_at' AS BIGINT), \
                 CAST(item.value->>'withdrawn_at' AS BIGINT) FROM",
            ""
        ),
        clear: Sql::both("DELETE FROM signatures"),
    },
    Table {
        name: "counters",
        out: Sql::each(
            "SELECT json_object('kind', kind, 'slug', slug, 'n', n) FROM counters",
            "SELECT CAST(to_jsonb(counters) AS text) FROM counters",
        ),
        back: sql_over_items!(
            "INSERT INTO counters (kind, slug, n) SELECT item.value->>'kind', \
             item.value->>'slug', CAST(item.value->>'n' AS BIGINT) FROM",
            ""
        ),
        clear: Sql::both("DELETE FROM counters"),
    },
    Table {
        name: "ledger",
        out: Sql::each(
            "SELECT json_object('id', id, 'revision', revision, 'as_of', as_of, \
             'last_ordinal', last_ordinal) FROM ledger",
            "SELECT CAST(to_jsonb(ledger) AS text) FROM ledger",
        ),
        back: sql_over_items!(
            "INSERT INTO ledger (id, revision, as_of, last_ordinal) \
             SELECT CAST(item.value->>'id' AS BIGINT), CAST(item.value->>'revision' AS BIGINT), \
                 CAST(item.value->>'as_of' AS BIGINT), \
                 CAST(item.value->>'last_ordinal' AS BIGINT) FROM",
            ""
        ),
        clear: Sql::both("DELETE FROM ledger"),
    },
];

/// What a folder holds.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    format: String,
    schema: u32,
    tables: Vec<(String, u64)>,
}

const FORMAT: &str = "chuangquan-backup";

/// Why a copy could not be made or read back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file.
    #[error("{}: {source}", .file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder or the database is not as it must be.
    #[error("{0}")]
    Unfit(String),
}

fn at(file: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let file = file.to_owned();
    move |source| BackupError::File { file, source }
}

/// Writes a copy of one committed state; how many rows.
pub async fn write(db: &Db, dir: &Path) -> Result<u64, BackupError> {
    private_folder(dir).map_err(at(dir))?;
    if fs::read_dir(dir).map_err(at(dir))?.next().is_some() {
        return Err(BackupError::Unfit(format!("{} is not empty", dir.display())));
    }
    let mut tx = db.snapshot().await?;
    let mut tables = Vec::new();
    for table in &TABLES {
        let file = dir.join(format!("{}.jsonl", table.name));
        let rows = write_table(&mut tx, table, &file).await?;
        tables.push((table.name.to_owned(), rows));
    }
    let total = tables.iter().map(|(_, rows)| rows).sum();
    let manifest = Manifest { format: FORMAT.into(), schema: SCHEMA, tables };
    let file = dir.join("manifest.json");
    let text = serde_json::to_string_pretty(&manifest).unwrap_or_default();
    let mut out = File::create(&file).map_err(at(&file))?;
    out.write_all(text.as_bytes()).and_then(|()| out.sync_all()).map_err(at(&file))?;
    File::open(dir).and_then(|folder| folder.sync_all()).map_err(at(dir))?;
    Ok(total)
}

async fn write_table(tx: &mut Tx, table: &Table, file: &Path) -> Result<u64, BackupError> {
    let mut out = BufWriter::new(File::create(file).map_err(at(file))?);
    let mut lines = tx.lines(table.out);
    let mut rows = 0;
    while let Some(line) = lines.try_next().await? {
        out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n")).map_err(at(file))?;
        rows += 1;
    }
    let out = out.into_inner().map_err(|error| at(file)(error.into_error()))?;
    out.sync_all().map_err(at(file))?;
    Ok(rows)
}

/// Fills an empty database from a copy, in one transaction; how many rows.
pub async fn read(db: &Db, dir: &Path) -> Result<u64, BackupError> {
    let manifest = read_manifest(dir)?;
    let mut tx = db.begin().await?;
    let (stored, revision): (i64, i64) = tx
        .one(Sql::both("SELECT (SELECT COUNT(*) FROM signatures), revision FROM ledger"), &[])
        .await?;
    if stored > 0 || revision > 0 {
        return Err(BackupError::Unfit("the database is not empty; nothing was changed".into()));
    }
    let mut total = 0;
    for (table, (name, rows)) in TABLES.iter().zip(&manifest.tables) {
        tx.run(table.clear, &[]).await?;
        let file = dir.join(format!("{}.jsonl", table.name));
        let read = read_table(&mut tx, table, &file).await?;
        if name != table.name || read != *rows {
            return Err(BackupError::Unfit(format!(
                "{} has {read} rows where the manifest says {rows}; nothing was changed",
                file.display()
            )));
        }
        total += read;
    }
    tx.commit().await?;
    Ok(total)
}

fn read_manifest(dir: &Path) -> Result<Manifest, BackupError> {
    let file = dir.join("manifest.json");
    let text = fs::read_to_string(&file).map_err(at(&file))?;
    let manifest: Manifest = serde_json::from_str(&text)
        .map_err(|error| BackupError::Unfit(format!("{}: {error}", file.display())))?;
    if manifest.format != FORMAT
        || manifest.schema > SCHEMA
        || manifest.tables.len() != TABLES.len()
    {
        return Err(BackupError::Unfit(format!(
            "{} is not a copy that this version can read",
            dir.display()
        )));
    }
    Ok(manifest)
}

async fn read_table(tx: &mut Tx, table: &Table, file: &Path) -> Result<u64, BackupError> {
    let mut lines = BufReader::new(File::open(file).map_err(at(file))?).lines();
    let mut total = 0;
    loop {
        let chunk: Result<Vec<String>, io::Error> = lines.by_ref().take(CHUNK).collect();
        let chunk = chunk.map_err(at(file))?;
        if chunk.is_empty() {
            return Ok(total);
        }
        total += chunk.len() as u64;
        tx.run(table.back, &[format!("[{}]", chunk.join(",")).into()]).await?;
    }
}

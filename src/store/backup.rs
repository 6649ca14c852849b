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
use serde_json::Value as Json;

use super::{
    StoreError, counts,
    db::{Db, Sql, Tx, private_folder},
    seal::Seal,
    table::{Statements, object},
    tables,
};

/// The newest schema this program writes; a copy of a newer one is refused.
const SCHEMA: u32 = 9;

/// The schema since which a copy has all counters.
const ALL_COUNTERS: u32 = 3;

/// Rows that are read back in one statement.
const CHUNK: usize = 1000;

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
    for table in tables::copied() {
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

async fn write_table(tx: &mut Tx, table: &Statements, file: &Path) -> Result<u64, BackupError> {
    let mut out = BufWriter::new(File::create(file).map_err(at(file))?);
    let mut lines = tx.lines(table.all);
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
        .one(Sql::both("SELECT (SELECT COUNT(*) FROM signatures) + (SELECT COUNT(*) FROM reports), revision FROM ledger"), &[])
        .await?;
    if stored > 0 || revision > 0 {
        return Err(BackupError::Unfit("the database is not empty; nothing was changed".into()));
    }
    let mut total = 0;
    let tables = tables::copied();
    for table in tables.iter().rev() {
        tx.run(table.clear, &[]).await?;
    }
    // An older copy has the first of them only.
    for (table, (name, rows)) in tables.iter().zip(&manifest.tables) {
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
    if manifest.schema < ALL_COUNTERS {
        counts::derive(&mut tx).await?;
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
        || manifest.tables.len() > tables::copied().len()
    {
        return Err(BackupError::Unfit(format!(
            "{} is not a copy that this version can read",
            dir.display()
        )));
    }
    Ok(manifest)
}

async fn read_table(tx: &mut Tx, table: &Statements, file: &Path) -> Result<u64, BackupError> {
    let mut lines = BufReader::new(File::open(file).map_err(at(file))?).lines();
    let mut total = 0;
    loop {
        let chunk: Result<Vec<String>, io::Error> = lines.by_ref().take(CHUNK).collect();
        let chunk = chunk.map_err(at(file))?;
        if chunk.is_empty() {
            return Ok(total);
        }
        total += chunk.len() as u64;
        let chunk = match table.has_secrets() {
            true => sealed(table, &chunk, &tx.seal)?,
            false => chunk,
        };
        tx.run(table.insert, &[format!("[{}]", chunk.join(",")).into()]).await?;
    }
}

/// The rows of a copy, each seen to open by the secret that is here. One from before
/// anything was sealed is sealed now.
fn sealed(table: &Statements, rows: &[String], seal: &Seal) -> Result<Vec<String>, BackupError> {
    let one = |row: &String| {
        let mut row = object(row)?;
        table.close(&mut row, seal)?;
        table.open(&mut row.clone(), seal)?;
        Ok::<_, StoreError>(Json::Object(row).to_string())
    };
    let fault = |error| BackupError::Unfit(format!("{error}; nothing was changed"));
    rows.iter().map(one).collect::<Result<_, _>>().map_err(fault)
}

//! `restore`: fills an empty database and photo store from a backup, all or nothing.
//!
//! Rows and files are trusted only if the manifest's MAC is valid. Older backups have no MAC, so
//! anybody may have changed them: restored staff accounts are disabled.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, BufRead, BufReader},
    path::Path,
};

use serde::Deserialize;
use serde_json::Value as Json;

use super::{
    backup::{BackupSummary, file_of},
    manifest::{
        BackupError, HashingWriter, Manifest, PHOTO_LIST, ensure_regular_file, hash, invalid,
        io_error,
    },
};
use crate::{
    base::Store,
    counts,
    encryption::cipher::Seal,
    error::StoreError,
    report::{
        numbers,
        photo_store::{PhotoFileName, PhotoStore, has_jpeg_header, is_valid_jpeg},
    },
    sql::{
        connection::{Db, Tx},
        migrations, schema,
        statement::Sql,
        table::{Statements, object},
    },
};

/// The schema since which a copy has all counters.
const ALL_COUNTERS: u32 = 14;

/// Rows that are read back in one statement.
const CHUNK: usize = 1000;

/// A picture of a copy, as its list says.
#[derive(Debug, Deserialize)]
struct PhotoListEntry {
    name: String,
    sha256: String,
}

impl Store {
    /// Fills an empty database and photo store from the backup in `dir`; SQLite and PostgreSQL can
    /// be restored into each other. With `unsealed`, also from a backup without a MAC; then staff
    /// accounts are disabled and their passwords removed.
    ///
    /// # Errors
    /// [`BackupError`], also when the copy was changed, or the database holds something.
    pub async fn restore(
        &self,
        pictures: &PhotoStore,
        dir: &Path,
        unsealed: bool,
    ) -> Result<BackupSummary, BackupError> {
        read(&self.db, pictures, dir, unsealed).await
    }
}

/// As [`Store::restore`].
async fn read(
    db: &Db,
    pictures: &PhotoStore,
    dir: &Path,
    unsealed: bool,
) -> Result<BackupSummary, BackupError> {
    let manifest = Manifest::read(dir, &db.seal, unsealed)?;
    let mut tx = db.begin().await?;
    let (stored, revision): (i64, i64) = tx
        .one(Sql::both("SELECT (SELECT COUNT(*) FROM signatures) + (SELECT COUNT(*) FROM reports), revision FROM ledger"), &[])
        .await?;
    if stored > 0 || revision > 0 {
        return Err(BackupError::Invalid("the database is not empty; nothing was changed".into()));
    }
    let vouched = manifest.authenticated;
    for table in schema::copied_at(manifest.schema) {
        let name = file_of(table);
        manifest.check_file_hash(dir, &name, &hash_of_file(&dir.join(&name))?)?;
    }
    let listed = match vouched {
        true => listed_photos(&manifest, dir)?,
        false => photos_in_folder(dir)?,
    };
    let tables: Vec<_> = schema::copied().collect();
    for table in tables.iter().rev() {
        tx.run(table.clear, &[]).await?;
    }
    let mut total = 0;
    for table in schema::copied_at(manifest.schema) {
        let rows = manifest.rows_of(table.name);
        let read = read_table(&mut tx, table, &dir.join(file_of(table)), vouched).await?;
        if read != rows {
            let problem = format!("has {read} rows, but the manifest says {rows}");
            return Err(invalid(&dir.join(file_of(table)), &problem));
        }
        total += read;
    }
    if manifest.schema < ALL_COUNTERS {
        counts::recount_missing(&mut tx).await?;
    }
    for update in migrations::updates_since(manifest.schema) {
        tx.run(update, &[]).await?;
    }
    numbers::make_again(&mut tx).await?;
    if !vouched {
        // A forged row here would give an attacker the reports and signatures of another visitor.
        for table in [&schema::RECOVERIES, &schema::IDENTITIES] {
            tx.run(table.clear, &[]).await?;
        }
    }
    for (name, sha256) in &listed {
        let bytes = read_photo_file(dir, name, sha256.as_deref())?;
        pictures.write(name, bytes.into()).await?;
    }
    let missing = missing(&mut tx, &listed).await?;
    tx.commit().await?;
    Ok(BackupSummary { rows: total, photo_files: listed.len() as u64, missing })
}

/// Number of photos of reports whose file is not in the backup.
async fn missing(
    tx: &mut Tx,
    there: &[(PhotoFileName, Option<String>)],
) -> Result<u64, BackupError> {
    const ATTACHED: Sql = Sql::both("SELECT id FROM photos WHERE serial IS NOT NULL");
    let there: BTreeSet<&str> = there.iter().map(|(name, _)| name.as_str()).collect();
    let rows: Vec<(String,)> = tx.all(ATTACHED, &[]).await?;
    let lost = rows
        .iter()
        .filter(|(id,)| PhotoFileName::of(id).is_none_or(|name| !there.contains(name.as_str())));
    Ok(lost.count() as u64)
}

/// The photo files that the backup lists; each is checked against its hash.
fn listed_photos(
    manifest: &Manifest,
    dir: &Path,
) -> Result<Vec<(PhotoFileName, Option<String>)>, BackupError> {
    let path = dir.join(PHOTO_LIST);
    ensure_regular_file(&path)?;
    let text = fs::read_to_string(&path).map_err(io_error(&path))?;
    manifest.check_file_hash(dir, PHOTO_LIST, &hash(text.as_bytes()))?;
    let one = |line: &str| {
        let listed: PhotoListEntry =
            serde_json::from_str(line).map_err(|error| invalid(&path, &error.to_string()))?;
        let name = PhotoFileName::parse(&listed.name);
        let name =
            name.ok_or_else(|| invalid(&path, "names a file that is not a photo of this program"))?;
        read_photo_file(dir, &name, Some(&listed.sha256))?;
        Ok((name, Some(listed.sha256)))
    };
    text.lines().map(one).collect()
}

/// The photo files in the folder of an old backup, which has no list.
fn photos_in_folder(dir: &Path) -> Result<Vec<(PhotoFileName, Option<String>)>, BackupError> {
    let photos = dir.join("photos");
    let mut found = Vec::new();
    if photos.symlink_metadata().is_err() {
        return Ok(found);
    }
    for folder in entries(&photos)? {
        for path in entries(&folder)? {
            let name = path.strip_prefix(&photos).ok().and_then(Path::to_str);
            let name = name.and_then(PhotoFileName::parse);
            let name = name.ok_or_else(|| invalid(&path, "is not a photo file of this program"))?;
            read_photo_file(dir, &name, None)?;
            found.push((name, None));
        }
    }
    Ok(found)
}

/// Entries of a folder that must not be a symbolic link.
fn entries(folder: &Path) -> Result<Vec<std::path::PathBuf>, BackupError> {
    if !folder.symlink_metadata().map_err(io_error(folder))?.is_dir() {
        return Err(invalid(folder, "is not a folder"));
    }
    let list = fs::read_dir(folder).map_err(io_error(folder))?;
    list.map(|entry| Ok(entry.map_err(io_error(folder))?.path())).collect()
}

/// Reads a photo file and checks its hash; without a hash, the image is decoded to check it.
fn read_photo_file(
    dir: &Path,
    name: &PhotoFileName,
    sha256: Option<&str>,
) -> Result<Vec<u8>, BackupError> {
    let photos = dir.join("photos");
    let path = name.below(&photos);
    for folder in path.parent().into_iter().chain([photos.as_path()]) {
        if !folder.symlink_metadata().is_ok_and(|found| found.is_dir()) {
            return Err(invalid(folder, "is missing, or a link"));
        }
    }
    ensure_regular_file(&path)?;
    let bytes = fs::read(&path).map_err(io_error(&path))?;
    if sha256.is_some_and(|known| known != hash(&bytes)) {
        return Err(invalid(&path, "was changed since the copy was made"));
    }
    let fits = if sha256.is_some() { has_jpeg_header(&bytes) } else { is_valid_jpeg(&bytes) };
    if fits { Ok(bytes) } else { Err(invalid(&path, "is no picture")) }
}

fn hash_of_file(path: &Path) -> Result<String, BackupError> {
    ensure_regular_file(path)?;
    let mut hashed = HashingWriter::new(io::sink());
    let mut file = fs::File::open(path).map_err(io_error(path))?;
    io::copy(&mut file, &mut hashed).map_err(io_error(path))?;
    Ok(hashed.finish().1)
}

/// Reads the file of a table into the database: how many rows.
async fn read_table(
    tx: &mut Tx,
    table: &Statements,
    path: &Path,
    vouched: bool,
) -> Result<u64, BackupError> {
    let mut lines = BufReader::new(fs::File::open(path).map_err(io_error(path))?).lines();
    let mut total = 0;
    loop {
        let chunk: Result<Vec<String>, io::Error> = lines.by_ref().take(CHUNK).collect();
        let chunk = chunk.map_err(io_error(path))?;
        if chunk.is_empty() {
            return Ok(total);
        }
        total += chunk.len() as u64;
        let chunk = if table.has_secrets() { sealed(table, &chunk, &tx.seal)? } else { chunk };
        let chunk = match vouched || table.name != schema::STAFF.name {
            true => chunk,
            false => chunk.iter().map(|row| with_login_disabled(row)).collect::<Result<_, _>>()?,
        };
        tx.run(table.insert, &[format!("[{}]", chunk.join(",")).into()]).await?;
    }
}

/// A staff row with the account disabled and no usable password.
fn with_login_disabled(row: &str) -> Result<String, BackupError> {
    let mut row = object(row)?;
    row.insert("active".into(), 0.into());
    row.insert("password".into(), "void".into());
    Ok(Json::Object(row).to_string())
}

/// Rows of a backup, encrypted by the current secret. Plain-text rows of old backups are encrypted;
/// encrypted ones must decrypt.
fn sealed(table: &Statements, rows: &[String], seal: &Seal) -> Result<Vec<String>, BackupError> {
    let one = |row: &String| {
        let mut row = object(row)?;
        table.seal_row(&mut row, seal)?;
        table.open_row(&mut row.clone(), seal)?;
        Ok::<_, StoreError>(Json::Object(row).to_string())
    };
    let fault = |error| BackupError::Invalid(format!("{error}; nothing was changed"));
    rows.iter().map(one).collect::<Result<_, _>>().map_err(fault)
}

//! `backup`: all tables as JSON lines and all photo files, in a format that both databases can
//! restore. `manifest` describes the folder.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufWriter, Write},
    path::Path,
};

use futures::TryStreamExt;
use serde_json::json;

use super::manifest::{BackupError, HashingWriter, Manifest, PHOTO_LIST, create, hash, io_error};
use crate::{
    base::Store,
    report::photo_store::PhotoStore,
    sql::{
        connection::{Db, Tx, private_folder},
        schema,
        table::Statements,
    },
};

/// Size of a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupSummary {
    /// Rows of all tables.
    pub rows: u64,
    /// Files of pictures.
    pub photo_files: u64,
    /// Photos without a file: withdrawn while the backup was made, or lost.
    pub missing: u64,
}

impl Store {
    /// Writes a consistent copy of all tables and pictures into the empty or new folder
    /// `dir`, while others write.
    ///
    /// # Errors
    /// [`BackupError`], naming the file or table.
    pub async fn backup(
        &self,
        pictures: &PhotoStore,
        dir: &Path,
    ) -> Result<BackupSummary, BackupError> {
        write(&self.db, pictures, dir).await
    }
}

/// Writes a copy of one committed state, and of all pictures that it names.
async fn write(db: &Db, pictures: &PhotoStore, dir: &Path) -> Result<BackupSummary, BackupError> {
    private_folder(dir).map_err(io_error(dir))?;
    if fs::read_dir(dir).map_err(io_error(dir))?.next().is_some() {
        return Err(BackupError::Invalid(format!("{} is not empty", dir.display())));
    }
    let mut tx = db.snapshot().await?;
    let (mut tables, mut hashes) = (Vec::new(), BTreeMap::new());
    for table in schema::copied() {
        let name = file_of(table);
        let (rows, hash) = write_table(&mut tx, table, &dir.join(&name)).await?;
        tables.push((table.name.to_owned(), rows));
        hashes.insert(name, hash);
    }
    drop(tx);
    // After the rows, so that every row in the backup has its files.
    let (copied, hash) = write_photos(pictures, dir).await?;
    hashes.insert(PHOTO_LIST.to_owned(), hash);
    let rows = tables.iter().map(|(_, rows)| rows).sum();
    Manifest::new(tables, hashes).write(dir, &db.seal)?;
    Ok(BackupSummary { rows, photo_files: copied, missing: 0 })
}

/// The file of a table.
pub fn file_of(table: &Statements) -> String {
    format!("{}.jsonl", table.name)
}

/// Writes lines into a new file: how many there were, and their hash.
struct Lines<'p> {
    path: &'p Path,
    out: HashingWriter<BufWriter<fs::File>>,
    count: u64,
}

impl<'p> Lines<'p> {
    fn create(path: &'p Path) -> Result<Self, BackupError> {
        let inner = BufWriter::new(create(path)?);
        Ok(Self { path, out: HashingWriter::new(inner), count: 0 })
    }

    fn add(&mut self, line: &str) -> Result<(), BackupError> {
        self.count += 1;
        writeln!(self.out, "{line}").map_err(io_error(self.path))
    }

    fn finish(self) -> Result<(u64, String), BackupError> {
        let (inner, hash) = self.out.finish();
        let file = inner.into_inner().map_err(|error| io_error(self.path)(error.into_error()))?;
        file.sync_all().map_err(io_error(self.path))?;
        Ok((self.count, hash))
    }
}

async fn write_table(
    tx: &mut Tx,
    table: &Statements,
    path: &Path,
) -> Result<(u64, String), BackupError> {
    let mut out = Lines::create(path)?;
    let mut lines = tx.lines(table.all);
    while let Some(line) = lines.try_next().await? {
        out.add(&line)?;
    }
    out.finish()
}

async fn write_photos(pictures: &PhotoStore, dir: &Path) -> Result<(u64, String), BackupError> {
    let path = dir.join(PHOTO_LIST);
    let mut out = Lines::create(&path)?;
    let mut names = pictures.names();
    while let Some(name) = names.try_next().await? {
        // Deleted by the sweep job since it was listed.
        let Some(bytes) = pictures.read(&name).await? else { continue };
        let path = name.below(&dir.join("photos"));
        if let Some(folder) = path.parent() {
            private_folder(folder).map_err(io_error(folder))?;
        }
        let mut file = create(&path)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(io_error(&path))?;
        out.add(&json!({ "name": name.as_str(), "sha256": hash(&bytes) }).to_string())?;
    }
    out.finish()
}

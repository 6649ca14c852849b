//! `backup`: all tables as lines of JSON and all pictures, so that a copy made from one
//! database can fill the other. `manifest` says what such a folder holds.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufWriter, Write},
    path::Path,
};

use futures::TryStreamExt;
use serde_json::json;

use super::manifest::{BackupError, Hashed, Manifest, PICTURES, at, create, hash};
use crate::{
    base::Store,
    report::photo::Pictures,
    sql::{
        connection::{Db, Tx, private_folder},
        schema,
        table::Statements,
    },
};

/// How much a copy holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Rows of all tables.
    pub rows: u64,
    /// Files of pictures.
    pub pictures: u64,
    /// Photos of reports without a picture: taken back while the copy was made, or lost.
    pub missing: u64,
}

impl Store {
    /// Writes a consistent copy of all tables and pictures into the empty or new folder
    /// `dir`, while others write.
    ///
    /// # Errors
    /// [`BackupError`], naming the file or table.
    pub async fn backup(&self, pictures: &Pictures, dir: &Path) -> Result<Copied, BackupError> {
        write(&self.db, pictures, dir).await
    }
}

/// Writes a copy of one committed state, and of all pictures that it names.
async fn write(db: &Db, pictures: &Pictures, dir: &Path) -> Result<Copied, BackupError> {
    private_folder(dir).map_err(at(dir))?;
    if fs::read_dir(dir).map_err(at(dir))?.next().is_some() {
        return Err(BackupError::Unfit(format!("{} is not empty", dir.display())));
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
    // After the rows: every row that was copied has its picture.
    let (copied, hash) = write_pictures(pictures, dir).await?;
    hashes.insert(PICTURES.to_owned(), hash);
    let rows = tables.iter().map(|(_, rows)| rows).sum();
    Manifest::new(tables, hashes).write(dir, &db.seal)?;
    Ok(Copied { rows, pictures: copied, missing: 0 })
}

/// The file of a table.
pub fn file_of(table: &Statements) -> String {
    format!("{}.jsonl", table.name)
}

/// Writes lines into a new file: how many there were, and their hash.
struct Lines<'p> {
    path: &'p Path,
    out: Hashed<BufWriter<fs::File>>,
    count: u64,
}

impl<'p> Lines<'p> {
    fn create(path: &'p Path) -> Result<Self, BackupError> {
        let inner = BufWriter::new(create(path)?);
        Ok(Self { path, out: Hashed::new(inner), count: 0 })
    }

    fn add(&mut self, line: &str) -> Result<(), BackupError> {
        self.count += 1;
        writeln!(self.out, "{line}").map_err(at(self.path))
    }

    fn finish(self) -> Result<(u64, String), BackupError> {
        let (inner, hash) = self.out.finish();
        let file = inner.into_inner().map_err(|error| at(self.path)(error.into_error()))?;
        file.sync_all().map_err(at(self.path))?;
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

async fn write_pictures(pictures: &Pictures, dir: &Path) -> Result<(u64, String), BackupError> {
    let path = dir.join(PICTURES);
    let mut out = Lines::create(&path)?;
    let mut names = pictures.names();
    while let Some(name) = names.try_next().await? {
        // One that was swept away since is not missed.
        let Some(bytes) = pictures.read(&name).await? else { continue };
        let path = name.below(&dir.join("photos"));
        if let Some(folder) = path.parent() {
            private_folder(folder).map_err(at(folder))?;
        }
        let mut file = create(&path)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(at(&path))?;
        out.add(&json!({ "name": name.as_str(), "sha256": hash(&bytes) }).to_string())?;
    }
    out.finish()
}

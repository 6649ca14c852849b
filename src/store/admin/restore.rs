//! `restore`: an empty database and photo store filled from a copy, all of it or nothing.
//!
//! What a copy says is believed only where its manifest says so, and that only where the
//! secret's owner wrote it. One of an older version proves nothing: nobody can log in by it.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, BufRead, BufReader},
    path::Path,
};

use serde::Deserialize;
use serde_json::Value as Json;

use super::{
    backup::{Copied, file_of},
    manifest::{BackupError, Hashed, Manifest, PICTURES, at, hash, plain, unfit},
};
use crate::{
    base::Store,
    counts,
    encryption::cipher::Seal,
    error::StoreError,
    report::photo::{PictureName, Pictures, is_picture, is_whole_picture},
    sql::{
        connection::{Db, Tx},
        migrations, schema,
        statement::Sql,
        table::{Statements, object},
    },
};

/// The schema since which a copy has all counters.
const ALL_COUNTERS: u32 = 3;

/// Rows that are read back in one statement.
const CHUNK: usize = 1000;

/// A picture of a copy, as its list says.
#[derive(Debug, Deserialize)]
struct Listed {
    name: String,
    sha256: String,
}

impl Store {
    /// Fills an empty database and photo store from the copy in `dir`, whichever database it
    /// was made from. With `unsealed` also from a copy of an older version, which nobody
    /// vouches for: staff come disabled then, and their passwords void.
    ///
    /// # Errors
    /// [`BackupError`], also when the copy was changed, or the database holds something.
    pub async fn restore(
        &self,
        pictures: &Pictures,
        dir: &Path,
        unsealed: bool,
    ) -> Result<Copied, BackupError> {
        read(&self.db, pictures, dir, unsealed).await
    }
}

/// Fills an empty database and photo store from a copy. With `unsealed` also from one that
/// nobody vouches for: its staff are disabled then, and their passwords void.
async fn read(
    db: &Db,
    pictures: &Pictures,
    dir: &Path,
    unsealed: bool,
) -> Result<Copied, BackupError> {
    let manifest = Manifest::read(dir, &db.seal, unsealed)?;
    let mut tx = db.begin().await?;
    let (stored, revision): (i64, i64) = tx
        .one(Sql::both("SELECT (SELECT COUNT(*) FROM signatures) + (SELECT COUNT(*) FROM reports), revision FROM ledger"), &[])
        .await?;
    if stored > 0 || revision > 0 {
        return Err(BackupError::Unfit("the database is not empty; nothing was changed".into()));
    }
    let vouched = manifest.vouched;
    for table in schema::copied_at(manifest.schema) {
        let name = file_of(table);
        manifest.compare(dir, &name, &hash_of_file(&dir.join(&name))?)?;
    }
    let listed = match vouched {
        true => listed_pictures(&manifest, dir)?,
        false => found_pictures(dir)?,
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
            let problem = format!("has {read} rows where the manifest says {rows}");
            return Err(unfit(&dir.join(file_of(table)), &problem));
        }
        total += read;
    }
    if manifest.schema < ALL_COUNTERS {
        counts::derive(&mut tx).await?;
    }
    for update in migrations::updates_since(manifest.schema) {
        tx.run(update, &[]).await?;
    }
    if !vouched {
        // By a line of these somebody becomes another person, who has reports and signatures.
        for table in [&schema::RECOVERIES, &schema::IDENTITIES] {
            tx.run(table.clear, &[]).await?;
        }
    }
    for (name, sha256) in &listed {
        let bytes = picture(dir, name, sha256.as_deref())?;
        pictures.write(name, bytes.into()).await?;
    }
    let missing = missing(&mut tx, &listed).await?;
    tx.commit().await?;
    Ok(Copied { rows: total, pictures: listed.len() as u64, missing })
}

/// How many photos of reports have no picture in the copy.
async fn missing(tx: &mut Tx, there: &[(PictureName, Option<String>)]) -> Result<u64, BackupError> {
    const ATTACHED: Sql = Sql::both("SELECT id FROM photos WHERE serial IS NOT NULL");
    let there: BTreeSet<&str> = there.iter().map(|(name, _)| name.as_str()).collect();
    let rows: Vec<(String,)> = tx.all(ATTACHED, &[]).await?;
    let lost = rows
        .iter()
        .filter(|(id,)| PictureName::of(id).is_none_or(|name| !there.contains(name.as_str())));
    Ok(lost.count() as u64)
}

/// The pictures that a copy lists, each seen to be there as it was.
fn listed_pictures(
    manifest: &Manifest,
    dir: &Path,
) -> Result<Vec<(PictureName, Option<String>)>, BackupError> {
    let path = dir.join(PICTURES);
    plain(&path)?;
    let text = fs::read_to_string(&path).map_err(at(&path))?;
    manifest.compare(dir, PICTURES, &hash(text.as_bytes()))?;
    let one = |line: &str| {
        let listed: Listed =
            serde_json::from_str(line).map_err(|error| unfit(&path, &error.to_string()))?;
        let name = PictureName::parse(&listed.name);
        let name = name.ok_or_else(|| unfit(&path, "names what is no picture of ours"))?;
        picture(dir, &name, Some(&listed.sha256))?;
        Ok((name, Some(listed.sha256)))
    };
    text.lines().map(one).collect()
}

/// The pictures that lie in a copy which lists none.
fn found_pictures(dir: &Path) -> Result<Vec<(PictureName, Option<String>)>, BackupError> {
    let photos = dir.join("photos");
    let mut found = Vec::new();
    if photos.symlink_metadata().is_err() {
        return Ok(found);
    }
    for folder in entries(&photos)? {
        for path in entries(&folder)? {
            let name = path.strip_prefix(&photos).ok().and_then(Path::to_str);
            let name = name.and_then(PictureName::parse);
            let name = name.ok_or_else(|| unfit(&path, "is no picture of ours"))?;
            picture(dir, &name, None)?;
            found.push((name, None));
        }
    }
    Ok(found)
}

/// What lies in a folder that is none by a link.
fn entries(folder: &Path) -> Result<Vec<std::path::PathBuf>, BackupError> {
    if !folder.symlink_metadata().map_err(at(folder))?.is_dir() {
        return Err(unfit(folder, "is a link, or no folder"));
    }
    let list = fs::read_dir(folder).map_err(at(folder))?;
    list.map(|entry| Ok(entry.map_err(at(folder))?.path())).collect()
}

/// A picture of a copy. One without a hash to compare is decoded whole.
fn picture(dir: &Path, name: &PictureName, sha256: Option<&str>) -> Result<Vec<u8>, BackupError> {
    let photos = dir.join("photos");
    let path = name.below(&photos);
    for folder in path.parent().into_iter().chain([photos.as_path()]) {
        if !folder.symlink_metadata().is_ok_and(|found| found.is_dir()) {
            return Err(unfit(folder, "is missing, or a link"));
        }
    }
    plain(&path)?;
    let bytes = fs::read(&path).map_err(at(&path))?;
    if sha256.is_some_and(|known| known != hash(&bytes)) {
        return Err(unfit(&path, "was changed since the copy was made"));
    }
    let fits = if sha256.is_some() { is_picture(&bytes) } else { is_whole_picture(&bytes) };
    if fits { Ok(bytes) } else { Err(unfit(&path, "is no picture")) }
}

fn hash_of_file(path: &Path) -> Result<String, BackupError> {
    plain(path)?;
    let mut hashed = Hashed::new(io::sink());
    let mut file = fs::File::open(path).map_err(at(path))?;
    io::copy(&mut file, &mut hashed).map_err(at(path))?;
    Ok(hashed.finish().1)
}

/// Reads the file of a table into the database: how many rows.
async fn read_table(
    tx: &mut Tx,
    table: &Statements,
    path: &Path,
    vouched: bool,
) -> Result<u64, BackupError> {
    let mut lines = BufReader::new(fs::File::open(path).map_err(at(path))?).lines();
    let mut total = 0;
    loop {
        let chunk: Result<Vec<String>, io::Error> = lines.by_ref().take(CHUNK).collect();
        let chunk = chunk.map_err(at(path))?;
        if chunk.is_empty() {
            return Ok(total);
        }
        total += chunk.len() as u64;
        let chunk = if table.has_secrets() { sealed(table, &chunk, &tx.seal)? } else { chunk };
        let chunk = match vouched || table.name != schema::STAFF.name {
            true => chunk,
            false => chunk.iter().map(|row| shut_out(row)).collect::<Result<_, _>>()?,
        };
        tx.run(table.insert, &[format!("[{}]", chunk.join(",")).into()]).await?;
    }
}

/// A member of staff who cannot come in: disabled, and by no password.
fn shut_out(row: &str) -> Result<String, BackupError> {
    let mut row = object(row)?;
    row.insert("active".into(), 0.into());
    row.insert("password".into(), "void".into());
    Ok(Json::Object(row).to_string())
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

//! What a copy says of itself: which tables and pictures it holds, the hash of each file, and
//! a code over all of that which only the owner of the secret can write.
//!
//! `manifest.json` names every other file with its SHA-256; `manifest.mac` holds HMAC-SHA256
//! over `manifest.json`. Copies of versions before schema 10 have neither hashes nor a code.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{encryption::cipher::Seal, error::StoreError, sql::schema};

/// The newest schema this program writes; a copy of a newer one is refused.
pub const SCHEMA: u32 = 10;

/// The schema since which every copy has a code.
const VOUCHED: u32 = 10;

const FORMAT: &str = "chuangquan-backup";
const MANIFEST: &str = "manifest.json";
const CODE: &str = "manifest.mac";

/// The file that lists the pictures, a line of JSON for each.
pub const PICTURES: &str = "pictures.jsonl";

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
    /// The database or the photo store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder or the database is not as it must be.
    #[error("{0}")]
    Unfit(String),
}

/// What the system said of a file.
pub fn at(file: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let file = file.to_owned();
    move |source| BackupError::File { file, source }
}

/// A file that is not as it must be.
pub fn unfit(file: &Path, problem: &str) -> BackupError {
    BackupError::Unfit(format!("{}: {problem}; nothing was changed", file.display()))
}

/// What a folder holds.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    format: String,
    pub schema: u32,
    /// Each table with its number of rows.
    tables: Vec<(String, u64)>,
    /// The hash of each file, as hexadecimal digits.
    #[serde(default)]
    sha256: BTreeMap<String, String>,
    /// Whether the secret vouches for all of that. Nothing that the copy says makes it so.
    #[serde(skip)]
    pub vouched: bool,
}

impl Manifest {
    /// Of a copy that is made now.
    pub fn new(tables: Vec<(String, u64)>, sha256: BTreeMap<String, String>) -> Self {
        Self { format: FORMAT.into(), schema: SCHEMA, tables, sha256, vouched: true }
    }

    /// Writes it and the code over it, as the last files of a copy.
    pub fn write(&self, dir: &Path, seal: &Seal) -> Result<(), BackupError> {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        for (name, content) in [(MANIFEST, text.clone()), (CODE, seal.code(text.as_bytes())?)] {
            let path = dir.join(name);
            let mut file = create(&path)?;
            let written = file.write_all(content.as_bytes()).and_then(|()| file.sync_all());
            written.map_err(at(&path))?;
        }
        File::open(dir).and_then(|folder| folder.sync_all()).map_err(at(dir))
    }

    /// Reads it. With `unsealed` one without a code is taken, of an older version.
    pub fn read(dir: &Path, seal: &Seal, unsealed: bool) -> Result<Self, BackupError> {
        let path = dir.join(MANIFEST);
        let text = read(&path)?;
        let code = dir.join(CODE);
        let vouched = code.symlink_metadata().is_ok();
        if vouched {
            let written = read(&code)?;
            if !seal.wrote(&text, &String::from_utf8_lossy(&written)) {
                let problem = "the copy was changed, or was sealed by another secret";
                return Err(unfit(&path, problem));
            }
        } else if !unsealed {
            return Err(unfit(
                &path,
                "there is no code over it, so anybody may have changed the copy. One of a \
                 version that wrote none is restored by `restore --unsealed`: staff come \
                 disabled then",
            ));
        }
        let read: Self =
            serde_json::from_slice(&text).map_err(|error| unfit(&path, &error.to_string()))?;
        let manifest = Self { vouched, ..read };
        let mut names: Vec<&str> = manifest.tables.iter().map(|(name, _)| name.as_str()).collect();
        let mut wanted: Vec<&str> = schema::copied_at(manifest.schema).map(|t| t.name).collect();
        names.sort_unstable();
        wanted.sort_unstable();
        if manifest.format != FORMAT || !(1..=SCHEMA).contains(&manifest.schema) {
            return Err(unfit(&path, "is not of a copy that this version can read"));
        }
        if manifest.schema >= VOUCHED && !vouched {
            return Err(unfit(&path, "the code that every copy of its version has is missing"));
        }
        if names != wanted {
            let problem = format!("a copy of schema {} has all of {wanted:?}", manifest.schema);
            return Err(unfit(&path, &problem));
        }
        for entry in fs::read_dir(dir).map_err(at(dir))? {
            let name = entry.map_err(at(dir))?.file_name().to_string_lossy().into_owned();
            let of_a_table = name.strip_suffix(".jsonl").filter(|_| name != PICTURES);
            if of_a_table.is_some_and(|table| !names.contains(&table)) {
                return Err(unfit(&dir.join(name), "is not named by the manifest"));
            }
        }
        Ok(manifest)
    }

    /// How many rows the copy has of a table.
    pub fn rows_of(&self, table: &str) -> u64 {
        self.tables.iter().find(|(name, _)| name == table).map_or(0, |(_, rows)| *rows)
    }

    /// Fails where a file has another hash than when the copy was made. One that nobody vouches
    /// for has none that would say anything.
    pub fn compare(&self, dir: &Path, name: &str, sha256: &str) -> Result<(), BackupError> {
        match self.sha256.get(name) {
            Some(known) if known == sha256 => Ok(()),
            _ if !self.vouched => Ok(()),
            _ => Err(unfit(&dir.join(name), "was changed since the copy was made")),
        }
    }
}

/// What is written, and hashed on the way.
pub struct Hashed<W> {
    inner: W,
    hash: Sha256,
}

impl<W: Write> Hashed<W> {
    pub fn new(inner: W) -> Self {
        Self { inner, hash: Sha256::new() }
    }

    /// What it was written to, and the hash as hexadecimal digits.
    pub fn finish(self) -> (W, String) {
        (self.inner, hex(&self.hash.finalize()))
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The hash of `bytes`, as hexadecimal digits.
pub fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A new file that only its owner reads.
pub fn create(path: &Path) -> Result<File, BackupError> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(at(path))
}

/// A file itself: a link could lead to any other of the machine.
pub fn plain(path: &Path) -> Result<(), BackupError> {
    match path.symlink_metadata().map_err(at(path))?.file_type() {
        kind if kind.is_file() => Ok(()),
        _ => Err(unfit(path, "is a link, or no file")),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, BackupError> {
    plain(path)?;
    fs::read(path).map_err(at(path))
}

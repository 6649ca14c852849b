//! Backup manifest: which tables and photos a backup holds, and the SHA-256 of each file, signed by
//! a key derived from the installation secret.
//!
//! `manifest.json` lists every other file with its SHA-256; `manifest.mac` is HMAC-SHA256 over
//! `manifest.json`. Backups of schemas before 10 have neither hashes nor a MAC.

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
pub const SCHEMA: u32 = 15;

/// Backups of this schema and later always have a MAC.
const MAC_SINCE_SCHEMA: u32 = 10;

const FORMAT: &str = "chuangquan-backup";
const MANIFEST: &str = "manifest.json";
const MAC_FILE: &str = "manifest.mac";

/// The file that lists the pictures, a line of JSON for each.
pub const PHOTO_LIST: &str = "pictures.jsonl";

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
    Invalid(String),
}

/// What the system said of a file.
pub fn io_error(file: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let file = file.to_owned();
    move |source| BackupError::File { file, source }
}

/// A file that is not as it must be.
pub fn invalid(file: &Path, problem: &str) -> BackupError {
    BackupError::Invalid(format!("{}: {problem}; nothing was changed", file.display()))
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
    /// Whether the MAC was verified. Never read from the file: a forged backup could claim it.
    #[serde(skip)]
    pub authenticated: bool,
}

impl Manifest {
    /// Of a copy that is made now.
    pub fn new(tables: Vec<(String, u64)>, sha256: BTreeMap<String, String>) -> Self {
        Self { format: FORMAT.into(), schema: SCHEMA, tables, sha256, authenticated: true }
    }

    /// Writes the manifest and its MAC, as the last files of a backup.
    pub fn write(&self, dir: &Path, seal: &Seal) -> Result<(), BackupError> {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        for (name, content) in
            [(MANIFEST, text.clone()), (MAC_FILE, seal.backup_mac(text.as_bytes())?)]
        {
            let path = dir.join(name);
            let mut file = create(&path)?;
            let written = file.write_all(content.as_bytes()).and_then(|()| file.sync_all());
            written.map_err(io_error(&path))?;
        }
        File::open(dir).and_then(|folder| folder.sync_all()).map_err(io_error(dir))
    }

    /// Reads the manifest and verifies its MAC. With `unsealed`, a missing MAC is accepted if the
    /// schema is older than 10.
    pub fn read(dir: &Path, seal: &Seal, unsealed: bool) -> Result<Self, BackupError> {
        let path = dir.join(MANIFEST);
        let text = read(&path)?;
        let mac_path = dir.join(MAC_FILE);
        let vouched = mac_path.symlink_metadata().is_ok();
        if vouched {
            let written = read(&mac_path)?;
            if !seal.verify_mac(&text, &String::from_utf8_lossy(&written)) {
                let problem =
                    "the MAC does not fit: the backup was changed, or was sealed by another secret";
                return Err(invalid(&path, problem));
            }
        } else if !unsealed {
            return Err(invalid(
                &path,
                "it has no MAC (manifest.mac), so anybody may have changed the backup. A backup of an old \
                 version without MAC is restored by `restore --unsealed`: staff are \
                 disabled then",
            ));
        }
        let read: Self =
            serde_json::from_slice(&text).map_err(|error| invalid(&path, &error.to_string()))?;
        let manifest = Self { authenticated: vouched, ..read };
        let mut names: Vec<&str> = manifest.tables.iter().map(|(name, _)| name.as_str()).collect();
        let mut wanted: Vec<&str> = schema::copied_at(manifest.schema).map(|t| t.name).collect();
        names.sort_unstable();
        wanted.sort_unstable();
        if manifest.format != FORMAT || !(1..=SCHEMA).contains(&manifest.schema) {
            return Err(invalid(&path, "is not of a copy that this version can read"));
        }
        if manifest.schema >= MAC_SINCE_SCHEMA && !vouched {
            return Err(invalid(
                &path,
                "manifest.mac is missing, which every backup of this schema has",
            ));
        }
        if names != wanted {
            let problem = format!("a copy of schema {} has all of {wanted:?}", manifest.schema);
            return Err(invalid(&path, &problem));
        }
        for entry in fs::read_dir(dir).map_err(io_error(dir))? {
            let name = entry.map_err(io_error(dir))?.file_name().to_string_lossy().into_owned();
            let of_a_table = name.strip_suffix(".jsonl").filter(|_| name != PHOTO_LIST);
            if of_a_table.is_some_and(|table| !names.contains(&table)) {
                return Err(invalid(&dir.join(name), "is not named by the manifest"));
            }
        }
        Ok(manifest)
    }

    /// How many rows the copy has of a table.
    pub fn rows_of(&self, table: &str) -> u64 {
        self.tables.iter().find(|(name, _)| name == table).map_or(0, |(_, rows)| *rows)
    }

    /// Fails if the file has another hash than the manifest says. In an unauthenticated backup a
    /// missing or different hash is ignored: it proves nothing.
    pub fn check_file_hash(&self, dir: &Path, name: &str, sha256: &str) -> Result<(), BackupError> {
        match self.sha256.get(name) {
            Some(known) if known == sha256 => Ok(()),
            _ if !self.authenticated => Ok(()),
            _ => Err(invalid(&dir.join(name), "was changed since the copy was made")),
        }
    }
}

/// What is written, and hashed on the way.
pub struct HashingWriter<W> {
    inner: W,
    hash: Sha256,
}

impl<W: Write> HashingWriter<W> {
    pub fn new(inner: W) -> Self {
        Self { inner, hash: Sha256::new() }
    }

    /// What it was written to, and the hash as hexadecimal digits.
    pub fn finish(self) -> (W, String) {
        (self.inner, hex(&self.hash.finalize()))
    }
}

impl<W: Write> Write for HashingWriter<W> {
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
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(io_error(path))
}

/// Fails for anything but a regular file: a symbolic link could point to any file of the machine.
pub fn ensure_regular_file(path: &Path) -> Result<(), BackupError> {
    match path.symlink_metadata().map_err(io_error(path))?.file_type() {
        kind if kind.is_file() => Ok(()),
        _ => Err(invalid(path, "is not a regular file")),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, BackupError> {
    ensure_regular_file(path)?;
    fs::read(path).map_err(io_error(path))
}

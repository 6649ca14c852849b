//! The secret file: 64 random bytes, from which all keys are derived, readable only by its owner.
//! During a rotation it holds several secrets.

use std::{
    fmt, fs,
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown},
    path::{Path, PathBuf},
};

use axum_extra::extract::cookie::Key;
use service::keyed_hash::HashKeys;
use store::{Seal, Store};

use crate::session::cookies::CookieKeys;

/// Length of a secret, in bytes.
const LENGTH: usize = 64;

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
#[error("the secret file {file}: {problem}")]
pub struct SecretError {
    file: String,
    problem: String,
}

/// The secrets of an installation, the newest first: that one signs and seals, the others
/// still verify and open.
#[derive(Clone)]
pub struct Secrets(Vec<u8>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

impl Secrets {
    /// Splits the file into secrets; a rest shorter than a secret is ignored.
    ///
    /// # Errors
    /// How many bytes there are, where there is not even one secret.
    pub fn of(bytes: Vec<u8>) -> Result<Self, usize> {
        if bytes.len() < LENGTH { Err(bytes.len()) } else { Ok(Self(bytes)) }
    }

    fn all(&self) -> impl Iterator<Item = &[u8]> {
        self.0.chunks_exact(LENGTH)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.all().count()
    }

    /// Keys that sign cookies.
    #[must_use]
    pub fn cookies(&self) -> CookieKeys {
        let mut keys = self.all().map(Key::from);
        let newest = keys.next().unwrap_or_else(Key::generate);
        CookieKeys::new(newest, keys)
    }

    /// Keys of hashes.
    #[must_use]
    pub fn keys(&self) -> HashKeys {
        HashKeys::of(self.all())
    }

    /// What seals rows.
    #[must_use]
    pub fn seal(&self) -> Seal {
        Seal::of(self.all())
    }

    /// With a new secret appended: every node must know it before one uses it.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn with_new(&self) -> io::Result<Self> {
        let mut new = [0; LENGTH];
        getrandom::fill(&mut new).map_err(io::Error::other)?;
        Ok(Self(self.all().chain([&new[..]]).collect::<Vec<_>>().concat()))
    }

    /// What the secrets are called, the newest first. A name tells nothing of its secret.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.seal().names().collect()
    }

    /// With the one of that name first; `None` where there is none.
    #[must_use]
    pub fn with_first(&self, name: &str) -> Option<Self> {
        let index = self.names().iter().position(|known| known == name)?;
        let mut all: Vec<&[u8]> = self.all().collect();
        let first = all.remove(index);
        all.insert(0, first);
        Some(Self(all.concat()))
    }

    /// The first one alone, and all others.
    #[must_use]
    pub fn split_newest(&self) -> (Self, Self) {
        let (first, rest) = self.0.split_at(LENGTH.min(self.0.len()));
        (Self(first.to_vec()), Self(rest.to_vec()))
    }
}

/// Reads the secrets of the database at `url`. A first secret is created only if the database is
/// new: an existing one is encrypted with a secret that must not be replaced.
///
/// # Errors
/// [`SecretError`] when it can neither be read nor made, or is too short.
pub async fn of_database(path: &Path, url: &str) -> Result<Secrets, SecretError> {
    if !path.try_exists().map_err(|error| fault(path, error))? {
        if !Store::is_new(url).await.map_err(|error| fault(path, error))? {
            return Err(fault(
                path,
                "is missing, but the database is encrypted with it: put it back",
            ));
        }
        make(path).map_err(|error| fault(path, error))?;
    }
    read(path)
}

/// Appends retired secrets to a second file: older backups can only be decrypted with them.
///
/// # Errors
/// [`SecretError`].
pub fn append_retired(path: &Path, old: &Secrets) -> Result<PathBuf, SecretError> {
    let aside = path.with_extension("retired");
    let add = || {
        let mut options = fs::OpenOptions::new();
        let mut file = options.append(true).create(true).mode(0o600).open(&aside)?;
        file.write_all(&old.0)?;
        file.sync_all()?;
        fs::File::open(folder_of(path))?.sync_all()
    };
    add().map_err(|error| fault(&aside, error))?;
    Ok(aside)
}

/// Reads the secrets.
///
/// # Errors
/// [`SecretError`].
pub fn read(path: &Path) -> Result<Secrets, SecretError> {
    let bytes = fs::read(path).map_err(|error| fault(path, error))?;
    if others_read(path) {
        return Err(fault(path, "can be read by others: chmod 600"));
    }
    let short = |length| fault(path, format!("has {length} bytes and needs {LENGTH}"));
    Secrets::of(bytes).map_err(short)
}

fn fault(path: &Path, problem: impl fmt::Display) -> SecretError {
    SecretError { file: path.display().to_string(), problem: problem.to_string() }
}

/// Replaces the secret file atomically.
///
/// # Errors
/// [`SecretError`].
pub fn replace(path: &Path, secrets: &Secrets) -> Result<(), SecretError> {
    let owner = fs::metadata(path).map_err(|error| fault(path, error))?;
    let written = write_temporary(path, &secrets.0).and_then(|half| {
        // Keeps owner and group of the old file.
        chown(&half, Some(owner.uid()), Some(owner.gid()))?;
        fs::rename(half, path)?;
        fs::File::open(folder_of(path))?.sync_all()
    });
    written.map_err(|error| fault(path, error))
}

fn others_read(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes `bytes` beside `path`, under a name that nobody else uses.
fn write_temporary(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    // A random name: in a container every process has the same pid.
    let mut name = [0; 8];
    getrandom::fill(&mut name).map_err(io::Error::other)?;
    let half = path.with_extension(format!("{:016x}.half", u64::from_ne_bytes(name)));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&half)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(half)
}

/// Creates the file atomically: written under a temporary name and then linked, so that neither a
/// power cut nor a concurrent start leaves an incomplete file.
fn make(path: &Path) -> io::Result<()> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    fs::create_dir_all(folder_of(path))?;
    let half = write_temporary(path, &bytes)?;
    let named = fs::hard_link(&half, path);
    fs::remove_file(&half)?;
    match named {
        // Another start was quicker: its is the one.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        named => named.and_then(|()| fs::File::open(folder_of(path))?.sync_all()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those of a database that is new.
    async fn first(path: &Path) -> Result<Secrets, SecretError> {
        let url = format!("sqlite://{}", path.with_extension("db").display());
        of_database(path, &url).await
    }

    #[tokio::test]
    async fn is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below/secret");
        let made = first(&path).await.unwrap().0;
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(first(&path).await.unwrap().0, made);
    }

    #[tokio::test]
    async fn nothing_half_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let made = first(&path).await.unwrap().0;
        // As a second start does that found none a moment ago.
        make(&path).unwrap();
        assert_eq!(first(&path).await.unwrap().0, made, "the first is the one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_short_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, b"short").unwrap();
        let error = first(&path).await.err().unwrap().to_string();
        assert!(error.contains("can be read by others"), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let error = first(&path).await.err().unwrap().to_string();
        assert!(error.contains("has 5 bytes"), "{error}");
    }

    #[tokio::test]
    async fn changing_it_never_leaves_what_was_sealed_closed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let first = first(&path).await.unwrap();
        let by_first = first.seal().seal("reports/1", "门口").unwrap();
        let both = first.with_new().unwrap();
        replace(&path, &both).unwrap();
        let both = read(&path).unwrap();
        assert!(both.seal().is_newest(&by_first), "the new one is known, and not used");
        let [old, new] = both.names().try_into().unwrap();
        let turned = both.with_first(&new).unwrap();
        assert_eq!(turned.names(), [new.clone(), old]);
        assert_eq!(turned.with_first(&new).unwrap().names(), turned.names(), "not back again");
        assert!(turned.with_first("none").is_none());
        let by_second = turned.seal().seal("reports/1", "门口").unwrap();
        for secrets in [&both, &turned] {
            for closed in [&by_first, &by_second] {
                assert_eq!(secrets.seal().open("reports/1", closed).unwrap(), "门口");
            }
        }
        let (alone, rest) = turned.split_newest();
        assert_eq!(rest.0, first.0);
        replace(&path, &alone).unwrap();
        let seal = read(&path).unwrap().seal();
        assert!(seal.open("reports/1", &by_second).is_ok());
        assert!(seal.open("reports/1", &by_first).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

//! The secret file: 64 random bytes that sign cookies, readable by its owner only.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use axum_extra::extract::cookie::Key;

/// Length of the secret, in bytes.
const LENGTH: usize = 64;

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
#[error("the secret file {file}: {problem}")]
pub struct SecretError {
    file: String,
    problem: String,
}

/// Reads the secret, or makes one where there is none.
///
/// # Errors
/// [`SecretError`] when it can neither be read nor made, or is too short.
pub fn read_or_make(path: &Path) -> Result<Key, SecretError> {
    let fault = |problem: String| SecretError { file: path.display().to_string(), problem };
    match fs::read(path) {
        Ok(_) if others_read(path) => {
            Err(fault("can be read by others; make it its owner's alone (chmod 600)".into()))
        }
        Ok(bytes) if bytes.len() >= LENGTH => Ok(Key::from(&bytes)),
        Ok(bytes) => Err(fault(format!("has {} bytes and needs {LENGTH}", bytes.len()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(path).map_err(|error| fault(error.to_string()))?;
            let bytes = fs::read(path).map_err(|error| fault(error.to_string()))?;
            Ok(Key::from(&bytes))
        }
        Err(error) => Err(fault(error.to_string())),
    }
}

fn others_read(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

/// Makes one under another name and gives it its own when it is whole: neither a power cut
/// nor a second start leaves half of one.
fn make(path: &Path) -> io::Result<()> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder)?;
    // In a container every process has the same number.
    let mut name = [0; 8];
    getrandom::fill(&mut name).map_err(io::Error::other)?;
    let half = path.with_extension(format!("{:016x}.half", u64::from_ne_bytes(name)));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&half)?;
    let whole = file.write_all(&bytes).and_then(|()| file.sync_all());
    let named = whole.and_then(|()| fs::hard_link(&half, path));
    fs::remove_file(&half)?;
    match named {
        // Another start was quicker: its is the one.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        named => named.and_then(|()| fs::File::open(folder)?.sync_all()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below/secret");
        let made = read_or_make(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(read_or_make(&path).unwrap(), made);
    }

    #[test]
    fn nothing_half_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let made = read_or_make(&path).unwrap();
        // As a second start does that found none a moment ago.
        make(&path).unwrap();
        assert_eq!(read_or_make(&path).unwrap(), made, "the first is the one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_short_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, b"short").unwrap();
        let error = read_or_make(&path).err().unwrap().to_string();
        assert!(error.contains("can be read by others"), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let error = read_or_make(&path).err().unwrap().to_string();
        assert!(error.contains("has 5 bytes"), "{error}");
    }
}

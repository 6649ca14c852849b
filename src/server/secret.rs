//! The secret file: 64 random bytes that sign cookies, readable by its owner only.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
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
        Ok(bytes) if bytes.len() >= LENGTH => Ok(Key::from(&bytes)),
        Ok(bytes) => Err(fault(format!("has {} bytes and needs {LENGTH}", bytes.len()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let bytes = make(path).map_err(|error| fault(error.to_string()))?;
            Ok(Key::from(&bytes))
        }
        Err(error) => Err(fault(error.to_string())),
    }
}

fn make(path: &Path) -> io::Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

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
    fn a_short_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, b"short").unwrap();
        let error = read_or_make(&path).err().unwrap().to_string();
        assert!(error.contains("has 5 bytes"), "{error}");
    }
}

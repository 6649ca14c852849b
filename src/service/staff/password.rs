//! Passwords: what may be one, how it is kept, how a fresh one is made.

use std::{sync::Arc, time::Duration};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use domain::text;
use store::StoreError;

/// Shortest password, in characters.
pub const MIN: usize = 10;
/// Longest password, in characters.
pub const MAX: usize = 200;

/// Whether `password` may be used with `login`.
pub fn check_password_rules(password: &str, login: &str) -> Result<(), &'static str> {
    let length = text::length(password);
    if length < MIN {
        Err("密码至少10个字符，可以用一句话")
    } else if length > MAX {
        Err("密码最多200个字符")
    } else if password.contains(login) {
        Err("密码里不要包含登录名")
    } else {
        Ok(())
    }
}

/// How long a request waits for a permit.
const PERMIT_TIMEOUT: Duration = Duration::from_secs(5);

/// A permit to run argon2; an error if none gets free in time.
async fn permit(doorkeeper: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, StoreError> {
    let busy = || StoreError::Unavailable("too many passwords are being checked".into());
    let permit = timeout(PERMIT_TIMEOUT, Arc::clone(doorkeeper).acquire_owned()).await;
    permit.map_err(|_| busy())?.map_err(|_| busy())
}

/// A password's hash (argon2id), made beside the threads that answer.
pub async fn hash(doorkeeper: &Arc<Semaphore>, password: String) -> Result<String, StoreError> {
    let permit = permit(doorkeeper).await?;
    let hashed = tokio::task::spawn_blocking(move || {
        let _turn = permit;
        Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string())
    });
    match hashed.await {
        Ok(Ok(hash)) => Ok(hash),
        Ok(Err(error)) => Err(StoreError::Setup(format!("argon2: {error}"))),
        Err(error) => Err(StoreError::Setup(error.to_string())),
    }
}

/// Whether `password` has this hash. Takes the same time for an unknown login, so that logins
/// cannot be enumerated by timing.
///
/// # Errors
/// [`StoreError::Unavailable`] when too many others are looked at.
pub async fn verify(
    doorkeeper: &Arc<Semaphore>,
    password: String,
    hash: Option<String>,
) -> Result<bool, StoreError> {
    /// The hash of a password that nobody has.
    const DUMMY_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                          3Xh3Vm0Vp1sQnJ2QxjzgOXrWPV7EZ8o0VtJ5pX2F0Rw";
    let known = hash.is_some();
    let permit = permit(doorkeeper).await?;
    let verified = tokio::task::spawn_blocking(move || {
        // Moved into the blocking task: it keeps running, and the permit taken, if the request is
        // cancelled.
        let _permit = permit;
        let hash = hash.as_deref().unwrap_or(DUMMY_HASH);
        let parsed = PasswordHash::new(hash);
        parsed
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    });
    Ok(verified.await.unwrap_or(false) && known)
}

/// A password that nobody can guess and everybody can type: four groups of letters and
/// digits that are not mistaken for each other.
///
/// # Errors
/// [`StoreError::Setup`] when the system has no random bytes.
pub fn fresh_password() -> Result<String, StoreError> {
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Setup(error.to_string()))?;
    let letters: Vec<char> =
        bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

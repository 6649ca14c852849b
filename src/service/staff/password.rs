//! Passwords: what may be one, how it is kept, how a fresh one is made.

use std::{sync::Arc, time::Duration};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use domain::text;
use store::StoreError;
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};
use zxcvbn::{Score, zxcvbn};

/// Shortest password, in characters.
pub const MIN: usize = 10;
/// Longest password, in characters.
pub const MAX: usize = 200;

/// Whether `password` may be used with `login`; `about` are other words that whoever guesses tries
/// first: the person's name, the campaign's.
///
/// # Errors
/// What to tell the person.
pub fn check_password_rules(
    password: &str,
    login: &str,
    about: &[&str],
) -> Result<(), &'static str> {
    let length = text::length(password);
    if length < MIN {
        return Err("密码至少10个字符，可以用一句话");
    }
    if length > MAX {
        return Err("密码最多200个字符");
    }
    if password.to_lowercase().contains(&login.to_lowercase()) {
        return Err("密码里不要包含登录名");
    }
    // From score 3 on more than 10⁸ guesses are needed: fourteen years at the limit of one login.
    let about: Vec<&str> = about.iter().copied().chain([login]).collect();
    match zxcvbn(password, &about).score() >= Score::Three {
        true => Ok(()),
        false => Err("这个密码太容易被猜到，请换一句别人想不到的话，例如四个不相干的词"),
    }
}

/// Computations of argon2 for people on devices that know the login, or in a session.
const KNOWN: usize = 2;
/// Those for anybody else: one core at most is spent on guesses. Each takes 19 MB.
const STRANGERS: usize = 1;
/// Strangers who wait for that; the next one is told at once.
const STRANGERS_WAITING: usize = 16;
/// How long someone waits whose device is known.
const PATIENCE_KNOWN: Duration = Duration::from_secs(5);
/// How long a stranger waits.
const PATIENCE_STRANGER: Duration = Duration::from_secs(2);

/// Which permits a computation may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordQueue {
    /// The login was used on this device before, or there is a session.
    Known,
    /// Anybody.
    Strangers,
}

/// Why a password was not looked at.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many others are.
    #[error("too many passwords are being checked")]
    Busy,
    /// The system failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Permits to run argon2. Those of known devices are kept for them: however many guess, staff on
/// their own devices do not wait for it.
#[derive(Debug)]
pub struct PasswordPermits {
    known: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    strangers_waiting: Semaphore,
}

impl Default for PasswordPermits {
    fn default() -> Self {
        Self {
            known: Arc::new(Semaphore::new(KNOWN)),
            strangers: Arc::new(Semaphore::new(STRANGERS)),
            strangers_waiting: Semaphore::new(STRANGERS_WAITING + STRANGERS),
        }
    }
}

impl PasswordPermits {
    /// Runs `work` beside the threads that answer, once there is a permit. It runs on, and keeps
    /// the permit, if the request is cancelled.
    async fn run<T: Send + 'static>(
        &self,
        queue: PasswordQueue,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let (permits, patience, _place) = match queue {
            PasswordQueue::Known => (&self.known, PATIENCE_KNOWN, None),
            PasswordQueue::Strangers => {
                let place =
                    self.strangers_waiting.try_acquire().map_err(|_| PasswordError::Busy)?;
                (&self.strangers, PATIENCE_STRANGER, Some(place))
            }
        };
        let permit = timeout(patience, Arc::clone(permits).acquire_owned()).await;
        let permit = permit.ok().and_then(Result::ok).ok_or(PasswordError::Busy)?;
        let worked = spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        worked.await.map_err(|error| StoreError::Setup(error.to_string()).into())
    }

    /// A password's hash (argon2id), for someone with a session.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        let hash = move || {
            let hash = Argon2::default().hash_password(password.as_bytes());
            hash.map(|hash| hash.to_string()).map_err(|error| error.to_string())
        };
        let hash = self.run(PasswordQueue::Known, hash).await?;
        hash.map_err(|error| StoreError::Setup(format!("argon2: {error}")).into())
    }

    /// Whether `password` has this hash. Takes the same time for an unknown login, so that logins
    /// cannot be enumerated by timing.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] when too many others are looked at.
    pub async fn verify(
        &self,
        queue: PasswordQueue,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, PasswordError> {
        /// The hash of a password that nobody has.
        const DUMMY_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                                  3Xh3Vm0Vp1sQnJ2QxjzgOXrWPV7EZ8o0VtJ5pX2F0Rw";
        let known = hash.is_some();
        let verify = move || {
            let hash = hash.as_deref().unwrap_or(DUMMY_HASH);
            let argon2 = Argon2::default();
            PasswordHash::new(hash)
                .is_ok_and(|hash| argon2.verify_password(password.as_bytes(), &hash).is_ok())
        };
        Ok(self.run(queue, verify).await? && known)
    }
}

/// A password that nobody can guess and everybody can type: four groups of letters and
/// digits that are not mistaken for each other. It does not contain `login`.
///
/// # Errors
/// [`StoreError::Setup`] when the system has no random bytes.
pub fn fresh_password(login: &str) -> Result<String, StoreError> {
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    // Bytes from here on would make the first letters likelier.
    const FAIR: usize = 256 - 256 % LETTERS.len();
    loop {
        let mut letters = String::new();
        while letters.len() < 4 * 5 - 1 {
            let mut bytes = [0; 16];
            getrandom::fill(&mut bytes).map_err(|error| StoreError::Setup(error.to_string()))?;
            for byte in bytes.map(usize::from).into_iter().filter(|byte| *byte < FAIR) {
                if letters.len() % 5 == 4 {
                    letters.push('-');
                }
                letters.push(char::from(LETTERS[byte % LETTERS.len()]));
            }
        }
        letters.truncate(4 * 5 - 1);
        if !letters.contains(login) {
            return Ok(letters);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_password_fits_the_rules_of_its_login() {
        let letters = "abcdefghjkmnpqrstuvwxyz23456789";
        for login in letters.chars().flat_map(|a| letters.chars().map(move |b| format!("{a}{b}"))) {
            let password = fresh_password(&login).unwrap();
            assert_eq!(password.len(), 19, "{password}");
            assert_eq!(check_password_rules(&password, &login, &[]), Ok(()), "{password}");
        }
    }

    #[test]
    fn what_everyone_guesses_is_refused() {
        let about = ["王测试", "创建全国文明城区", "测试街道"];
        for weak in [
            "1234567890",
            "          ",
            "aaaaaaaaaa",
            "qwertyuiop",
            "PASSWORD123",
            "password1234",
            "Boss-2026-x",
            "王测试王测试王测试1",
            "创建全国文明城区2026",
            "abcdefghij",
        ] {
            assert!(check_password_rules(weak, "boss", &about).is_err(), "{weak}");
        }
        for good in
            ["correct horse battery", "another long password", "蓝色的桌子上有三只不睡觉的猫"]
        {
            assert_eq!(check_password_rules(good, "boss", &about), Ok(()), "{good}");
        }
    }
}

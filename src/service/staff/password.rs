//! Passwords: what may be one, how it is kept, how a fresh one is made.

use std::{sync::Arc, time::Duration};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use domain::{client_network::ClientNetwork, text};
use store::StoreError;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
    time::timeout,
};
use zxcvbn::{Score, zxcvbn};

use crate::limits::{FairLimits, FairQueue, Turn};

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
/// Those for anybody else: one core at most is spent on guesses. Each takes 19 MB. Networks take
/// turns, so that guesses from one do not keep those of another waiting.
const STRANGERS: FairLimits = FairLimits {
    turns: 1,
    waiting_per_network: 16,
    waiting_per_person: 16,
    patience: Duration::from_secs(2),
};
/// How long someone waits whose device is known.
const PATIENCE_KNOWN: Duration = Duration::from_secs(5);

/// Which permits a computation may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordQueue<'n> {
    /// The login was used on this device before, or there is a session.
    Known,
    /// Anybody, from there.
    Strangers(&'n ClientNetwork),
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
    strangers: FairQueue,
}

impl Default for PasswordPermits {
    fn default() -> Self {
        Self { known: Arc::new(Semaphore::new(KNOWN)), strangers: FairQueue::new(STRANGERS) }
    }
}

impl PasswordPermits {
    /// Runs `work` beside the threads that answer, once there is a permit. It runs on, and keeps
    /// the permit, if the request is cancelled.
    async fn run<T: Send + 'static>(
        &self,
        queue: PasswordQueue<'_>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let permit: (Option<OwnedSemaphorePermit>, Option<Turn>) = match queue {
            PasswordQueue::Known => {
                let permit = timeout(PATIENCE_KNOWN, Arc::clone(&self.known).acquire_owned()).await;
                (Some(permit.ok().and_then(Result::ok).ok_or(PasswordError::Busy)?), None)
            }
            PasswordQueue::Strangers(network) => {
                let turn = self.strangers.turn(network, network.narrow()).await;
                (None, Some(turn.map_err(|_| PasswordError::Busy)?))
            }
        };
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
        queue: PasswordQueue<'_>,
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
    let mut letters = String::new();
    // A login like `-` is in all of them; what is no login is refused where it is used.
    for _ in 0..100 {
        letters.clear();
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
            break;
        }
    }
    Ok(letters)
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
        for odd in ["-", ""] {
            assert_eq!(fresh_password(odd).unwrap().len(), 19);
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_known_device_waits_for_no_stranger() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let permits = Arc::new(PasswordPermits::default());
        let looked_at = Arc::new(AtomicUsize::new(0));
        let strangers: Vec<_> = (0..60)
            .map(|n| {
                let (permits, looked_at) = (Arc::clone(&permits), Arc::clone(&looked_at));
                tokio::spawn(async move {
                    let network = ClientNetwork::of([198, 51, 100, n].into());
                    let queue = PasswordQueue::Strangers(&network);
                    let done = permits.verify(queue, "a wrong password".into(), None).await;
                    looked_at.fetch_add(1, Ordering::SeqCst);
                    done
                })
            })
            .collect();
        let known = permits.verify(PasswordQueue::Known, "a password".into(), None).await;
        assert!(!known.unwrap());
        let before = looked_at.load(Ordering::SeqCst);
        assert!(before < 30, "{before} strangers of 60 came first");
        for stranger in strangers {
            assert!(!matches!(stranger.await.unwrap(), Ok(true) | Err(PasswordError::Store(_))));
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

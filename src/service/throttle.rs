//! Slowing down tries at passwords, by where they come from, on all nodes together.

use super::{Service, StoreError, now};
use crate::{domain::report::Millis, service::keys::Keys, store::Place};

/// Tries from one place at one login that are free.
const FREE: u32 = 10;
/// Tries from one place at any login that are free: an office shares an address.
const FREE_OF_ALL: u32 = 100;
/// How long tries are remembered.
const MEMORY: Millis = 15 * 60_000;

/// A try at a password: what it counts against.
#[derive(Clone, Debug)]
pub struct Try {
    /// Everything from one place.
    everything: Place,
    /// One login from one place; `None` where the login cannot be one.
    login: Option<Place>,
}

impl Try {
    /// A try at `login`, if that can be one, from `from`.
    pub fn new(keys: &Keys, login: Option<&str>, from: &str) -> Self {
        let place = |text: String, free| Place { hash: keys.hash(&text), free };
        Self {
            everything: place(format!("\n{from}"), FREE_OF_ALL),
            login: login.map(|login| place(format!("{login}\n{from}"), FREE)),
        }
    }

    /// A try at recovery phrases from `from`; it costs those at passwords nothing.
    pub fn at_phrases(keys: &Keys, from: &str) -> Self {
        let hash = keys.hash(&format!("recovery phrase\n\n{from}"));
        Self { everything: Place { hash, free: FREE }, login: None }
    }
}

impl Service {
    /// Counts a try, if it may be made.
    ///
    /// # Errors
    /// Seconds to wait, or [`StoreError`].
    pub(super) async fn try_once(&self, tried: &Try) -> Result<Result<(), u64>, StoreError> {
        if !self.limits {
            return Ok(Ok(()));
        }
        let places: Vec<Place> =
            tried.login.iter().chain([&tried.everything]).map(Place::clone).collect();
        let now = now();
        let since = self.store.try_once(&places, now, now - MEMORY).await?;
        Ok(match since {
            None => Ok(()),
            Some(since) => Err(((since + MEMORY - now) / 1000).max(1).unsigned_abs()),
        })
    }

    /// Forgets the try that succeeded, and those at the same login before it.
    pub(super) async fn try_succeeded(&self, tried: &Try) -> Result<(), StoreError> {
        if !self.limits {
            return Ok(());
        }
        self.store.take_back_try(&[&tried.everything]).await?;
        match &tried.login {
            Some(login) => self.store.forget_tries(login).await,
            None => Ok(()),
        }
    }
}

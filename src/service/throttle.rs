//! Slowing down tries at passwords, by where they come from.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Tries from one place at one login that are free.
const FREE: u32 = 10;
/// Tries from one place at any login that are free: an office shares an address.
const FREE_OF_ALL: u32 = 100;
/// How long tries are remembered.
const MEMORY: Duration = Duration::from_secs(15 * 60);
/// Most places that are remembered.
const MOST: usize = 20_000;

/// Tries of late that did not succeed, by place.
#[derive(Debug, Default)]
pub struct Throttle {
    tries: Mutex<HashMap<String, (u32, Instant)>>,
}

impl Throttle {
    /// Counts another try from each of `places`, if it may be made: tries that run at the
    /// same time count, too.
    ///
    /// # Errors
    /// Seconds to wait.
    pub fn try_once(&self, places: &[String]) -> Result<(), u64> {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        for place in places {
            let free = if place.starts_with('\n') { FREE_OF_ALL } else { FREE };
            if let Some((count, since)) = tries.get(place)
                && *count >= free
                && since.elapsed() < MEMORY
            {
                return Err((MEMORY - since.elapsed()).as_secs().max(1));
            }
        }
        if tries.len() > MOST {
            tries.retain(|_, (_, since)| since.elapsed() < MEMORY);
        }
        for place in places {
            let (count, since) = tries.entry(place.clone()).or_insert((0, Instant::now()));
            if since.elapsed() >= MEMORY {
                (*count, *since) = (0, Instant::now());
            }
            *count += 1;
        }
        Ok(())
    }

    /// Forgets the try that succeeded, and those at the same login before it.
    pub fn succeeded(&self, places: &[String]) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        for place in places {
            if place.starts_with('\n') {
                if let Some((count, _)) = tries.get_mut(place) {
                    *count = count.saturating_sub(1);
                }
            } else {
                tries.remove(place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_elsewhere_slow_nobody_down() {
        let throttle = Throttle::default();
        let attacker = ["wang\n203.0.113.9".to_owned(), "\n203.0.113.9".to_owned()];
        for _ in 0..FREE {
            assert_eq!(throttle.try_once(&attacker), Ok(()));
        }
        assert!(throttle.try_once(&attacker).is_err());
        let honest = ["wang\n198.51.100.7".to_owned(), "\n198.51.100.7".to_owned()];
        assert_eq!(throttle.try_once(&honest), Ok(()));
        throttle.succeeded(&attacker);
        assert_eq!(throttle.try_once(&attacker), Ok(()));
    }
}

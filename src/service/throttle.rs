//! Slowing down tries at passwords, by where they come from.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Failures from one place at one login that are free.
const FREE: u32 = 10;
/// Failures from one place at any login that are free: an office shares an address.
const FREE_OF_ALL: u32 = 100;
/// How long failures are remembered.
const MEMORY: Duration = Duration::from_secs(15 * 60);
/// Most places that are remembered.
const MOST: usize = 20_000;

/// Failures of late, by place.
#[derive(Debug, Default)]
pub struct Throttle {
    failures: Mutex<HashMap<String, (u32, Instant)>>,
}

impl Throttle {
    /// Whether another try may be made from each of `places`.
    ///
    /// # Errors
    /// Seconds to wait.
    pub fn check(&self, places: &[String]) -> Result<(), u64> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for place in places {
            let free = if place.starts_with('\n') { FREE_OF_ALL } else { FREE };
            if let Some((count, since)) = failures.get(place)
                && *count >= free
                && since.elapsed() < MEMORY
            {
                return Err((MEMORY - since.elapsed()).as_secs().max(1));
            }
        }
        Ok(())
    }

    /// Notes a failure.
    pub fn failed(&self, places: &[String]) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() > MOST {
            failures.retain(|_, (_, since)| since.elapsed() < MEMORY);
        }
        for place in places {
            let (count, since) = failures.entry(place.clone()).or_insert((0, Instant::now()));
            if since.elapsed() >= MEMORY {
                (*count, *since) = (0, Instant::now());
            }
            *count += 1;
        }
    }

    /// Forgets the failures of a place.
    pub fn succeeded(&self, place: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_elsewhere_slow_nobody_down() {
        let throttle = Throttle::default();
        let attacker = ["wang\n203.0.113.9".to_owned(), "\n203.0.113.9".to_owned()];
        for _ in 0..FREE {
            assert_eq!(throttle.check(&attacker), Ok(()));
            throttle.failed(&attacker);
        }
        assert!(throttle.check(&attacker).is_err());
        let honest = ["wang\n198.51.100.7".to_owned(), "\n198.51.100.7".to_owned()];
        assert_eq!(throttle.check(&honest), Ok(()));
        throttle.succeeded(&attacker[0]);
        assert_eq!(throttle.check(&attacker), Ok(()));
    }
}

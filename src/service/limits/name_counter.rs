//! How often each name was signed from each client network, counted in memory on this node: a cheap
//! filter, so that the database counts only names that repeat.

use std::time::Duration;

use moka::{Entry, sync::Cache};

use domain::{signature_review::FRAUD_WINDOW, time::Millis};

/// Most names that are remembered.
const NAMES_MAX: u64 = 100_000;

/// From how many on a name that is not remembered may have been forgotten.
const FULL: u64 = NAMES_MAX / 10 * 9;

/// Names by where they came from: how often each was seen, and since when.
#[derive(Debug)]
pub struct NameCounter(Cache<String, (u32, Millis)>);

impl Default for NameCounter {
    fn default() -> Self {
        let kept = Duration::from_millis(FRAUD_WINDOW.unsigned_abs());
        Self(Cache::builder().max_capacity(NAMES_MAX).time_to_live(kept).build())
    }
}

impl NameCounter {
    /// Increments the counter of a name and returns it. If the cache is nearly full, a new name may
    /// be one that was evicted, and counts as seen very often: flooding the cache must not reset
    /// the rule.
    pub fn increment(&self, counted: &str, now: Millis) -> u32 {
        let again = |known: Option<Entry<String, (u32, Millis)>>| match known.map(Entry::into_value)
        {
            Some((n, since)) if now - since <= FRAUD_WINDOW => (n.saturating_add(1), since),
            _ => (1, now),
        };
        let (n, _) = self.0.entry_by_ref(counted).and_upsert_with(again).into_value();
        if n == 1 && self.0.entry_count() >= FULL { u32::MAX } else { n }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_names_resets_nobody() {
        let names = NameCounter::default();
        for n in 1..=20 {
            assert_eq!(names.increment("王测试 at a", 0), n);
        }
        for n in 0..2 * NAMES_MAX {
            names.increment(&n.to_string(), 1);
        }
        assert!(names.increment("王测试 at a", 2) > 20);
    }

    #[test]
    fn after_a_while_counting_begins_anew() {
        let names = NameCounter::default();
        assert_eq!(
            [
                names.increment("a", 0),
                names.increment("a", FRAUD_WINDOW),
                names.increment("a", FRAUD_WINDOW + 1)
            ],
            [1, 2, 1]
        );
    }
}

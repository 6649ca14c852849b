//! How often a name was signed from one place lately, counted on this node: so that the
//! database is asked about few.

use std::time::Duration;

use moka::{Entry, sync::Cache};

use domain::{signature_review::MEMORY, time::Millis};

/// Most names that are remembered.
const NAMES_MAX: u64 = 100_000;

/// From how many on a name that is not remembered may have been forgotten.
const FULL: u64 = NAMES_MAX / 10 * 9;

/// Names by where they came from: how often each was seen, and since when.
#[derive(Debug)]
pub struct Names(Cache<String, (u32, Millis)>);

impl Default for Names {
    fn default() -> Self {
        let kept = Duration::from_millis(MEMORY.unsigned_abs());
        Self(Cache::builder().max_capacity(NAMES_MAX).time_to_live(kept).build())
    }
}

impl Names {
    /// How often this one was seen within [`MEMORY`], with this time. In a flood of names nobody
    /// can say that of a new one, and it counts as seen very often: a flood resets no rule.
    pub fn seen(&self, counted: &str, now: Millis) -> u32 {
        let again = |known: Option<Entry<String, (u32, Millis)>>| match known.map(Entry::into_value)
        {
            Some((n, since)) if now - since <= MEMORY => (n.saturating_add(1), since),
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
        let names = Names::default();
        for n in 1..=20 {
            assert_eq!(names.seen("王测试 at a", 0), n);
        }
        for n in 0..2 * NAMES_MAX {
            names.seen(&n.to_string(), 1);
        }
        assert!(names.seen("王测试 at a", 2) > 20);
    }

    #[test]
    fn after_a_while_counting_begins_anew() {
        let names = Names::default();
        assert_eq!(
            [names.seen("a", 0), names.seen("a", MEMORY), names.seen("a", MEMORY + 1)],
            [1, 2, 1]
        );
    }
}

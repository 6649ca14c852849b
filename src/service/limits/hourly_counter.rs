//! How often each text was seen within the last hour, counted in memory on this node: a cheap filter,
//! so that the database counts only what repeats.
//!
//! A count-min sketch (Cormode and Muthukrishnan, 2005) of fixed size. It never counts too little,
//! and it forgets nothing within the hour, so no flood of other texts resets a rule; where two texts
//! share their cells it counts too much, and then the database decides.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
};

use domain::{signature_review::FRAUD_WINDOW, time::Millis};

/// Cells of a text, in as many rows. The least of them counts.
const ROWS: usize = 4;

/// Cells of the sketch: 2 MB for each of two generations, which cost memory only once they are used.
/// After a million texts in an hour, one new text in a thousand seems to have been seen more than
/// five times.
const CELLS: usize = 1 << 20;

/// Counters of texts.
#[derive(Debug)]
pub struct HourlyCounter {
    /// Its keys are random, so that nobody can aim at a cell.
    hasher: RandomState,
    generations: Mutex<Generations>,
}

/// Two generations, so that at least an hour is counted, and at most two.
#[derive(Debug)]
struct Generations {
    begun: Millis,
    current: Vec<u16>,
    previous: Vec<u16>,
}

impl Default for HourlyCounter {
    fn default() -> Self {
        let generations =
            Generations { begun: 0, current: vec![0; CELLS], previous: vec![0; CELLS] };
        Self { hasher: RandomState::new(), generations: Mutex::new(generations) }
    }
}

impl Generations {
    /// Begins a new generation after an hour.
    fn pass(&mut self, now: Millis) {
        let age = now - self.begun;
        if age < FRAUD_WINDOW {
            return;
        }
        std::mem::swap(&mut self.current, &mut self.previous);
        self.current = vec![0; CELLS];
        if age >= 2 * FRAUD_WINDOW {
            self.previous = vec![0; CELLS];
        }
        self.begun = now;
    }
}

impl HourlyCounter {
    /// Counts `text` once more; how often it was seen in the last hour or two, or somewhat more.
    pub fn increment(&self, text: &str, now: Millis) -> u32 {
        let cells = self.cells(text);
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.pass(now);
        let least = |of: &[u16]| cells.iter().map(|cell| of[*cell]).min().unwrap_or_default();
        let before = least(&generations.previous);
        let counted = least(&generations.current).saturating_add(1);
        // Only the cells that are too small: others belong to texts that were seen more often.
        for cell in cells {
            let n = &mut generations.current[cell];
            *n = (*n).max(counted);
        }
        u32::from(counted) + u32::from(before)
    }

    /// The cells of a text, one in each row.
    fn cells(&self, text: &str) -> [usize; ROWS] {
        const PER_ROW: usize = CELLS / ROWS;
        let hash = self.hasher.hash_one(text);
        let [low, high] = [hash, hash.rotate_left(32)].map(|half| half & 0xffff_ffff);
        std::array::from_fn(|row| {
            let mixed = low.wrapping_add(high.wrapping_mul(row as u64));
            row * PER_ROW + usize::try_from(mixed).unwrap_or_default() % PER_ROW
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_names_resets_nobody_and_doubts_hardly_anyone() {
        let names = HourlyCounter::default();
        for n in 1..=20 {
            assert_eq!(names.increment("王测试 at a", 0), n);
        }
        for n in 0..1_000_000 {
            names.increment(&n.to_string(), 1);
        }
        assert!(names.increment("王测试 at a", 2) > 20);
        let new = (0..10_000).map(|n| names.increment(&format!("new {n}"), 3));
        let doubted = new.filter(|n| *n > 5).count();
        assert!(doubted < 100, "{doubted} of 10,000 new names seem to repeat");
    }

    #[test]
    fn after_an_hour_or_two_counting_begins_anew() {
        let names = HourlyCounter::default();
        let times = [0, FRAUD_WINDOW - 1, FRAUD_WINDOW, 2 * FRAUD_WINDOW, 4 * FRAUD_WINDOW];
        assert_eq!(times.map(|now| names.increment("a", now)), [1, 2, 3, 2, 1]);
    }
}

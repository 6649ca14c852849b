//! The names of the day, once they are drawn.

use std::sync::{Mutex, PoisonError};

use domain::{campaign::Day, signature::Ordinal};

/// The ordinals that were drawn for a day. They stay: where one goes, its place is empty, so that
/// nobody chooses by withdrawing what moves up.
#[derive(Debug, Default)]
pub struct ShownNamePool(Mutex<Option<(Day, Vec<Ordinal>)>>);

impl ShownNamePool {
    /// The draw of that day.
    pub fn get(&self, day: Day) -> Option<Vec<Ordinal>> {
        let drawn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drawn.as_ref().filter(|(of, _)| *of == day).map(|(_, ordinals)| ordinals.clone())
    }

    /// Keeps a draw for the rest of its day.
    pub fn set(&self, day: Day, ordinals: &[Ordinal]) {
        let mut drawn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *drawn = Some((day, ordinals.to_vec()));
    }
}

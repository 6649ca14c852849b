//! The names of the day, as they were drawn last.

use std::sync::{Mutex, PoisonError};

use domain::{signature::Ordinal, time::Millis};

/// How long a draw is kept; whether each name may be shown is asked every time.
const DRAW_KEPT: Millis = 60_000;

/// The ordinals that were drawn, and when.
#[derive(Debug, Default)]
pub struct ShownNamePool(Mutex<Option<(Millis, Vec<Ordinal>)>>);

impl ShownNamePool {
    /// The draw, while it is kept.
    pub fn get(&self, now: Millis) -> Option<Vec<Ordinal>> {
        let drawn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drawn.as_ref().filter(|(at, _)| now - at < DRAW_KEPT).map(|(_, ordinals)| ordinals.clone())
    }

    /// Keeps a draw.
    pub fn set(&self, now: Millis, ordinals: &[Ordinal]) {
        let mut drawn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *drawn = Some((now, ordinals.to_vec()));
    }
}

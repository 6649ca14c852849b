//! How often a name was signed from one place of late, counted on this node.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::domain::{signature_review::MEMORY, time::Millis};

/// Most names from places that are remembered.
const NAMES_MAX: usize = 100_000;

/// Names of late by where they came from, on this node: so that the database is asked about
/// few.
#[derive(Debug, Default)]
pub struct Names(Mutex<HashMap<String, (u32, Millis)>>);

impl Names {
    /// How often this one was seen within [`MEMORY`], with this time.
    pub fn seen(&self, counted: &str, now: Millis) -> u32 {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= NAMES_MAX {
            names.clear();
        }
        let (n, since) = names.entry(counted.to_owned()).or_insert((0, now));
        if now - *since > MEMORY {
            (*n, *since) = (0, now);
        }
        *n += 1;
        *n
    }
}

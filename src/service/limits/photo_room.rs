//! Room for photos: so many bytes in all, and the disk never quite full, so that there is room for
//! what people write.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use domain::time::Millis;

/// How long what was counted in the database is good for.
const COUNTED_FOR: Millis = 10 * 60_000;

/// What photos may take.
#[derive(Clone, Copy, Debug)]
pub struct PhotoLimits {
    /// Bytes of all photos of this installation.
    pub stored: u64,
    /// Bytes that photos leave free on their disk.
    pub left_free: u64,
}

impl Default for PhotoLimits {
    fn default() -> Self {
        Self { stored: 100_000_000_000, left_free: 1_000_000_000 }
    }
}

/// Room for photos, and how much of it is taken.
#[derive(Debug, Default)]
pub struct PhotoRoom {
    pub limits: PhotoLimits,
    /// Bytes of all photos: as counted last, and those that were stored here since.
    stored: AtomicU64,
    /// When they were counted; 0 if never.
    counted_at: AtomicI64,
}

impl PhotoRoom {
    /// All of that room.
    pub fn new(limits: PhotoLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Adds what was stored here.
    pub fn add(&self, bytes: u64) {
        self.stored.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes of all photos; `None` if they are to be counted in the database.
    pub fn stored(&self, now: Millis) -> Option<u64> {
        let counted_at = self.counted_at.load(Ordering::Relaxed);
        let is_known = counted_at > 0 && now - counted_at <= COUNTED_FOR;
        is_known.then(|| self.stored.load(Ordering::Relaxed))
    }

    /// Takes over what was counted in the database.
    pub fn counted(&self, bytes: u64, now: Millis) {
        self.stored.store(bytes, Ordering::Relaxed);
        self.counted_at.store(now, Ordering::Relaxed);
    }
}

/// How much room there is.
#[derive(Clone, Copy, Debug)]
pub struct RoomTaken {
    /// Bytes of all photos.
    pub photos: u64,
    /// Most bytes of photos.
    pub photos_limit: u64,
    /// Bytes that are free on the disk of the photos; `None` for a bucket.
    pub photos_free: Option<u64>,
    /// Bytes that are free on the disk of the database; `None` for a server.
    pub database_free: Option<u64>,
}

//! Timestamps.

/// Milliseconds since 1970-01-01T00:00Z.
pub type Millis = i64;

/// Milliseconds of a calendar day.
pub const DAY: Millis = 86_400_000;

//! How much forms with files may take at once, of all of them, of one visitor's, of one network's.

/// Bytes of files that may be in memory, of all forms together.
pub const MEMORY: usize = 512 * 1024 * 1024;

/// In which steps memory is given to a form, in bytes.
pub const STEP: usize = 256 * 1024;

/// Forms with files that one visitor may be sending at once.
pub const FORMS_EACH: usize = 3;

/// Forms with files that may be sent at once in all, and from one place.
pub const FORMS: usize = 400;
/// The same from one place.
pub const FORMS_AT_PLACE: usize = 200;

/// How much memory there is, for the semaphore.
pub const fn memory() -> usize {
    MEMORY / STEP
}

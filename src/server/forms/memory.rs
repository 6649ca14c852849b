//! Limits of multipart forms: memory in total, concurrent forms in total, per visitor, per network.

/// Bytes of files that may be in memory, of all forms together.
pub const MEMORY: usize = 512 * 1024 * 1024;

/// Bytes per permit of the memory semaphore.
pub const STEP: usize = 256 * 1024;

/// Forms with files that one visitor may be sending at once.
pub const FORMS_PER_VISITOR: usize = 3;

/// Multipart forms that may be received at once, of all clients.
pub const FORMS: usize = 400;
/// Multipart forms that may be received at once from one client network.
pub const FORMS_PER_NETWORK: usize = 200;

/// How much memory there is, for the semaphore.
pub const fn memory_permits() -> usize {
    MEMORY / STEP
}

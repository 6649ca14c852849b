//! Test helpers: databases, servers, visitors, staff.

pub mod database;
pub mod forms;
pub mod html;
pub mod process;
pub mod server;
pub mod sources;
pub mod staff;

/// Number of repetitions of a long test: `long` in `make nightly`, which sets `NIGHTLY`, else
/// `short`.
pub fn repetitions(short: u64, long: u64) -> u64 {
    if std::env::var_os("NIGHTLY").is_some() { long } else { short }
}

//! What tests stand on: databases of their own, servers of their own, visitors, staff.

pub mod database;
pub mod forms;
pub mod html;
pub mod process;
pub mod server;
pub mod sources;
pub mod staff;

/// How often what is long by nature is done: `short` at every `make test`, `long` in
/// `make nightly`, which sets `NIGHTLY`.
pub fn times(short: u64, long: u64) -> u64 {
    if std::env::var_os("NIGHTLY").is_some() { long } else { short }
}

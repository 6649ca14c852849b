//! What tests stand on: databases of their own, servers of their own, visitors, staff.

pub mod database;
pub mod forms;
pub mod process;
pub mod server;
pub mod sources;
pub mod staff;

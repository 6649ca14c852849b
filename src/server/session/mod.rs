//! Visitors and staff sessions. Only this module sets identity cookies.

pub mod cookies;
pub(crate) mod device;
pub(crate) mod middleware;
pub(crate) mod staff;
pub(crate) mod visitor;

//! Who is asking: visitors and staff, and the cookies that say so. The only room that sets them.

pub mod cookies;
pub(crate) mod middleware;
pub(crate) mod staff;
pub(crate) mod visitor;

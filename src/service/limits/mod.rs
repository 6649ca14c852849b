//! Limits of what one person or one client network may do, and how that is counted.
//!
//! What belongs here: counters and queues that know people and networks only as keys. What is
//! counted, and what happens above a limit, is decided where the work is done.

mod fair_queue;
mod hourly_counter;
mod rate_limit;

pub use self::rate_limit::Requester;
pub(crate) use self::{
    fair_queue::{FairLimits, FairQueue, Turn},
    hourly_counter::HourlyCounter,
    rate_limit::Attempt,
};

//! Limits of what one person or one client network may do, and how that is counted.
//!
//! What belongs here: counters and queues that know people and networks only as keys. What is
//! counted, and what happens above a limit, is decided where the work is done.

mod capacity;
mod fair_queue;
mod hourly_counter;
mod photo_room;
mod rate_limit;

pub use self::{
    fair_queue::{Busy, Turn},
    photo_room::{PhotoLimits, RoomTaken},
    rate_limit::Requester,
};
pub(crate) use self::{
    fair_queue::{FairLimits, FairQueue},
    hourly_counter::HourlyCounter,
    photo_room::PhotoRoom,
    rate_limit::Attempt,
};

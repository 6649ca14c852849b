//! What keeps the server running beside answering people: health, metrics, periodic jobs and
//! notices to group chats.

pub(crate) mod health;
pub(crate) mod jobs;
pub mod metrics;
pub mod scrape;
pub mod webhook;

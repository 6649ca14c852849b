//! Use cases: what a person can do, and under which conditions.
//!
//! What belongs here: one method on [`Service`] for each thing that is done or
//! asked, with every rule that decides whether it may be. No HTTP, no HTML, no SQL.

mod base;
pub mod export;
mod jobs;
pub mod keyed_hash;
pub mod message;
mod name_counter;
mod photo;
mod rate_limit;
pub mod report;
mod signature;
pub mod signature_review;
pub mod staff;
pub mod statistics;
pub mod visitor;
mod wechat;

pub use self::{
    base::{Service, ServiceMetrics},
    photo::{BYTES_MAX, PhotoError},
    rate_limit::Requester,
    signature::{MySignature, SignError},
};
pub use store::{
    BulkReview, BusyNetwork, COUNT_LIMIT, PendingNotice, Progress, ReportFigures, Size, StoreError,
    StoredMessage, SuspectGroup, Waiting,
};

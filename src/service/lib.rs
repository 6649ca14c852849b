//! Use cases: what a person can do, and under which conditions.
//!
//! What belongs here: one method on [`Service`] for each thing that is done or
//! asked, with every rule that decides whether it may be. No HTTP, no HTML, no SQL.

mod base;
pub mod calendar;
pub mod export;
mod jobs;
pub mod keyed_hash;
mod limits;
pub mod message;
mod photo;
pub mod report;
mod signature;
pub mod signature_review;
pub mod staff;
pub mod statistics;
pub mod visitor;
mod wechat;

pub use self::{
    base::{Service, ServiceMetrics},
    limits::{Busy, PhotoLimits, Requester, RoomTaken, Turn},
    photo::{BYTES_MAX, PhotoError},
    signature::{
        MySignature, SignError,
        effort::Effort,
        key::{SentKey, SignatureKey, work_out},
    },
};
pub use store::{
    BulkReview, Burst, BusyNetwork, COUNT_LIMIT, MessageToReview, MessagesWaiting, PendingNotice,
    Progress, QuarantinedSupports, ReportFigures, Size, StoreError, SuspectGroup, Timeline,
    Waiting, WallMessage,
};

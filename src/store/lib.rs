//! The store: all persistent data, in SQLite or PostgreSQL, behind one [`Store`].
//!
//! Here belong SQL, transactions and the signature writer. Only `sql` knows that there are two
//! databases; where their SQL differs, a statement is a `Sql::each`. Callers get types of `domain`
//! and a few of this crate, never columns.
//!
//! Personal data are encrypted before they are written (`encryption`), so that neither database
//! files nor backups reveal them.
//!
//! Lock order of every writing transaction: reports by rising serial, held photos by rising id,
//! supports, the ledger row (`counts::write`; it serialises all writers of counters), then
//! signatures and counters. Two transactions that take them in another order deadlock.
//!
//! A signature goes into the writer's queue, is committed together with everything else in the
//! queue, and is answered only then: an answer means that the row is on disk.

pub mod admin;
mod attempts;
mod base;
mod counts;
pub mod encryption;
mod error;
mod jobs;
mod message;
mod open;
mod report;
mod signature;
pub(crate) mod sql;
mod staff;
pub(crate) mod visitor;
mod wechat_ticket;

pub use self::{
    admin::{backup::BackupSummary, manifest::BackupError},
    attempts::Bucket,
    base::Store,
    counts::{ReportFigures, recount::Drift},
    encryption::cipher::Seal,
    error::StoreError,
    jobs::{JobLock, calendar::KnownCalendar},
    message::{MessageToReview, MessagesWaiting, WallMessage},
    report::{
        REPORTS_PART, Timeline,
        days::CountedDays,
        outbox::PendingNotice,
        photo_store::{EncodedPhoto, PhotoStore, Size},
        public_list::PUBLIC_PAGE,
        quarantine::Burst,
        queue::{COUNT_LIMIT, QUEUE_PAGE, Waiting},
        statistics::{PeriodCounts, ReportFacts, Span},
        support::QuarantinedSupports,
        write::{Attached, Change, ChangeError, Notice, ReportContext},
    },
    signature::{
        bulk_review::{BulkReview, Progress},
        review::{BusyNetwork, Sample, SuspectGroup},
        row::{RuleHit, SignOutcome, SignRequest, SignatureRow},
        write_queue::WriterMetrics,
    },
    staff::{
        NewStaff, StaffChange, audit::AuditEntry, second_factor::SecondFactor,
        session::StoredSession,
    },
};

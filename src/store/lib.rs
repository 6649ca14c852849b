//! The store: everything that is kept, in SQLite or PostgreSQL, behind one
//! [`Store`].
//!
//! What belongs here: SQL, transactions and the one writer. Only `sql` knows
//! that there are two databases; where they need different words, a statement is a
//! `Sql::each`. Columns never leave this room: callers get types of `domain`, and few
//! of this room's own.
//!
//! What people tell about themselves is sealed on the way in (`encryption`), so that no file and
//! no copy of it tells it on.
//!
//! Lock order of every writing transaction: reports by rising serial, their supports, the
//! ledger's row (`counts::write`, which puts all who change counts in one line), then
//! signatures and counters. Two that take them in another order wait for each other for ever.
//!
//! A write is put into the writer's queue, committed together with whatever else
//! waits there, and answered only then: an answer means the row is on disk.

pub mod admin;
mod attempts;
mod base;
mod counts;
pub mod encryption;
mod error;
mod job_lock;
mod message;
mod open;
mod report;
mod signature;
pub(crate) mod sql;
mod staff;
pub(crate) mod visitor;
mod wechat_ticket;

pub use self::{
    admin::{backup::Copied, manifest::BackupError},
    attempts::Place,
    base::Store,
    counts::{ReportFigures, recount::Drift},
    encryption::cipher::Seal,
    error::StoreError,
    job_lock::JobLock,
    message::StoredMessage,
    report::{
        outbox::Pending,
        photo::{Picture, Pictures, Size},
        public_list::PUBLIC_PAGE,
        queue::{COUNTED, QUEUE_PAGE, Waiting},
        statistics::{Happened, ReportFacts},
        write::{Attached, Change, ChangeError, Notice, ReportContext},
    },
    signature::{
        bulk_review::{BulkReview, Note, Progress},
        review::{BusyPlace, Sample, Suspects},
        row::{Doubt, SignatureRow, Signed, Signing},
        write_queue::WriterMeasures,
    },
    staff::{NewStaff, StaffChange},
};

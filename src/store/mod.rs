//! The store: everything that is kept, in SQLite or PostgreSQL, behind one
//! [`Store`].
//!
//! What belongs here: SQL, transactions and the one writer. Only `db` holds
//! connections; where the two databases need different words, a statement is a
//! `Sql::each`. Columns never leave this room: callers get types of `domain`, and few
//! of this room's own.
//!
//! What people tell about themselves is sealed on the way in (`seal`), so that no file and
//! no copy of it tells it on.
//!
//! A write is put into the writer's queue, committed together with whatever else
//! waits there, and answered only then: an answer means the row is on disk.

pub mod admin;
mod attempts;
mod counts;
pub mod encryption;
mod error;
mod job_lock;
mod message;
mod report;
mod signature;
pub(crate) mod sql;
mod staff;
pub(crate) mod visitor;
mod wechat_ticket;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, task::JoinSet};

use self::{
    admin::{backup, restore},
    counts::{
        publish::{self, Publisher},
        recount,
    },
    encryption::rows,
    signature::write_queue::Writer,
    sql::connection::{self, Db, Sql},
};
pub use self::{
    admin::{backup::Copied, manifest::BackupError},
    attempts::Place,
    counts::{ReportFigures, recount::Drift},
    encryption::cipher::Seal,
    error::StoreError,
    job_lock::Lead,
    message::StoredMessage,
    report::{
        outbox::Pending,
        photo::{Picture, Pictures, Size},
        public_list::PUBLIC_PAGE,
        queue::{COUNTED, QUEUE_PAGE, Waiting},
        statistics::{Happened, ReportFacts},
        write::{Attached, Change, Known, Notice, Unchanged},
    },
    signature::{
        SignatureRow, Signed, Signing,
        bulk_review::{Judgement, Note, Progress},
        fraud::{BusyPlace, Doubt, Sample, Suspects},
        write_queue::WriterMeasures,
    },
    staff::{NewStaff, StaffChange},
};
use crate::domain::{campaign::Campaign, counts::Counts, signature::Signature, visitor::VisitorId};

/// How long committing what is queued and closing the database may take.
const FAREWELL: Duration = Duration::from_millis(900);

/// Everything that is kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    db: Db,
    writer: Writer,
    publisher: Publisher,
    counts: watch::Receiver<Arc<Counts>>,
    following: Arc<Mutex<JoinSet<()>>>,
}

impl Store {
    /// Whether a URL is one that [`Store::open`] knows.
    ///
    /// # Errors
    /// [`StoreError::Setup`] when it is not.
    pub fn may_open(url: &str) -> Result<(), StoreError> {
        let known = ["sqlite:", "postgres:", "postgresql:"];
        match known.iter().any(|begins| url.starts_with(begins)) {
            true => Ok(()),
            false => Err(StoreError::Setup(connection::UNKNOWN.into())),
        }
    }

    /// Whether nothing was ever kept at `url`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn is_new(url: &str) -> Result<bool, StoreError> {
        const TABLES: Sql = Sql::each(
            "SELECT COUNT(*) FROM sqlite_master WHERE name = 'ledger'",
            "SELECT COUNT(*) FROM pg_tables WHERE tablename = 'ledger' \
             AND schemaname = CURRENT_SCHEMA",
        );
        if connection::is_missing(url)? {
            return Ok(true);
        }
        let db = Db::open(url, Seal::of([]), false).await?;
        let found: Vec<(i64,)> = db.all(TABLES, &[]).await?;
        db.close().await;
        Ok(found.first().is_none_or(|(tables,)| *tables == 0))
    }

    /// Opens the database at `url` (`sqlite://path` or `postgres://…`), brings its
    /// tables up to date, and sees that each pledge and grid of `campaign` has a
    /// counter. What people write is sealed by `seal`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away, is not one that keeps what it
    /// acknowledges, or was sealed by another secret.
    pub async fn open(url: &str, seal: Seal, campaign: &Campaign) -> Result<Self, StoreError> {
        let db = Db::open(url, seal, true).await?;
        db.migrate(false).await?;
        counts::ensure(&db, campaign).await?;
        Self::over(db).await
    }

    /// Opens the database at `url` as it is, for looking after it. Nothing that is sealed
    /// can be read by it.
    ///
    /// # Errors
    /// [`StoreError`], also when there is none, or it was never served.
    pub async fn open_existing(url: &str) -> Result<Self, StoreError> {
        Self::over(Db::open(url, Seal::of([]), false).await?).await
    }

    /// Opens the database at `url` as it is, with the secrets that sealed it: to seal its rows
    /// anew, or to copy it.
    ///
    /// # Errors
    /// [`StoreError`], also when there is none, or none of the secrets sealed it.
    pub async fn open_sealed(url: &str, seal: Seal) -> Result<Self, StoreError> {
        let db = Db::open(url, seal, false).await?;
        rows::acquaint(&db, false).await?;
        Self::over(db).await
    }

    /// Opens a database that is to be filled by [`Store::restore`].
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn open_to_restore(url: &str, seal: Seal) -> Result<Self, StoreError> {
        let db = Db::open(url, seal, true).await?;
        db.migrate(true).await?;
        Self::over(db).await
    }

    async fn over(db: Db) -> Result<Self, StoreError> {
        let publisher = Publisher::new(counts::read(&db).await?);
        let writer = Writer::start(&db, publisher.clone())?;
        let following = Arc::new(Mutex::new(publish::follow(&db, &publisher)));
        let counts = publisher.subscribe();
        Ok(Self { db, writer, publisher, counts, following })
    }

    /// Stores a signature, unless its visitor has a live one already.
    ///
    /// # Errors
    /// [`StoreError`]; whether it was stored is then unknown, and trying again is
    /// harmless.
    pub async fn sign(&self, row: Signing) -> Result<Signed, StoreError> {
        self.writer.sign(row).await
    }

    /// Withdraws the visitor's live signature; `false` when there is none.
    ///
    /// # Errors
    /// [`StoreError`], as for [`Store::sign`].
    pub async fn withdraw(&self, visitor: VisitorId) -> Result<bool, StoreError> {
        self.writer.withdraw(visitor).await
    }

    /// The visitor's live signature.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn signature_of(&self, visitor: &VisitorId) -> Result<Option<Signature>, StoreError> {
        signature::live(&self.db, visitor).await
    }

    /// All that a visitor has signed, also what does not count.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn signatures_of(&self, visitor: &VisitorId) -> Result<Vec<Signature>, StoreError> {
        signature::of(&self.db, visitor).await
    }

    /// All signatures in their order, from after `ordinal` on: at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn signatures_after(
        &self,
        ordinal: u64,
        limit: u32,
    ) -> Result<Vec<SignatureRow>, StoreError> {
        signature::after(&self.db, ordinal, limit).await
    }

    /// The newest names that may be shown, whole; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn recent_names(&self, limit: u16) -> Result<Vec<String>, StoreError> {
        signature::recent_names(&self.db, limit).await
    }

    /// The counts of the newest commit this node knows of.
    #[must_use]
    pub fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts.borrow())
    }

    /// Follows the counts: one value for each commit that changed them, the newest
    /// in place of those that were not looked at.
    #[must_use]
    pub fn follow_counts(&self) -> watch::Receiver<Arc<Counts>> {
        self.counts.clone()
    }

    /// Reports by state and by branch.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn report_figures(&self) -> Result<ReportFigures, StoreError> {
        counts::report_figures(&self.db).await
    }

    /// Counts all rows and names every counter that differs.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn recount(&self) -> Result<Vec<Drift>, StoreError> {
        recount::recount(&self.db).await
    }

    /// Writes a consistent copy of all tables and pictures into the empty or new folder
    /// `dir`, while others write.
    ///
    /// # Errors
    /// [`BackupError`], naming the file or table.
    pub async fn backup(&self, pictures: &Pictures, dir: &Path) -> Result<Copied, BackupError> {
        backup::write(&self.db, pictures, dir).await
    }

    /// Fills an empty database and photo store from the copy in `dir`, whichever database it
    /// was made from. With `unsealed` also from a copy of an older version, which nobody
    /// vouches for: staff come disabled then, and their passwords void.
    ///
    /// # Errors
    /// [`BackupError`], also when the copy was changed, or the database holds something.
    pub async fn restore(
        &self,
        pictures: &Pictures,
        dir: &Path,
        unsealed: bool,
    ) -> Result<Copied, BackupError> {
        restore::read(&self.db, pictures, dir, unsealed).await
    }

    /// What the writer measures of itself, and how many wishes wait for it.
    #[must_use]
    pub fn writing(&self) -> (&WriterMeasures, usize) {
        (self.writer.measures(), self.writer.waiting())
    }

    /// Whether the writer ended without being told to.
    #[must_use]
    pub fn has_died(&self) -> bool {
        self.writer.has_died()
    }

    /// Whether the database answers and is written to.
    ///
    /// # Errors
    /// [`StoreError`] when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        if !self.writer.is_alive() {
            return Err(StoreError::Unavailable("the writer has ended".into()));
        }
        self.db.ping().await
    }

    /// Ends: what is queued is committed and acknowledged, then the database closes.
    pub async fn close(&self) {
        self.following.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
        let ended = async {
            self.writer.finish().await;
            self.db.close().await;
        };
        if tokio::time::timeout(FAREWELL, ended).await.is_err() {
            tracing::warn!("the database did not answer in time; it was left as it is");
        }
    }
}

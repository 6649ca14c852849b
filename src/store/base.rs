//! [`Store`]: one database, its signature writer, and the public counts as this node knows them.
//!
//! Its methods are in the files of their nouns, each in an own `impl Store`; here are only those
//! about the store itself. Nearly every file of the crate imports this one, and it imports few.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::counts::Counts;
use tokio::{sync::watch, task::JoinSet};

use super::{
    counts::{
        self,
        publish::{self, Publisher},
    },
    error::StoreError,
    report::photo_store::free_space,
    signature::write_queue::{Writer, WriterMetrics},
    sql::connection::Db,
};

/// Time limit for committing the queue and closing the database.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(900);

/// Everything that is kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) db: Db,
    pub(super) writer: Writer,
    pub(super) publisher: Publisher,
    counts: watch::Receiver<Arc<Counts>>,
    tasks: Arc<Mutex<JoinSet<()>>>,
}

impl Store {
    /// Puts the store over a database that is open.
    pub(super) async fn with_db(db: Db) -> Result<Self, StoreError> {
        let publisher = Publisher::new(counts::read(&db).await?);
        let writer = Writer::start(&db, publisher.clone())?;
        let following = Arc::new(Mutex::new(publish::follow(&db, &publisher)));
        let counts = publisher.subscribe();
        Ok(Self { db, writer, publisher, counts, tasks: following })
    }

    /// The counts of the newest commit this node knows of.
    #[must_use]
    pub fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts.borrow())
    }

    /// Subscribes to the counts: after each commit that changed them; a slow reader skips to the
    /// newest.
    #[must_use]
    pub fn follow_counts(&self) -> watch::Receiver<Arc<Counts>> {
        self.counts.clone()
    }

    /// Metrics of the writer, and the length of its queue.
    #[must_use]
    pub fn writer_metrics(&self) -> (&WriterMetrics, usize) {
        (self.writer.measures(), self.writer.waiting())
    }

    /// Whether the writer stopped unexpectedly; only a restart helps then.
    #[must_use]
    pub fn has_died(&self) -> bool {
        self.writer.has_stopped()
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

    /// Bytes that are free on the disk of the database; `None` for a server.
    #[must_use]
    pub fn free_space(&self) -> Option<u64> {
        free_space(self.db.file()?.parent()?)
    }

    /// Ends: what is queued is committed and acknowledged, then the database closes.
    pub async fn close(&self) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
        let ended = async {
            self.writer.finish().await;
            self.db.close().await;
        };
        if tokio::time::timeout(CLOSE_TIMEOUT, ended).await.is_err() {
            tracing::warn!("the database did not close in time");
        }
    }
}

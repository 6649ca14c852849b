//! The struct that all of the store's methods are on: one database, its one writer, and the
//! counts as this node knows them.
//!
//! The methods stand in the files of their nouns, each in an `impl Store` of its own; here
//! are only those about the store itself. So this file is imported by nearly all of the room
//! and imports few of them.

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
    signature::write_queue::{Writer, WriterMeasures},
    sql::connection::Db,
};

/// How long committing what is queued and closing the database may take.
const FAREWELL: Duration = Duration::from_millis(900);

/// Everything that is kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) db: Db,
    pub(super) writer: Writer,
    pub(super) publisher: Publisher,
    counts: watch::Receiver<Arc<Counts>>,
    following: Arc<Mutex<JoinSet<()>>>,
}

impl Store {
    /// Puts the store over a database that is open.
    pub(super) async fn over(db: Db) -> Result<Self, StoreError> {
        let publisher = Publisher::new(counts::read(&db).await?);
        let writer = Writer::start(&db, publisher.clone())?;
        let following = Arc::new(Mutex::new(publish::follow(&db, &publisher)));
        let counts = publisher.subscribe();
        Ok(Self { db, writer, publisher, counts, following })
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

//! Public counts of this node, kept in sync with commits of other nodes.
//!
//! `NOTIFY` is sent outside the signing transaction and at most once per [`NOTIFY_INTERVAL`]; a
//! lost notification is made up for by polling every [`POLL_INTERVAL`].

use std::{sync::Arc, time::Duration};

use domain::counts::Counts;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::sleep,
};

use crate::{
    counts,
    error::StoreError,
    sql::{connection::Db, statement::Sql},
};

/// How often the revision is polled.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Shortest time between two `NOTIFY`, and between two reads of the counts.
const NOTIFY_INTERVAL: Duration = Duration::from_millis(50);

/// PostgreSQL's notification channel.
const CHANNEL: &str = "chuangquan_counts";

/// Publishes new counts to the subscribers of this node. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Publisher {
    newest: Arc<watch::Sender<Arc<Counts>>>,
    /// The newest revision that this node committed itself.
    committed: Arc<watch::Sender<u64>>,
}

impl Publisher {
    /// Begins with `counts`.
    pub fn new(counts: Counts) -> Self {
        let committed = Arc::new(watch::Sender::new(counts.revision));
        Self { newest: Arc::new(watch::Sender::new(Arc::new(counts))), committed }
    }

    /// Follows the counts.
    pub fn subscribe(&self) -> watch::Receiver<Arc<Counts>> {
        self.newest.subscribe()
    }

    /// This node committed `counts`.
    pub fn committed(&self, counts: Counts) {
        self.committed.send_replace(counts.revision);
        self.publish_if_newer(counts);
    }

    /// Publishes `counts`, unless newer ones are out already.
    fn publish_if_newer(&self, counts: Counts) {
        self.newest.send_if_modified(|current| {
            let newer = counts.revision > current.revision;
            if newer {
                *current = Arc::new(counts);
            }
            newer
        });
    }

    fn revision(&self) -> u64 {
        self.newest.borrow().revision
    }
}

/// Starts to keep `publisher` in step with what other nodes commit to `db`; ends when
/// the tasks are dropped.
pub fn follow(db: &Db, publisher: &Publisher) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let wake_up = Arc::new(Notify::new());
    tasks.spawn(poll(db.clone(), publisher.clone(), Arc::clone(&wake_up)));
    if let Some(options) = db.server_options() {
        tasks.spawn(listen(options.application_name("chuangquan listening"), wake_up));
        tasks.spawn(announce(db.clone(), publisher.committed.subscribe()));
    }
    tasks
}

/// Reads the counts on each notification, and every [`POLL_INTERVAL`].
async fn poll(db: Db, publisher: Publisher, heard: Arc<Notify>) {
    loop {
        tokio::select! {
            () = heard.notified() => {}
            () = sleep(POLL_INTERVAL) => {}
        }
        if let Err(error) = refresh(&db, &publisher).await {
            tracing::warn!(%error, "could not read the counts");
        }
        sleep(NOTIFY_INTERVAL).await;
    }
}

async fn refresh(db: &Db, publisher: &Publisher) -> Result<(), StoreError> {
    if counts::revision(db).await? != publisher.revision() {
        publisher.publish_if_newer(counts::read(db).await?);
    }
    Ok(())
}

/// Notifies other nodes of this node's commits.
async fn announce(db: Db, mut committed: watch::Receiver<u64>) {
    const NOTIFY: Sql = Sql::both("SELECT CAST(pg_notify($1, $2) AS TEXT)");
    while committed.changed().await.is_ok() {
        let revision = committed.borrow_and_update().to_string();
        let sent = db.all::<(String,)>(NOTIFY, &[CHANNEL.into(), revision.into()]).await;
        if let Err(error) = sent {
            tracing::warn!(%error, "could not notify other nodes of new counts");
        }
        sleep(NOTIFY_INTERVAL).await;
    }
}

/// Receives notifications on a dedicated connection. After each reconnect the counts are read
/// again, since notifications may have been missed.
async fn listen(options: PgConnectOptions, heard: Arc<Notify>) {
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
    loop {
        let ended = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(CHANNEL).await?;
            loop {
                heard.notify_one();
                listener.try_recv().await?;
            }
        };
        let ended: Result<(), sqlx::Error> = ended.await;
        if let Err(error) = ended {
            tracing::warn!(%error, "not listening for notifications of other nodes; reconnecting");
        }
        sleep(POLL_INTERVAL).await;
    }
}

//! The counts as this node knows them, kept in step with what other nodes commit.
//!
//! A commit is told to the other nodes outside its transaction and no more often than
//! [`ANNOUNCE`]; a notice that is lost is made up for by looking every [`LOOK`].

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

/// How often it is looked whether another process changed the counts.
const LOOK: Duration = Duration::from_secs(1);

/// Shortest time between two notices to other nodes, and between two looks.
const ANNOUNCE: Duration = Duration::from_millis(50);

/// The name of the notices, in PostgreSQL.
const CHANNEL: &str = "chuangquan_counts";

/// Where new counts go. Cheap to clone.
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
        self.heard(counts);
    }

    /// Publishes `counts`, unless newer ones are out already.
    fn heard(&self, counts: Counts) {
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
    let heard = Arc::new(Notify::new());
    tasks.spawn(look(db.clone(), publisher.clone(), Arc::clone(&heard)));
    if let Some(options) = db.server_options() {
        tasks.spawn(listen(options.application_name("chuangquan listening"), heard));
        tasks.spawn(announce(db.clone(), publisher.committed.subscribe()));
    }
    tasks
}

/// Reads the counts when another node is heard, and every now and then.
async fn look(db: Db, publisher: Publisher, heard: Arc<Notify>) {
    loop {
        tokio::select! {
            () = heard.notified() => {}
            () = sleep(LOOK) => {}
        }
        if let Err(error) = refresh(&db, &publisher).await {
            tracing::warn!(%error, "could not look at the counts");
        }
        sleep(ANNOUNCE).await;
    }
}

async fn refresh(db: &Db, publisher: &Publisher) -> Result<(), StoreError> {
    if counts::revision(db).await? != publisher.revision() {
        publisher.heard(counts::read(db).await?);
    }
    Ok(())
}

/// Tells other nodes of this node's commits.
async fn announce(db: Db, mut committed: watch::Receiver<u64>) {
    const TELL: Sql = Sql::both("SELECT CAST(pg_notify($1, $2) AS TEXT)");
    while committed.changed().await.is_ok() {
        let revision = committed.borrow_and_update().to_string();
        let told = db.all::<(String,)>(TELL, &[CHANNEL.into(), revision.into()]).await;
        if let Err(error) = told {
            tracing::warn!(%error, "could not tell other nodes of new counts");
        }
        sleep(ANNOUNCE).await;
    }
}

/// Hears other nodes, over a connection of its own; once it is lost and found again,
/// the counts may have changed unheard.
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
            tracing::warn!(%error, "cannot hear other nodes for now");
        }
        sleep(LOOK).await;
    }
}

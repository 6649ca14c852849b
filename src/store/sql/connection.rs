//! Connections and transactions of either database; the only place that matches on which it is.

use std::{
    fs::DirBuilder,
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use sqlx::{
    Connection, Postgres, Sqlite, Transaction,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow},
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
        SqliteSynchronous,
    },
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use super::param::Value;
use super::statement::Sql;
use crate::{encryption::cipher::Seal, error::StoreError};

/// Older write-ahead-log code of SQLite can lose commits (fixed in 3.51.3).
const SQLITE_LEAST: [u32; 3] = [3, 51, 3];

/// How long a statement waits for a connection or a lock.
const DB_TIMEOUT: Duration = Duration::from_secs(5);

/// Pages of 4 KB in SQLite's log before they are moved into the file: 32 MB. Signatures
/// change the same pages again and again.
const WAL_PAGES: &str = "8192";

/// What SQLite's one writing connection may remember of the file, in KB (negative).
const WRITER_CACHE: &str = "-16384";

/// Transactions that wait for SQLite's one writing connection at once, but for signatures.
const WRITERS: usize = 4;

/// Connections that read, for each node.
const READERS: u32 = 8;

/// Connection options for PostgreSQL: the transaction of a node that vanished is ended soon, since
/// other writers wait for its locks.
const CONNECTION_OPTIONS: [(&str, &str); 5] = [
    ("idle_in_transaction_session_timeout", "15s"),
    ("lock_timeout", "10s"),
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
];

/// A tuple that a row of either database can become.
pub trait FromAnyRow:
    for<'r> sqlx::FromRow<'r, SqliteRow> + for<'r> sqlx::FromRow<'r, PgRow> + Send + Unpin
{
}

impl<T> FromAnyRow for T where
    T: for<'r> sqlx::FromRow<'r, SqliteRow> + for<'r> sqlx::FromRow<'r, PgRow> + Send + Unpin
{
}

macro_rules! bound {
    ($query:expr, $values:expr) => {{
        let mut query = $query;
        for value in $values {
            query = match value {
                Value::Int(value) => query.bind(*value),
                Value::Text(value) => query.bind(value.clone()),
                Value::Null => query.bind(None::<String>),
            };
        }
        query
    }};
}
pub(crate) use bound;

/// One database, and what seals the rows that go into it.
#[derive(Clone, Debug)]
pub struct Db {
    pub pools: Pools,
    pub seal: Seal,
    /// Who may wait for SQLite's one writing connection at once; `None` for the writer of signatures,
    /// who so waits for few others, however many there are.
    writers: Option<Arc<Semaphore>>,
}

/// The pools of one database.
#[derive(Clone, Debug)]
pub enum Pools {
    /// One connection writes, the others read beside it (write-ahead log).
    Sqlite { read: SqlitePool, write: SqlitePool },
    /// A server.
    Postgres(PgPool),
}

/// Error text for an unknown URL scheme.
pub const UNKNOWN: &str = "the database URL must begin with sqlite:// or postgres://";

/// Whether `url` names a file that is not there.
pub fn is_missing(url: &str) -> Result<bool, StoreError> {
    if !url.starts_with("sqlite:") {
        return Ok(false);
    }
    let fault = |error: &dyn std::fmt::Display| StoreError::Setup(error.to_string());
    let options = SqliteConnectOptions::from_str(url).map_err(|error| fault(&error))?;
    options.get_filename().try_exists().map(|there| !there).map_err(|error| fault(&error))
}

impl Db {
    /// Connects, and makes sure that a commit is on disk when it says so. A SQLite file
    /// that is not there is made only where `create` says so.
    pub async fn open(url: &str, seal: Seal, create: bool) -> Result<Self, StoreError> {
        let pools = Pools::open(url, create).await?;
        let writers = match &pools {
            Pools::Sqlite { .. } => Some(Arc::new(Semaphore::new(WRITERS))),
            Pools::Postgres(_) => None,
        };
        Ok(Self { pools, seal, writers })
    }

    /// The same database for the writer, who has a thread and connections of its own.
    pub fn for_writer(&self) -> Self {
        Self { pools: self.pools.for_writer(), seal: self.seal.clone(), writers: None }
    }

    /// Whether it is a server that other nodes write to, too.
    pub const fn is_shared(&self) -> bool {
        matches!(self.pools, Pools::Postgres(_))
    }

    /// The file; `None` for a server.
    pub fn file(&self) -> Option<PathBuf> {
        match &self.pools {
            Pools::Sqlite { read, .. } => Some(read.connect_options().get_filename().to_owned()),
            Pools::Postgres(_) => None,
        }
    }

    /// How to reach the server, for a connection that listens; `None` for a file.
    pub fn server_options(&self) -> Option<PgConnectOptions> {
        match &self.pools {
            Pools::Postgres(pool) => Some(PgConnectOptions::clone(&pool.connect_options())),
            Pools::Sqlite { .. } => None,
        }
    }

    /// All rows that a reading statement finds.
    pub async fn all<T: FromAnyRow>(
        &self,
        sql: Sql,
        values: &[Value],
    ) -> Result<Vec<T>, StoreError> {
        let found = async {
            Ok(match &self.pools {
                Pools::Sqlite { read, .. } => {
                    bound!(sqlx::query_as::<_, T>(sql.sqlite()), values).fetch_all(read).await?
                }
                Pools::Postgres(pool) => {
                    bound!(sqlx::query_as::<_, T>(sql.postgres()), values).fetch_all(pool).await?
                }
            })
        };
        in_time(found).await
    }

    /// Begins to write. On SQLite this takes the write lock.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let begun = async {
            let turn = match &self.writers {
                Some(writers) => Arc::clone(writers).acquire_owned().await.ok(),
                None => None,
            };
            let begun = match &self.pools {
                Pools::Sqlite { write, .. } => {
                    DbTransaction::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?)
                }
                Pools::Postgres(pool) => DbTransaction::Postgres(pool.begin().await?),
            };
            Ok(Tx { begun, seal: self.seal.clone(), _turn: turn })
        };
        in_time(begun).await
    }

    /// Begins to read one committed state, however long it takes.
    pub async fn snapshot(&self) -> Result<Tx, StoreError> {
        const REPEATABLE: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let begun = match &self.pools {
            Pools::Sqlite { read, .. } => DbTransaction::Sqlite(read.begin().await?),
            Pools::Postgres(pool) => DbTransaction::Postgres(pool.begin_with(REPEATABLE).await?),
        };
        Ok(Tx { begun, seal: self.seal.clone(), _turn: None })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.all::<(i64,)>(Sql::both("SELECT CAST(1 AS BIGINT)"), &[]).await.map(drop)
    }

    /// Closes all connections.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

impl Pools {
    async fn open(url: &str, create: bool) -> Result<Self, StoreError> {
        let unreadable = |error: sqlx::Error| StoreError::Setup(format!("{error}"));
        if url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::from_str(url).map_err(unreadable)?;
            Self::open_sqlite(options, create).await
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let options =
                PgConnectOptions::from_str(url).map_err(unreadable)?.options(CONNECTION_OPTIONS);
            let pool = PgPoolOptions::new()
                .acquire_timeout(DB_TIMEOUT)
                .max_connections(READERS + 1)
                .connect_with(options)
                .await?;
            assert_postgres_durable(&pool).await?;
            Ok(Self::Postgres(pool))
        } else {
            Err(StoreError::Setup(UNKNOWN.into()))
        }
    }

    async fn open_sqlite(options: SqliteConnectOptions, create: bool) -> Result<Self, StoreError> {
        if create && let Some(folder) = options.get_filename().parent() {
            private_folder(folder)
                .map_err(|error| StoreError::Setup(format!("{}: {error}", folder.display())))?;
        }
        let options = options
            .create_if_missing(create)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(DB_TIMEOUT)
            .foreign_keys(true)
            // What is erased is gone from the file, too.
            .pragma("secure_delete", "on")
            .pragma("wal_autocheckpoint", WAL_PAGES);
        let pool = |connections| {
            SqlitePoolOptions::new().max_connections(connections).acquire_timeout(DB_TIMEOUT)
        };
        // A failed commit (disk full) leaves the connection in a state that sqlx does not notice:
        // such a connection is dropped.
        let write = pool(1)
            .after_release(|connection, _| {
                Box::pin(async move {
                    connection.ping().await?;
                    Ok(!connection.is_in_transaction())
                })
            })
            .connect_with(options.clone().pragma("cache_size", WRITER_CACHE))
            .await?;
        let (version,): (String,) =
            sqlx::query_as("SELECT sqlite_version()").fetch_one(&write).await?;
        let parts: Vec<u32> = version.split('.').filter_map(|part| part.parse().ok()).collect();
        if parts.as_slice() < SQLITE_LEAST.as_slice() {
            return Err(StoreError::Setup(format!("SQLite {version} is older than 3.51.3")));
        }
        let read = pool(READERS).connect_with(options.pragma("query_only", "on")).await?;
        Ok(Self::Sqlite { read, write })
    }

    fn for_writer(&self) -> Self {
        match self {
            Self::Sqlite { .. } => self.clone(),
            Self::Postgres(pool) => {
                // A generic plan made when the table was small would scan the whole table for each
                // batch: plan every statement for its values.
                let options = PgConnectOptions::clone(&pool.connect_options())
                    .options([("plan_cache_mode", "force_custom_plan")]);
                let own = PgPoolOptions::new().acquire_timeout(DB_TIMEOUT).max_connections(1);
                Self::Postgres(own.connect_lazy_with(options))
            }
        }
    }
}

/// A transaction; it is rolled back when it is dropped before [`Tx::commit`].
#[derive(Debug)]
pub struct Tx {
    pub begun: DbTransaction,
    pub seal: Seal,
    /// Given back after the connection.
    _turn: Option<OwnedSemaphorePermit>,
}

/// A transaction of either database.
#[derive(Debug)]
pub enum DbTransaction {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// All rows that a statement finds or returns.
    pub async fn all<T: FromAnyRow>(
        &mut self,
        sql: Sql,
        values: &[Value],
    ) -> Result<Vec<T>, StoreError> {
        Ok(match &mut self.begun {
            DbTransaction::Sqlite(tx) => {
                bound!(sqlx::query_as::<_, T>(sql.sqlite()), values).fetch_all(&mut **tx).await?
            }
            DbTransaction::Postgres(tx) => {
                bound!(sqlx::query_as::<_, T>(sql.postgres()), values).fetch_all(&mut **tx).await?
            }
        })
    }

    /// The one row that a statement finds or returns.
    pub async fn one<T: FromAnyRow>(
        &mut self,
        sql: Sql,
        values: &[Value],
    ) -> Result<T, StoreError> {
        let found = self.all(sql, values).await?.into_iter().next();
        found.ok_or_else(|| StoreError::Refused("a required row is missing".into()))
    }

    /// Runs a statement; how many rows it touched.
    pub async fn run(&mut self, sql: Sql, values: &[Value]) -> Result<u64, StoreError> {
        Ok(match &mut self.begun {
            DbTransaction::Sqlite(tx) => {
                bound!(sqlx::query(sql.sqlite()), values).execute(&mut **tx).await?.rows_affected()
            }
            DbTransaction::Postgres(tx) => bound!(sqlx::query(sql.postgres()), values)
                .execute(&mut **tx)
                .await?
                .rows_affected(),
        })
    }

    /// The single text column of each row, one row at a time.
    pub fn lines(&mut self, sql: Sql) -> BoxStream<'_, Result<String, StoreError>> {
        match &mut self.begun {
            DbTransaction::Sqlite(tx) => {
                sqlx::query_scalar(sql.sqlite()).fetch(&mut **tx).map_err(StoreError::from).boxed()
            }
            DbTransaction::Postgres(tx) => sqlx::query_scalar(sql.postgres())
                .fetch(&mut **tx)
                .map_err(StoreError::from)
                .boxed(),
        }
    }

    /// Commits; when this returns well, everything is on disk.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.begun {
            DbTransaction::Sqlite(tx) => tx.commit().await?,
            DbTransaction::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

/// What `work` gives, unless the database takes too long over it.
pub async fn in_time<T>(
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let late = |_| StoreError::Unavailable("the database did not answer in time".into());
    tokio::time::timeout(DB_TIMEOUT + DB_TIMEOUT, work).await.map_err(late)?
}

/// Makes a folder, and those above it, that only their owner can look into.
pub fn private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Refuses a server that acknowledges what is not on disk.
async fn assert_postgres_durable(pool: &PgPool) -> Result<(), StoreError> {
    for setting in ["fsync", "synchronous_commit"] {
        let (value,): (String,) =
            sqlx::query_as("SELECT current_setting($1)").bind(setting).fetch_one(pool).await?;
        if value == "off" {
            return Err(StoreError::Setup(format!(
                "PostgreSQL runs with {setting} = off: a power cut would lose acknowledged commits"
            )));
        }
    }
    Ok(())
}

//! One database per test: a new SQLite file, or a new database in the PostgreSQL cluster that `make
//! test` starts. Without a cluster these tests fail; they are not skipped.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use domain::campaign::Campaign;
use server::config::secret_file::Secrets;
use sqlx::{Connection, PgConnection, SqliteConnection};
use store::Store;
use tempfile::TempDir;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A test database; clones share it.
#[derive(Clone)]
pub struct Database {
    pub url: String,
    pub kind: Kind,
    /// Temporary folder; contains the SQLite file and the secret.
    pub folder: Arc<TempDir>,
}

/// Runs a test twice, once on each database.
#[rstest_reuse::template]
#[rstest::rstest]
#[case::on_sqlite(crate::support::database::Kind::Sqlite)]
#[case::on_postgres(crate::support::database::Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_both(#[case] kind: Kind) {}

impl Database {
    pub async fn new(kind: Kind) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        write_secret(&folder.path().join("secret"), 7);
        let url = match kind {
            Kind::Sqlite => format!("sqlite://{}/chuangquan.db", folder.path().display()),
            Kind::Postgres => new_postgres().await,
        };
        Self { url, kind, folder }
    }

    pub async fn store(&self) -> Store {
        Store::open(&self.url, secrets().seal(), &default_campaign()).await.unwrap()
    }

    /// Executes SQL directly, without the store; returns the affected rows.
    pub async fn execute(&self, sql: &'static str) -> u64 {
        match self.kind {
            Kind::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
                sqlx::query(sql).execute(&mut connection).await.unwrap().rows_affected()
            }
            Kind::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.unwrap();
                sqlx::query(sql).execute(&mut connection).await.unwrap().rows_affected()
            }
        }
    }

    /// All stored bytes, as an attacker with the database would have them: the SQLite files, or the
    /// rows of all PostgreSQL tables as JSON.
    pub async fn all_bytes(&self) -> Vec<u8> {
        if self.kind == Kind::Sqlite {
            let file = self.folder.path().join("chuangquan.db");
            let log = self.folder.path().join("chuangquan.db-wal");
            return [fs::read(file).unwrap(), fs::read(log).unwrap_or_default()].concat();
        }
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
        let tables: Vec<String> =
            sqlx::query_scalar(tables).fetch_all(&mut connection).await.unwrap();
        assert!(tables.iter().any(|table| table == "reports"));
        let mut all = Vec::new();
        for table in tables {
            let rows = sqlx::AssertSqlSafe(format!("SELECT to_jsonb({table})::text FROM {table}"));
            let rows: Vec<String> =
                sqlx::query_scalar(rows).fetch_all(&mut connection).await.unwrap();
            all.extend(rows.join("\n").into_bytes());
        }
        all
    }

    /// Result of a query for one number, executed directly, without the store.
    pub async fn number(&self, sql: &'static str) -> i64 {
        match self.kind {
            Kind::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
            }
            Kind::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
            }
        }
    }
}

async fn new_postgres() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let cluster = std::env::var("DATABASE_URL_POSTGRES")
        .expect("tests need a PostgreSQL cluster: run them by `make unit` or `make test`");
    let name = format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mut connection = PgConnection::connect(&cluster).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut connection)
        .await
        .unwrap();
    let (server, _) = cluster.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

/// Secrets of in-process servers: the same as in the secret file next to each database.
pub fn secrets() -> Secrets {
    Secrets::of(vec![7; 64]).unwrap()
}

/// Writes a secret file of 64 times `byte`, readable by the owner only.
pub fn write_secret(file: &Path, byte: u8) {
    fs::write(file, [byte; 64]).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

pub fn default_campaign() -> Campaign {
    campaign::default().unwrap().campaign
}

//! The steps from nothing to the newest tables, for each database.

use std::{borrow::Cow, time::Duration};

use sqlx::{
    Connection, Executor, PgConnection, SqlSafeStr, SqliteConnection,
    migrate::{Migration, MigrationType, Migrator},
};

use super::{
    connection::{Db, Pools},
    schema::{self, PLAIN_DROPPED},
    statement::Sql,
};
use crate::{encryption::rows, error::StoreError};

/// Advisory lock of the node that migrates: "chuangqs" as bytes.
const MIGRATION_LOCK: i64 = i64::from_be_bytes(*b"chuangqs");

/// The migration that records that no plain text is left on disk.
const SWEPT: i64 = 9;

/// Every step from nothing to the newest tables. A released step is never changed.
pub const ALL: [(i64, &str, Sql); 15] = [
    (
        1,
        "signatures",
        Sql::each(
            include_str!("sqlite/0001_signatures.sql"),
            include_str!("postgres/0001_signatures.sql"),
        ),
    ),
    (
        2,
        "reports",
        Sql::each(
            include_str!("sqlite/0002_reports.sql"),
            include_str!("postgres/0002_reports.sql"),
        ),
    ),
    (
        3,
        "scale",
        Sql::each(include_str!("sqlite/0003_scale.sql"), include_str!("postgres/0003_scale.sql")),
    ),
    (
        4,
        "phones",
        Sql::each(include_str!("sqlite/0004_phones.sql"), include_str!("postgres/0004_phones.sql")),
    ),
    (
        5,
        "identities",
        Sql::each(
            include_str!("sqlite/0005_identities.sql"),
            include_str!("postgres/0005_identities.sql"),
        ),
    ),
    (
        6,
        "doubts",
        Sql::each(include_str!("sqlite/0006_doubts.sql"), include_str!("postgres/0006_doubts.sql")),
    ),
    (
        7,
        "sealed",
        Sql::each(include_str!("sqlite/0007_sealed.sql"), include_str!("postgres/0007_sealed.sql")),
    ),
    (
        8,
        "plain",
        Sql::each(include_str!("sqlite/0008_plain.sql"), include_str!("postgres/0008_plain.sql")),
    ),
    (
        9,
        "swept",
        Sql::each(include_str!("sqlite/0009_swept.sql"), include_str!("postgres/0009_swept.sql")),
    ),
    (
        10,
        "four_eyes",
        Sql::each(
            include_str!("sqlite/0010_four_eyes.sql"),
            include_str!("postgres/0010_four_eyes.sql"),
        ),
    ),
    (
        11,
        "public",
        Sql::each(include_str!("sqlite/0011_public.sql"), include_str!("postgres/0011_public.sql")),
    ),
    (
        12,
        "factors",
        Sql::each(
            include_str!("sqlite/0012_factors.sql"),
            include_str!("postgres/0012_factors.sql"),
        ),
    ),
    (
        13,
        "quarantine",
        Sql::each(
            include_str!("sqlite/0013_quarantine.sql"),
            include_str!("postgres/0013_quarantine.sql"),
        ),
    ),
    (
        14,
        "days",
        Sql::each(include_str!("sqlite/0014_days.sql"), include_str!("postgres/0014_days.sql")),
    ),
    (
        15,
        "corrections",
        Sql::each(
            include_str!("sqlite/0015_corrections.sql"),
            include_str!("postgres/0015_corrections.sql"),
        ),
    ),
];

/// The first migration whose `UPDATE`s are also run on restored rows. Backups already contain the
/// effects of older ones, or `counts::recount_missing` computes them.
const REPLAYED: i64 = 10;

/// The `UPDATE`s of the migrations after `schema`, to bring restored rows up to date.
pub fn updates_since(schema: u32) -> Vec<Sql> {
    let later = |version: i64| version >= REPLAYED && version > i64::from(schema);
    let steps = ALL.iter().filter(|(version, ..)| later(*version));
    let of_step = |(_, _, step): &(i64, &str, Sql)| {
        let pairs = updates(step.sqlite()).into_iter().zip(updates(step.postgres()));
        pairs.map(|(sqlite, postgres)| Sql::each(sqlite, postgres)).collect::<Vec<_>>()
    };
    steps.flat_map(of_step).collect()
}

/// The `UPDATE`s of a step, each of which begins a line.
fn updates(text: &'static str) -> Vec<&'static str> {
    let pieces = text.split(";\n").filter_map(|piece| {
        let at = piece.find("UPDATE ").filter(|at| *at == 0 || piece[..*at].ends_with('\n'))?;
        Some(&piece[at..])
    });
    pieces.collect()
}

impl Db {
    /// Runs the migrations, and encrypts plain-text rows; an interrupted start continues with it.
    /// With `reset_if_empty`, an empty database may have been opened with another secret before.
    pub async fn migrate(&self, reset_if_empty: bool) -> Result<(), StoreError> {
        self.run_steps(PLAIN_DROPPED - 1).await?;
        rows::register_keys(self, reset_if_empty).await?;
        if self.has_step(SWEPT).await? {
            return self.run_steps(i64::MAX).await;
        }
        // Of several nodes that start, one does it.
        let _alone = self.lock_migration().await?;
        if !self.has_step(PLAIN_DROPPED).await? {
            let rows = rows::seal_plain(self).await?;
            tracing::info!(rows, "plain-text rows were encrypted");
        }
        self.run_steps(PLAIN_DROPPED).await?;
        if !self.has_step(SWEPT).await? {
            self.rewrite_tables().await?;
        }
        self.run_steps(i64::MAX).await
    }

    /// Waits until no other node brings this database up to date; until what is returned is
    /// dropped.
    async fn lock_migration(&self) -> Result<Option<PgConnection>, StoreError> {
        let Pools::Postgres(pool) = &self.pools else { return Ok(None) };
        let mut connection = pool.acquire().await?.detach();
        connection.execute("SET lock_timeout = 0").await?;
        let lock = sqlx::query("SELECT pg_advisory_lock($1)").bind(MIGRATION_LOCK);
        connection.execute(lock).await?;
        Ok(Some(connection))
    }

    async fn run_steps(&self, upto: i64) -> Result<(), StoreError> {
        match &self.pools {
            Pools::Sqlite { write, .. } => migrator(upto, Sql::sqlite).run(write).await?,
            Pools::Postgres(pool) => migrator(upto, Sql::postgres).run(pool).await?,
        }
        Ok(())
    }

    async fn has_step(&self, version: i64) -> Result<bool, StoreError> {
        const STEP: Sql = Sql::both("SELECT version FROM _sqlx_migrations WHERE version = $1");
        let rows: Vec<(i64,)> = self.all(STEP, &[version.into()]).await?;
        Ok(!rows.is_empty())
    }

    /// Rewrites all pages, so that no plain text is left on disk.
    async fn rewrite_tables(&self) -> Result<(), StoreError> {
        match &self.pools {
            Pools::Sqlite { write, .. } => {
                sqlx::query("VACUUM").execute(write).await?;
                if !self.empty_log().await? {
                    let busy =
                        "the database is in use: old pages are overwritten at the next start";
                    return Err(StoreError::Unavailable(busy.into()));
                }
            }
            Pools::Postgres(pool) => {
                // A copy that is being made may take longer than a request may.
                let mut connection = pool.acquire().await?.detach();
                connection.execute("SET lock_timeout = 0").await?;
                for table in schema::sealed_at_first() {
                    // The statistics have names, too.
                    let text = format!("VACUUM (FULL, ANALYZE) {}", table.name);
                    connection.execute(sqlx::AssertSqlSafe(text)).await?;
                }
            }
        }
        Ok(())
    }

    /// Truncates the write-ahead log of SQLite; `false` if a reader or writer uses it. On a
    /// separate connection, so that nobody waits for it. PostgreSQL recycles its log by itself.
    pub async fn empty_log(&self) -> Result<bool, StoreError> {
        const PATIENCE: Duration = Duration::from_millis(100);
        let Pools::Sqlite { write, .. } = &self.pools else { return Ok(true) };
        let options = (*write.connect_options()).clone().busy_timeout(PATIENCE);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let emptied = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)");
        let emptied: Result<(i64, i64, i64), _> = emptied.fetch_one(&mut connection).await;
        connection.close().await?;
        Ok(emptied.is_ok_and(|(busy, _, _)| busy == 0))
    }
}

/// The steps up to `upto`; a database may have gone further.
fn migrator(upto: i64, text: impl Fn(Sql) -> &'static str) -> Migrator {
    let step = |(version, name, sql): (i64, &'static str, Sql)| {
        let (name, text) = (Cow::Borrowed(name), text(sql).into_sql_str());
        Migration::new(version, name, MigrationType::Simple, text, false)
    };
    let steps = ALL.into_iter().filter(|(version, ..)| *version <= upto);
    let mut migrator = Migrator::with_migrations(steps.map(step).collect());
    migrator.set_ignore_missing(upto < i64::MAX);
    migrator
}

//! The steps from nothing to the newest tables, for each database.

use std::borrow::Cow;

use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

use super::{
    StoreError,
    db::{Db, Pools, Sql},
    sealing, tables,
};

/// The step that takes away the columns whose content is sealed before it.
const SEALED: i64 = 8;

/// Every step from nothing to the newest tables. A released step is never changed.
pub const ALL: [(i64, &str, Sql); 8] = [
    (
        1,
        "signatures",
        Sql::each(
            include_str!("migrations/sqlite/0001_signatures.sql"),
            include_str!("migrations/postgres/0001_signatures.sql"),
        ),
    ),
    (
        2,
        "reports",
        Sql::each(
            include_str!("migrations/sqlite/0002_reports.sql"),
            include_str!("migrations/postgres/0002_reports.sql"),
        ),
    ),
    (
        3,
        "scale",
        Sql::each(
            include_str!("migrations/sqlite/0003_scale.sql"),
            include_str!("migrations/postgres/0003_scale.sql"),
        ),
    ),
    (
        4,
        "phones",
        Sql::each(
            include_str!("migrations/sqlite/0004_phones.sql"),
            include_str!("migrations/postgres/0004_phones.sql"),
        ),
    ),
    (
        5,
        "identities",
        Sql::each(
            include_str!("migrations/sqlite/0005_identities.sql"),
            include_str!("migrations/postgres/0005_identities.sql"),
        ),
    ),
    (
        6,
        "doubts",
        Sql::each(
            include_str!("migrations/sqlite/0006_doubts.sql"),
            include_str!("migrations/postgres/0006_doubts.sql"),
        ),
    ),
    (
        7,
        "sealed",
        Sql::each(
            include_str!("migrations/sqlite/0007_sealed.sql"),
            include_str!("migrations/postgres/0007_sealed.sql"),
        ),
    ),
    (
        8,
        "plain",
        Sql::each(
            include_str!("migrations/sqlite/0008_plain.sql"),
            include_str!("migrations/postgres/0008_plain.sql"),
        ),
    ),
];

impl Db {
    /// Brings the tables up to date. What is not sealed is sealed on the way: a start that is
    /// broken off goes on with it.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.run_steps(SEALED - 1).await?;
        let sealed = match self.has_step(SEALED).await? {
            true => 0,
            false => sealing::seal_plain(self).await?,
        };
        self.run_steps(i64::MAX).await?;
        if sealed > 0 {
            tracing::info!(rows = sealed, "what people wrote is sealed now");
            self.forget_what_was().await?;
        }
        Ok(())
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

    /// Writes the tables anew, so that no page of the disk holds what they held before.
    async fn forget_what_was(&self) -> Result<(), StoreError> {
        match &self.pools {
            Pools::Sqlite { write, .. } => {
                sqlx::query("VACUUM").execute(write).await?;
                sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(write).await?;
            }
            Pools::Postgres(pool) => {
                for table in tables::sealed() {
                    let text = format!("VACUUM FULL {}", table.name);
                    sqlx::query(sqlx::AssertSqlSafe(text)).execute(pool).await?;
                }
            }
        }
        Ok(())
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

//! How a store is opened: to serve, or to be looked after as it is.

use domain::campaign::Campaign;

use super::{
    base::Store,
    counts,
    encryption::{cipher::Seal, rows},
    error::StoreError,
    sql::{
        connection::{self, Db},
        statement::Sql,
    },
};

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
    /// [`StoreError`] if the database cannot be reached.
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
    /// [`StoreError`] if the database cannot be reached, is not one that keeps what it
    /// acknowledges, or was sealed by another secret.
    pub async fn open(url: &str, seal: Seal, campaign: &Campaign) -> Result<Self, StoreError> {
        let db = Db::open(url, seal, true).await?;
        db.migrate(false).await?;
        counts::ensure(&db, campaign).await?;
        Self::with_db(db).await
    }

    /// Opens an existing database without migrating it and without a secret: encrypted columns
    /// cannot be read.
    ///
    /// # Errors
    /// [`StoreError`], also when there is none, or it was never served.
    pub async fn open_existing(url: &str) -> Result<Self, StoreError> {
        Self::with_db(Db::open(url, Seal::of([]), false).await?).await
    }

    /// Opens an existing database without migrating it, with its secrets: for `reseal` and
    /// `backup`.
    ///
    /// # Errors
    /// [`StoreError`], also when there is none, or none of the secrets sealed it.
    pub async fn open_sealed(url: &str, seal: Seal) -> Result<Self, StoreError> {
        let db = Db::open(url, seal, false).await?;
        rows::register_keys(&db, false).await?;
        Self::with_db(db).await
    }

    /// Opens a database that is to be filled by [`Store::restore`].
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn open_to_restore(url: &str, seal: Seal) -> Result<Self, StoreError> {
        let db = Db::open(url, seal, true).await?;
        db.migrate(true).await?;
        Self::with_db(db).await
    }
}

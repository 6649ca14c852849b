//! What can go wrong between the store and its database.

use sqlx::sqlite::SqliteError;

/// Why the store could not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is unreachable, busy or full: a retry may succeed.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// Wrong configuration or environment: a retry cannot succeed.
    #[error("{0}")]
    Setup(String),
    /// The database rejected a statement: a bug of this program.
    #[error("the database refused: {0}")]
    Refused(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error.to_string()),
            sqlx::Error::Database(refusal) => {
                let code = refusal.code().unwrap_or_default();
                let transient = if refusal.try_downcast_ref::<SqliteError>().is_some() {
                    // Primary codes: busy, locked, read-only, I/O, full, cannot open.
                    code.parse::<u32>()
                        .is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14))
                } else {
                    // PostgreSQL error classes: connection, transaction state, lock timeout,
                    // resources, operator intervention, system, serialization failure.
                    ["08", "25", "55", "53", "57", "58", "40"]
                        .iter()
                        .any(|class| code.starts_with(class))
                };
                if transient {
                    Self::Unavailable(error.to_string())
                } else {
                    Self::Refused(error.to_string())
                }
            }
            _ => Self::Refused(error.to_string()),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Setup(format!("the migrations failed: {error}"))
    }
}

//! A reading statement that is put together from fixed pieces; whatever comes from
//! outside is a parameter.

use sqlx::AssertSqlSafe;

use super::{
    connection::{Db, DbTransaction, FromAnyRow, Pools, Tx, Value, bound, in_time},
    statement::Sql,
    table::{Record, Statements, records_lossy, records_strict},
};
use crate::error::StoreError;

/// A statement with its parameters.
#[derive(Clone, Debug, Default)]
pub struct Query {
    sqlite: String,
    postgres: String,
    values: Vec<Value>,
}

impl Query {
    /// Begins with `text`.
    pub fn new(text: &'static str) -> Self {
        let mut query = Self::default();
        query.push(text);
        query
    }

    /// Adds `text`.
    pub fn push(&mut self, text: &'static str) -> &mut Self {
        self.push_each(Sql::both(text))
    }

    /// Adds a piece that each database has its own words for.
    pub fn push_each(&mut self, sql: Sql) -> &mut Self {
        self.sqlite.push_str(sql.sqlite());
        self.postgres.push_str(sql.postgres());
        self
    }

    /// Adds a parameter.
    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        let placeholder = format!("${}", self.values.len());
        self.sqlite.push_str(&placeholder);
        self.postgres.push_str(&placeholder);
        self
    }

    /// Adds a list of parameters in brackets; an empty one matches nothing.
    pub fn bind_list<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Self {
        self.push("(");
        let mut any = false;
        for value in values {
            if any {
                self.push(", ");
            }
            self.bind(value);
            any = true;
        }
        if !any {
            self.push("NULL");
        }
        self.push(")")
    }

    /// Begins to select whole records of `table`.
    pub fn records(table: &Statements) -> Self {
        let mut query = Self::new("SELECT ");
        query.push_each(table.object).push(" FROM ").push(table.name);
        query
    }

    /// The rows that it finds.
    pub async fn rows<T: FromAnyRow>(&self, db: &Db) -> Result<Vec<T>, StoreError> {
        let found = async {
            Ok(match &db.pools {
                Pools::Sqlite { read, .. } => {
                    let text = AssertSqlSafe(self.sqlite.clone());
                    bound!(sqlx::query_as::<_, T>(text), &self.values).fetch_all(read).await?
                }
                Pools::Postgres(pool) => {
                    let text = AssertSqlSafe(self.postgres.clone());
                    bound!(sqlx::query_as::<_, T>(text), &self.values).fetch_all(pool).await?
                }
            })
        };
        in_time(found).await
    }

    /// The rows that it finds within a transaction.
    pub async fn rows_in<T: FromAnyRow>(&self, tx: &mut Tx) -> Result<Vec<T>, StoreError> {
        Ok(match &mut tx.begun {
            DbTransaction::Sqlite(tx) => {
                let text = AssertSqlSafe(self.sqlite.clone());
                bound!(sqlx::query_as::<_, T>(text), &self.values).fetch_all(&mut **tx).await?
            }
            DbTransaction::Postgres(tx) => {
                let text = AssertSqlSafe(self.postgres.clone());
                bound!(sqlx::query_as::<_, T>(text), &self.values).fetch_all(&mut **tx).await?
            }
        })
    }

    /// The records that it finds.
    pub async fn find<T: Record>(&self, db: &Db) -> Result<Vec<T>, StoreError> {
        records_lossy(&db.seal, self.rows(db).await?)
    }

    /// The records that it finds within a transaction, without those that cannot be opened.
    pub async fn find_openable_in<T: Record>(&self, tx: &mut Tx) -> Result<Vec<T>, StoreError> {
        let rows = self.rows_in(tx).await?;
        records_lossy(&tx.seal, rows)
    }

    /// The records that it finds within a transaction.
    pub async fn find_in<T: Record>(&self, tx: &mut Tx) -> Result<Vec<T>, StoreError> {
        let rows = self.rows_in(tx).await?;
        records_strict(&tx.seal, rows)
    }
}

//! Very many rows into one table: as fast as either database takes them.
//!
//! Both could read rows as JSON (`table`), but taking that apart costs them more than
//! storing it: half of the time of a signature.

use sqlx::{AssertSqlSafe, query::Query as Statement};

use super::{
    connection::{Begun, Tx, Value, bound},
    table::{Kind, Statements},
};
use crate::error::StoreError;

/// Rows that SQLite takes in one statement, which is prepared once; what is left over
/// goes into one that is prepared for it alone.
const SIZE: usize = 64;

impl Tx {
    /// Adds `rows` to `table`, each with a value for every column, in their order.
    ///
    /// # Errors
    /// [`StoreError`]; the transaction is then of no more use.
    pub async fn insert_rows(
        &mut self,
        table: &Statements,
        rows: &[Vec<Value>],
    ) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        match &mut self.begun {
            Begun::Sqlite(tx) => {
                for chunk in rows.chunks(SIZE) {
                    let text = AssertSqlSafe(values_text(table, chunk.len()));
                    let query = sqlx::query(text).persistent(chunk.len() == SIZE);
                    bound!(query, chunk.iter().flatten()).execute(&mut **tx).await?;
                }
            }
            Begun::Postgres(tx) => {
                let mut query = sqlx::query(AssertSqlSafe(unnest_text(table)));
                for (place, (_, kind)) in table.columns.iter().enumerate() {
                    let column = rows.iter().map(|row| row.get(place).unwrap_or(&Value::Null));
                    query = bind_column(query, *kind, column);
                }
                query.execute(&mut **tx).await?;
            }
        }
        Ok(())
    }
}

fn names(table: &Statements) -> String {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

/// `INSERT … VALUES (?, …), …` for so many rows.
fn values_text(table: &Statements, rows: usize) -> String {
    let row = format!("({})", vec!["?"; table.columns.len()].join(","));
    format!("INSERT INTO {} ({}) VALUES {}", table.name, names(table), vec![row; rows].join(","))
}

/// `INSERT … SELECT` from one array for each column.
fn unnest_text(table: &Statements) -> String {
    let arrays = table.columns.iter().enumerate().map(|(place, (_, kind))| {
        let array = match kind {
            Kind::Int | Kind::IntOrZero => "bigint",
            Kind::Bool => "boolean",
            Kind::Text => "text",
        };
        format!("${}::{array}[]", place + 1)
    });
    let arrays: Vec<String> = arrays.collect();
    let (name, names) = (table.name, names(table));
    format!("INSERT INTO {name} ({names}) SELECT * FROM UNNEST({})", arrays.join(", "))
}

type PgStatement<'q> = Statement<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

/// Binds one column as an array of its type; what is of another type counts as nothing.
fn bind_column<'q, 'v>(
    query: PgStatement<'q>,
    kind: Kind,
    column: impl Iterator<Item = &'v Value>,
) -> PgStatement<'q> {
    let whole = |value: &Value| match value {
        Value::Int(n) => Some(*n),
        _ => None,
    };
    match kind {
        Kind::Int | Kind::IntOrZero => query.bind(column.map(whole).collect::<Vec<_>>()),
        Kind::Bool => {
            query.bind(column.map(|value| whole(value).map(|n| n != 0)).collect::<Vec<_>>())
        }
        Kind::Text => {
            let text = column.map(|value| match value {
                Value::Text(text) => Some(text.clone()),
                _ => None,
            });
            query.bind(text.collect::<Vec<_>>())
        }
    }
}

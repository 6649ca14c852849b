//! Bulk inserts: multi-row `VALUES` on SQLite, `UNNEST` on PostgreSQL.
//!
//! Both databases could read JSON (`table`), but parsing it costs half of the time of a signature.

use sqlx::{AssertSqlSafe, query::Query as Statement};

use super::{
    connection::{DbTransaction, Tx, Value, bound},
    table::{ColumnType, Statements},
};
use crate::error::StoreError;

/// A row that is written by [`Tx::insert_rows`]; [`bulk_row`] makes one of a struct.
pub trait BulkRow {
    /// The columns that it has a value for.
    const COLUMNS: &'static [&'static str];

    /// Their table.
    fn table() -> &'static Statements;

    /// A value for each of the columns, in their order.
    fn values(self) -> Vec<Value>;
}

/// A struct whose fields are columns of a table.
macro_rules! bulk_row {
    ($(#[$meta:meta])* $visible:vis struct $name:ident in $table:ident {
        $($(#[$field_meta:meta])* $field:ident: $kind:ty,)*
    }) => {
        $(#[$meta])*
        $visible struct $name {
            $($(#[$field_meta])* pub $field: $kind,)*
        }

        impl $crate::sql::bulk_insert::BulkRow for $name {
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),*];

            fn table() -> &'static $crate::sql::table::Statements {
                &$table
            }

            fn values(self) -> Vec<$crate::sql::connection::Value> {
                vec![$(self.$field.into()),*]
            }
        }
    };
}
pub(crate) use bulk_row;

/// Rows that SQLite takes in one statement, which is prepared once; what is left over
/// goes into one that is prepared for it alone.
const SIZE: usize = 64;

impl Tx {
    /// Adds rows to their table.
    ///
    /// # Errors
    /// [`StoreError`]; the transaction is then of no more use.
    pub async fn insert_rows<R: BulkRow>(
        &mut self,
        rows: impl IntoIterator<Item = R>,
    ) -> Result<(), StoreError> {
        let rows: Vec<Vec<Value>> = rows.into_iter().map(R::values).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let columns = Columns::of::<R>();
        match &mut self.begun {
            DbTransaction::Sqlite(tx) => {
                for chunk in rows.chunks(SIZE) {
                    let text = AssertSqlSafe(columns.values_text(chunk.len()));
                    let query = sqlx::query(text).persistent(chunk.len() == SIZE);
                    bound!(query, chunk.iter().flatten()).execute(&mut **tx).await?;
                }
            }
            DbTransaction::Postgres(tx) => {
                let mut query = sqlx::query(AssertSqlSafe(columns.unnest_text()));
                for (index, kind) in columns.types.iter().enumerate() {
                    let column = rows.iter().map(|row| row.get(index).unwrap_or(&Value::Null));
                    query = bind_column(query, *kind, column);
                }
                query.execute(&mut **tx).await?;
            }
        }
        Ok(())
    }
}

/// The columns of a kind of row, and what each holds.
struct Columns {
    table: &'static str,
    names: &'static [&'static str],
    types: Vec<ColumnType>,
}

impl Columns {
    fn of<R: BulkRow>() -> Self {
        let table = R::table();
        let kind_of = |column: &&str| {
            let found = table.columns.iter().find(|(name, _)| name == column);
            // A name that is no column is the database's to refuse.
            found.map_or(ColumnType::Text, |(_, kind)| *kind)
        };
        let kinds = R::COLUMNS.iter().map(kind_of).collect();
        Self { table: table.name, names: R::COLUMNS, types: kinds }
    }

    /// `INSERT … VALUES (?, …), …` for so many rows.
    fn values_text(&self, rows: usize) -> String {
        let row = format!("({})", vec!["?"; self.names.len()].join(","));
        let rows = vec![row; rows].join(",");
        format!("INSERT INTO {} ({}) VALUES {rows}", self.table, self.names.join(", "))
    }

    /// `INSERT … SELECT` from one array for each column.
    fn unnest_text(&self) -> String {
        let arrays = self.types.iter().enumerate().map(|(index, kind)| {
            let array = match kind {
                ColumnType::Int | ColumnType::IntOrZero => "bigint",
                ColumnType::Bool => "boolean",
                ColumnType::Text => "text",
            };
            format!("${}::{array}[]", index + 1)
        });
        let arrays: Vec<String> = arrays.collect();
        let (table, names) = (self.table, self.names.join(", "));
        format!("INSERT INTO {table} ({names}) SELECT * FROM UNNEST({})", arrays.join(", "))
    }
}

type PgStatement<'q> = Statement<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

/// Binds one column as an array of its type; what is of another type counts as nothing.
fn bind_column<'q, 'v>(
    query: PgStatement<'q>,
    column_type: ColumnType,
    column: impl Iterator<Item = &'v Value>,
) -> PgStatement<'q> {
    let whole = |value: &Value| match value {
        Value::Int(n) => Some(*n),
        _ => None,
    };
    match column_type {
        ColumnType::Int | ColumnType::IntOrZero => {
            query.bind(column.map(whole).collect::<Vec<_>>())
        }
        ColumnType::Bool => {
            query.bind(column.map(|value| whole(value).map(|n| n != 0)).collect::<Vec<_>>())
        }
        ColumnType::Text => {
            let text = column.map(|value| match value {
                Value::Text(text) => Some(text.clone()),
                _ => None,
            });
            query.bind(text.collect::<Vec<_>>())
        }
    }
}

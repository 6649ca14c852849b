//! Tables as lists of columns: the statements that every table needs, in the words of
//! both databases. A row travels as one JSON object.

use serde::{Serialize, de::DeserializeOwned};

use super::{
    StoreError,
    db::{Sql, Value},
};

/// What a column holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Int,
    /// Zero where an older copy does not have it.
    IntOrZero,
    Real,
    Bool,
    Text,
}

/// A table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    pub name: &'static str,
    /// The columns that name a row.
    pub key: &'static [&'static str],
    pub columns: &'static [(&'static str, Kind)],
}

/// The statements of a table, written once.
#[derive(Clone, Copy, Debug)]
pub struct Statements {
    pub name: &'static str,
    pub columns: &'static [(&'static str, Kind)],
    /// A row as JSON text, after `SELECT`.
    pub object: Sql,
    /// All rows as JSON, in the order of their key.
    pub all: Sql,
    /// Adds the rows of the JSON array `$1`.
    pub insert: Sql,
    /// Writes the rows of the JSON array `$1` over those of the same key.
    pub update: Sql,
    /// Empties the table.
    pub clear: Sql,
}

const SQLITE_ITEMS: &str = "json_each($1) AS item";
const POSTGRES_ITEMS: &str = "jsonb_array_elements(CAST($1 AS jsonb)) AS item(value)";

impl Table {
    /// Writes the statements; they live as long as the program.
    pub fn prepare(&self) -> Statements {
        let Self { name, key, columns } = *self;
        let pairs: Vec<String> =
            columns.iter().map(|(column, _)| format!("'{column}', {name}.{column}")).collect();
        let sqlite_object = format!("json_object({})", pairs.join(", "));
        let postgres_object = format!("CAST(to_jsonb({name}) AS text)");
        let order = key.join(", ");
        let all = |object: &str| format!("SELECT {object} FROM {name} ORDER BY {order}");
        let names: Vec<&str> = columns.iter().map(|(column, _)| *column).collect();
        let values: Vec<String> = columns.iter().map(|column| from_item(*column)).collect();
        let insert = |items: &str| {
            format!(
                "INSERT INTO {name} ({}) SELECT {} FROM {items}",
                names.join(", "),
                values.join(", ")
            )
        };
        let set: Vec<String> = columns
            .iter()
            .filter(|(column, _)| !key.contains(column))
            .map(|column| format!("{} = {}", column.0, from_item(*column)))
            .collect();
        let same: Vec<String> = columns
            .iter()
            .filter(|(column, _)| key.contains(column))
            .map(|column| format!("{name}.{} = {}", column.0, from_item(*column)))
            .collect();
        let update = |items: &str| {
            format!(
                "UPDATE {name} SET {} FROM {items} WHERE {}",
                set.join(", "),
                same.join(" AND ")
            )
        };
        Statements {
            name,
            columns,
            all: Sql::each(kept(all(&sqlite_object)), kept(all(&postgres_object))),
            object: Sql::each(kept(sqlite_object), kept(postgres_object)),
            insert: Sql::each(kept(insert(SQLITE_ITEMS)), kept(insert(POSTGRES_ITEMS))),
            update: Sql::each(kept(update(SQLITE_ITEMS)), kept(update(POSTGRES_ITEMS))),
            clear: Sql::both(kept(format!("DELETE FROM {name}"))),
        }
    }
}

fn from_item((column, kind): (&str, Kind)) -> String {
    let text = format!("item.value->>'{column}'");
    match kind {
        Kind::Text => text,
        Kind::Int => format!("CAST({text} AS BIGINT)"),
        Kind::IntOrZero => format!("COALESCE(CAST({text} AS BIGINT), 0)"),
        Kind::Real => format!("CAST({text} AS DOUBLE PRECISION)"),
        Kind::Bool => format!("CAST({text} AS BOOLEAN)"),
    }
}

fn kept(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// A record as the parameter of a table's statements.
pub fn item(record: &impl Serialize) -> Result<Value, StoreError> {
    items(std::slice::from_ref(record))
}

/// Records as the parameter of a table's statements.
pub fn items(records: &[impl Serialize]) -> Result<Value, StoreError> {
    serde_json::to_string(records).map(Value::Text).map_err(|error| unfit(&error))
}

/// Records from their rows.
pub fn records<T: DeserializeOwned>(rows: Vec<(String,)>) -> Result<Vec<T>, StoreError> {
    let read = |(row,): (String,)| serde_json::from_str(&row).map_err(|error| unfit(&error));
    rows.into_iter().map(read).collect()
}

fn unfit(error: &serde_json::Error) -> StoreError {
    StoreError::Refused(format!("a row is not as it must be: {error}"))
}

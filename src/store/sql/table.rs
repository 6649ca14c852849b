//! Generated SQL of tables: for each list of columns the usual statements in both dialects. Rows
//! are passed as JSON objects; private fields are encrypted on the way in and decrypted on the way
//! out.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value as Json};

use super::{
    connection::{Tx, Value},
    statement::Sql,
};
use crate::{
    encryption::cipher::{Seal, is_sealed},
    error::StoreError,
};

/// Type of a column.
#[derive(Clone, Copy, Debug)]
pub enum ColumnType {
    Int,
    /// Zero where an older copy does not have it.
    IntOrZero,
    Bool,
    Text,
}

/// A table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    pub name: &'static str,
    /// The columns that name a row.
    pub key: &'static [&'static str],
    pub columns: &'static [(&'static str, ColumnType)],
    /// Fields of a record that are kept together in the column [`SEALED`].
    pub private: &'static [&'static str],
    /// Columns whose text is sealed where it stands.
    pub sealed: &'static [&'static str],
}

/// The column of what is private of a row, sealed.
pub const SEALED: &str = "sealed";

/// The statements of a table, written once.
#[derive(Clone, Copy, Debug)]
pub struct Statements {
    pub name: &'static str,
    pub key: &'static [&'static str],
    pub columns: &'static [(&'static str, ColumnType)],
    pub private: &'static [&'static str],
    pub sealed: &'static [&'static str],
    /// The key as a row value, and as what is sorted by.
    pub key_list: &'static str,
    pub order: &'static str,
    /// Key, private fields and sealed columns as JSON, where the private fields still are
    /// columns.
    pub plain: Sql,
    /// Writes what is sealed of the rows of the JSON array `$1`.
    pub reseal: Sql,
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
        let Self { name, key, columns, private, sealed } = *self;
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
        let write = |set: &[String], items: &str| {
            let (set, same) = (set.join(", "), same.join(" AND "));
            format!("UPDATE {name} SET {set} FROM {items} WHERE {same}")
        };
        let update = |items: &str| write(&set, items);
        let sealed_column = (!private.is_empty()).then_some(&SEALED);
        let sealed_columns = sealed_column.into_iter().chain(sealed);
        let sealed_set: Vec<String> = sealed_columns
            .map(|column| format!("{column} = {}", from_item((column, ColumnType::Text))))
            .collect();
        let reseal = |items: &str| write(&sealed_set, items);
        let plain: Vec<String> = key
            .iter()
            .chain(private)
            .chain(sealed)
            .map(|column| format!("'{column}', {name}.{column}"))
            .collect();
        let plain = format!("json_object({})", plain.join(", "));
        Statements {
            name,
            key,
            columns,
            private,
            sealed,
            key_list: kept(format!("({order})")),
            plain: Sql::each(kept(plain), kept(postgres_object.clone())),
            reseal: Sql::each(kept(reseal(SQLITE_ITEMS)), kept(reseal(POSTGRES_ITEMS))),
            all: Sql::each(kept(all(&sqlite_object)), kept(all(&postgres_object))),
            object: Sql::each(kept(sqlite_object), kept(postgres_object)),
            insert: Sql::each(kept(insert(SQLITE_ITEMS)), kept(insert(POSTGRES_ITEMS))),
            update: Sql::each(kept(update(SQLITE_ITEMS)), kept(update(POSTGRES_ITEMS))),
            order: kept(order),
            clear: Sql::both(kept(format!("DELETE FROM {name}"))),
        }
    }
}

impl Statements {
    /// What a row is called, as far as what is sealed for it goes.
    pub fn row(&self, key: &[&dyn std::fmt::Display]) -> String {
        key.iter().fold(self.name.to_owned(), |name, part| format!("{name}/{part}"))
    }

    fn row_of(&self, row: &Map<String, Json>) -> String {
        self.key.iter().fold(self.name.to_owned(), |name, column| match row.get(*column) {
            Some(Json::String(text)) => format!("{name}/{text}"),
            other => format!("{name}/{}", other.unwrap_or(&Json::Null)),
        })
    }

    /// Whether anything of a row is sealed.
    pub const fn has_secrets(&self) -> bool {
        !self.private.is_empty() || !self.sealed.is_empty()
    }

    /// Encrypts the private fields and sealed columns of a row that are still plain text.
    pub fn seal_row(&self, row: &mut Map<String, Json>, seal: &Seal) -> Result<(), StoreError> {
        let name = self.row_of(row);
        let mut private = Map::new();
        for field in self.private {
            if let Some(value) = row.remove(*field).filter(|value| !value.is_null()) {
                private.insert((*field).to_owned(), value);
            }
        }
        if !private.is_empty() {
            let text = Json::Object(private).to_string();
            row.insert(SEALED.to_owned(), seal.seal(&name, &text)?.into());
        }
        for column in self.sealed {
            if let Some(Json::String(text)) = row.get_mut(*column)
                && !text.is_empty()
                && !is_sealed(text)
            {
                *text = seal.seal(&format!("{name}/{column}"), text)?;
            }
        }
        Ok(())
    }

    /// Decrypts the private fields and sealed columns of a row.
    pub fn open_row(&self, row: &mut Map<String, Json>, seal: &Seal) -> Result<(), StoreError> {
        let name = self.row_of(row);
        if !self.private.is_empty()
            && let Some(Json::String(sealed)) = row.remove(SEALED)
        {
            let text = seal.open(&name, &sealed)?;
            let private: Map<String, Json> =
                serde_json::from_str(&text).map_err(|error| unfit(&error))?;
            row.extend(private);
        }
        for column in self.sealed {
            if let Some(Json::String(text)) = row.get_mut(*column)
                && !text.is_empty()
            {
                *text = seal.open(&format!("{name}/{column}"), text)?;
            }
        }
        Ok(())
    }
}

fn from_item((column, column_type): (&str, ColumnType)) -> String {
    let text = format!("item.value->>'{column}'");
    match column_type {
        ColumnType::Text => text,
        ColumnType::Int => format!("CAST({text} AS BIGINT)"),
        ColumnType::IntOrZero => format!("COALESCE(CAST({text} AS BIGINT), 0)"),
        ColumnType::Bool => format!("CAST({text} AS BOOLEAN)"),
    }
}

fn kept(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// What the rows of a table are read as.
pub trait Record: DeserializeOwned {
    /// The table.
    fn table() -> &'static Statements;
}

/// Records as the parameter of a table's statements.
fn items<'r, R: Record + Serialize + 'r>(
    seal: &Seal,
    records: impl IntoIterator<Item = &'r R>,
) -> Result<Value, StoreError> {
    let table = R::table();
    let mut rows = Vec::new();
    for record in records {
        let row = serde_json::to_value(record).map_err(|error| unfit(&error))?;
        let Json::Object(mut row) = row else { continue };
        table.seal_row(&mut row, seal)?;
        rows.push(Json::Object(row));
    }
    Ok(Value::items(rows))
}

/// Records from their rows.
pub fn records_lossy<R: Record>(seal: &Seal, rows: Vec<(String,)>) -> Result<Vec<R>, StoreError> {
    let read = |row, error: StoreError| {
        // Shown without the private fields, so that one damaged row does not make the list fail.
        tracing::error!(%error, "a row cannot be decrypted; it is shown without its private fields");
        serde_json::from_value(Json::Object(row)).map_err(|error| unfit(&error))
    };
    read_each(seal, rows, read)
}

/// As [`records`], for records that will be changed: fails if one of them cannot be decrypted.
pub fn records_strict<R: Record>(seal: &Seal, rows: Vec<(String,)>) -> Result<Vec<R>, StoreError> {
    read_each(seal, rows, |_, error| Err(error))
}

fn read_each<R: Record>(
    seal: &Seal,
    rows: Vec<(String,)>,
    on_decrypt_error: impl Fn(Map<String, Json>, StoreError) -> Result<R, StoreError>,
) -> Result<Vec<R>, StoreError> {
    let table = R::table();
    let read = |(row,): (String,)| {
        if !table.has_secrets() {
            return serde_json::from_str(&row).map_err(|error| unfit(&error));
        }
        let mut row = object(&row)?;
        if let Err(error) = table.open_row(&mut row, seal) {
            return on_decrypt_error(row, error);
        }
        serde_json::from_value(Json::Object(row)).map_err(|error| unfit(&error))
    };
    rows.into_iter().map(read).collect()
}

/// A row from its JSON.
pub fn object(row: &str) -> Result<Map<String, Json>, StoreError> {
    serde_json::from_str(row).map_err(|error| unfit(&error))
}

impl Tx {
    /// Adds records to their table.
    pub async fn insert<'r, R: Record + Serialize + 'r>(
        &mut self,
        records: impl IntoIterator<Item = &'r R>,
    ) -> Result<(), StoreError> {
        let items = items(&self.seal, records)?;
        self.run(R::table().insert, &[items]).await.map(drop)
    }

    /// Writes a record over the one of the same key.
    pub async fn update<R: Record + Serialize>(&mut self, record: &R) -> Result<(), StoreError> {
        let items = items(&self.seal, [record])?;
        self.run(R::table().update, &[items]).await.map(drop)
    }
}

fn unfit(error: &serde_json::Error) -> StoreError {
    StoreError::Refused(format!("a row has an unexpected format: {error}"))
}

//! A statement: one text for both databases wherever they agree, and one for each where they
//! do not.

/// A statement in the words of each database.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    sqlite: &'static str,
    postgres: &'static str,
}

impl Sql {
    /// One text that both understand.
    pub const fn both(text: &'static str) -> Self {
        Self { sqlite: text, postgres: text }
    }

    /// A text for each.
    pub const fn each(sqlite: &'static str, postgres: &'static str) -> Self {
        Self { sqlite, postgres }
    }

    /// The text for SQLite.
    pub const fn sqlite(self) -> &'static str {
        self.sqlite
    }

    /// The text for PostgreSQL.
    pub const fn postgres(self) -> &'static str {
        self.postgres
    }
}

/// A statement over the objects of the JSON array `$1`, called `item.value`, which
/// stand where the two texts meet.
macro_rules! sql_over_items {
    ($before:literal, $after:literal) => {
        $crate::sql::statement::Sql::each(
            concat!($before, " json_each($1) AS item ", $after),
            concat!($before, " jsonb_array_elements(CAST($1 AS jsonb)) AS item(value) ", $after),
        )
    };
}
pub(crate) use sql_over_items;

/// A statement that ends with a column which must be one of the texts in the JSON array `$1`.
/// PostgreSQL gets an array, since for a join its planner would use stale statistics and scan the
/// whole table.
macro_rules! sql_any_of {
    ($before:literal) => {
        $crate::sql::statement::Sql::each(
            concat!($before, " IN (SELECT item.value FROM json_each($1) AS item)"),
            concat!($before, " = ANY(ARRAY(SELECT jsonb_array_elements_text(CAST($1 AS jsonb))))"),
        )
    };
}
pub(crate) use sql_any_of;

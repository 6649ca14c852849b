//! The steps from nothing to the newest tables, for each database.

use super::db::Sql;

/// Every step from nothing to the newest tables. A released step is never changed.
pub const ALL: [(i64, &str, Sql); 6] = [
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
];

//! SQL for two databases: statements, parameters, tables. Nothing outside knows which one is used.

pub(crate) mod bulk_insert;
pub(crate) mod connection;
pub(crate) mod migrations;
pub(crate) mod param;
pub(crate) mod query;
pub(crate) mod schema;
pub(crate) mod statement;
pub(crate) mod table;

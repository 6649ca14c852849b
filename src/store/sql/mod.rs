//! The two databases behind one door: statements, their parameters, tables. The only room that
//! knows which database it is.

pub(crate) mod bulk_insert;
pub(crate) mod connection;
pub(crate) mod migrations;
pub(crate) mod param;
pub(crate) mod query;
pub(crate) mod schema;
pub(crate) mod statement;
pub(crate) mod table;

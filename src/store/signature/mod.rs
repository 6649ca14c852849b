//! Signatures in the database: many at once in, one at a time out.

pub(crate) mod bulk_review;
mod fraud;
mod queries;
pub(crate) mod review;
pub(crate) mod row;
mod shown_names;
pub(crate) mod write;
pub(crate) mod write_queue;

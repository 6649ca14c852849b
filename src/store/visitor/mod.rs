//! Visitors in the database: given back, made one of two, erased.

pub(crate) mod erasure;
pub(crate) mod recovery;
pub(crate) mod wechat_link;

//! What every answer has in common, whoever asks for what: errors, headers, compression, files,
//! limits.

pub mod assets;
pub(crate) mod client_ip;
pub(crate) mod compression;
pub(crate) mod concurrency;
pub(crate) mod error;
pub(crate) mod page_cache;
pub(crate) mod render;
pub(crate) mod security_headers;

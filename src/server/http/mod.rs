//! What every answer has in common, whoever asks for what: errors, headers, compression, files,
//! limits.

pub mod assets;
pub(crate) mod caching;
pub(crate) mod client_ip;
pub(crate) mod compression;
pub(crate) mod connected;
pub(crate) mod error;
pub(crate) mod fair_places;
pub(crate) mod live_feed;
pub(crate) mod security_headers;

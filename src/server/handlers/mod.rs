//! HTTP handlers: parse the request, call one method of `service`, build the response.

pub(crate) mod casework;
pub(crate) mod display;
pub mod export;
pub(crate) mod live;
pub(crate) mod message;
pub(crate) mod my_data;
pub(crate) mod photo;
pub(crate) mod quarantine;
pub(crate) mod recovery;
pub(crate) mod report;
pub(crate) mod service_worker;
pub mod signature;
pub(crate) mod signature_review;
pub(crate) mod staff;
pub(crate) mod web_app;

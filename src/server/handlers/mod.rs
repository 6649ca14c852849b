//! What answers on each route: reads what came, asks one method of `service`, answers.

pub(crate) mod casework;
pub(crate) mod display;
pub mod export;
pub(crate) mod live;
pub(crate) mod login;
pub(crate) mod message;
pub(crate) mod my_data;
pub(crate) mod photo;
pub(crate) mod recovery;
pub(crate) mod report;
pub(crate) mod service_worker;
pub mod signature;
pub(crate) mod signature_review;
pub(crate) mod staff_admin;
pub(crate) mod web_app;

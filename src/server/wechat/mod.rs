//! WeChat: the app that it knows, the cards of pages, and who its accounts are here.

pub mod client;
pub(crate) mod login;
pub(crate) mod share;

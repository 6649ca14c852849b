//! The HTTP server: what is asked on which route, by whom, and what goes back.
//!
//! What belongs here: settings, routes, cookies, headers, refusals. Rules live in
//! `service`, pages in `ui`. [`router()`] builds everything that answers; the tests
//! call it as `serve` does.

pub mod cli;
pub mod config;
mod connection;
mod forms;
pub mod fuzz_entry;
pub mod handlers;
pub mod http;
pub mod ops;
pub(crate) mod pages;
mod router;
pub mod routes;
pub mod serve;
pub mod session;
mod state;
pub mod wechat;

pub use self::{
    http::client_ip::Peer,
    router::{router, router_with},
    state::{AppState, Parts},
};

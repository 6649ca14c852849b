//! Integration tests: the store on both databases, the routes of a running server, the program as a
//! process, and rules about the sources.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;
mod wechat;

mod access;
mod architecture;
mod bucket;
mod campaign;
mod casework;
mod command_line;
mod copies;
mod corpus;
mod counts;
mod docs;
mod doubts;
mod durability;
mod four_eyes;
mod headers;
mod hostile;
mod house_rules;
mod kills;
mod limits;
mod machine;
mod markup;
mod merges;
mod migrations;
mod nodes;
mod office;
mod pages;
mod photos;
mod privacy;
mod recovery;
mod refusals;
mod report;
mod secrets;
mod sign;
mod similar;
mod staff;
mod store;
mod watch;
mod whose_page;

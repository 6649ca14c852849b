//! Integration tests: the store on both databases, the routes of a running server, the program as a
//! process, and rules about the sources.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;
mod wechat;

mod access;
mod architecture;
mod backup;
mod bad_requests;
mod bulk;
mod calendar;
mod campaign;
mod casework;
mod command_line;
mod connections;
mod corrections;
mod counts;
mod crash;
mod deep_pages;
mod deploy;
mod docs;
mod durability;
mod entry;
mod export;
mod floods;
mod four_eyes;
mod fraud;
mod fuzz_corpus;
mod guessing;
mod headers;
mod house_rules;
mod injection;
mod limits;
mod merge_follow_up;
mod merges;
mod message;
mod metrics;
mod migrations;
mod nodes;
mod ownership;
mod pages;
mod photo_limits;
mod photos;
mod privacy;
mod proof;
mod proxies;
mod quarantine;
mod recovery;
mod refusals;
mod report;
mod s3;
mod second_factor;
mod secrets;
mod seed;
mod shown_names;
mod signature;
mod similar;
mod staff;
mod staff_leave;
mod state_machine;
mod statistics;
mod store;
mod supporters;
mod text;
mod webhook;

//! Fuzz target: multipart forms. Input: the content type on the first line, then the body.
#![no_main]

use std::sync::LazyLock;

use domain::campaign::Campaign;
use libfuzzer_sys::fuzz_target;
use server::fuzz_entry;
use tokio::runtime::{Builder, Runtime};

// Panics if the built-in campaign is broken: the target cannot run then.
static CAMPAIGN: LazyLock<Campaign> = LazyLock::new(|| campaign::default().unwrap().campaign);
// And without a runtime nothing can be read.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().unwrap());

fuzz_target!(|bytes: &[u8]| RUNTIME.block_on(fuzz_entry::multipart(&CAMPAIGN, bytes)));

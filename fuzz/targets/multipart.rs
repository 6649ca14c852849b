//! Forms with files: the kind on the first line, then the body.
#![no_main]

use std::sync::LazyLock;

use domain::campaign::Campaign;
use libfuzzer_sys::fuzz_target;
use server::fuzz_entry;
use tokio::runtime::{Builder, Runtime};

// A target that cannot begin has failed: it may panic.
static CAMPAIGN: LazyLock<Campaign> = LazyLock::new(|| campaign::default().unwrap().campaign);
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().unwrap());

fuzz_target!(|bytes: &[u8]| RUNTIME.block_on(fuzz_entry::multipart(&CAMPAIGN, bytes)));

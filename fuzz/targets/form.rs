//! Forms of text fields.
#![no_main]

use std::sync::LazyLock;

use domain::campaign::Campaign;
use libfuzzer_sys::fuzz_target;
use server::fuzz_entry;

// A target that cannot begin has failed: it may panic.
static CAMPAIGN: LazyLock<Campaign> = LazyLock::new(|| campaign::default().unwrap().campaign);

fuzz_target!(|bytes: &[u8]| fuzz_entry::form(&CAMPAIGN, bytes));

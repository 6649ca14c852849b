//! Fuzz target: URL-encoded forms.
#![no_main]

use std::sync::LazyLock;

use domain::campaign::Campaign;
use libfuzzer_sys::fuzz_target;
use server::fuzz_entry;

// Panics if the built-in campaign is broken: the target cannot run then.
static CAMPAIGN: LazyLock<Campaign> = LazyLock::new(|| campaign::default().unwrap().campaign);

fuzz_target!(|bytes: &[u8]| fuzz_entry::form(&CAMPAIGN, bytes));

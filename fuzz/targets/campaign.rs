//! Campaign files.
#![no_main]

use server::fuzz_entry;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fuzz_entry::campaign_file(bytes));

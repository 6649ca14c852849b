//! Fuzz target: request headers (cookies, languages, addresses).
#![no_main]

use libfuzzer_sys::fuzz_target;
use server::fuzz_entry;

fuzz_target!(|bytes: &[u8]| fuzz_entry::cookies(bytes));

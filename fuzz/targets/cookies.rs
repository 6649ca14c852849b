//! Headers: cookies, languages, addresses.
#![no_main]

use server::fuzz_entry;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fuzz_entry::cookies(bytes));

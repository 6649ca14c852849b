//! Headers: cookies, languages, addresses.
#![no_main]

use chuangquan::server::entrances;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| entrances::cookies(bytes));

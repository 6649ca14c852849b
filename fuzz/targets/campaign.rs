//! Campaign files.
#![no_main]

use chuangquan::server::entrances;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| entrances::campaign_file(bytes));

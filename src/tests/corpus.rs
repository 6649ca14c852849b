//! What fuzzing begins with and what it found: read again, without a fuzzer.

use std::{fs, path::Path};

use server::fuzz_entry;

/// Everything below `fuzz/corpus` for a target.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
    let files: Vec<_> = files.collect();
    assert!(!files.is_empty(), "{target}");
    files
}

#[tokio::test]
async fn nothing_that_fuzzing_knows_makes_a_parser_fail() {
    let campaign = campaign::default().unwrap().campaign;
    for bytes in corpus("form") {
        fuzz_entry::form(&campaign, &bytes);
    }
    for bytes in corpus("multipart") {
        fuzz_entry::multipart(&campaign, &bytes).await;
    }
    for bytes in corpus("cookies") {
        fuzz_entry::cookies(&bytes);
    }
    for bytes in corpus("campaign") {
        fuzz_entry::campaign_file(&bytes);
    }
}

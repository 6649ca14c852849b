//! Runs the parsers on the fuzzing corpus (seeds and past findings), without a fuzzer.

use std::{fs, path::Path};

use server::fuzz_entry;

/// All files of `fuzz/corpus/{target}`.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
    let files: Vec<_> = files.collect();
    assert!(!files.is_empty(), "{target}");
    files
}

#[tokio::test]
async fn no_corpus_file_makes_a_parser_panic() {
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

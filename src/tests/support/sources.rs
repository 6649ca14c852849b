//! Source files of the project, for tests that check rules.

use std::{fs, path::Path};

fn files_below(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else if let Ok(text) = fs::read_to_string(&path) {
            found.push((path.display().to_string(), text));
        }
    }
}

/// All text files below `src`: path and text.
pub fn all_files() -> Vec<(String, String)> {
    let mut found = Vec::new();
    files_below(Path::new("src"), &mut found);
    found
}

/// All Rust files of the library crates, without tests and `main.rs`.
pub fn library_files() -> Vec<(String, String)> {
    let is_library = |path: &str| {
        path.ends_with(".rs") && !path.starts_with("src/tests/") && path != "src/main.rs"
    };
    all_files().into_iter().filter(|(path, _)| is_library(path)).collect()
}

/// `folder` and all folders below it.
pub fn folders(folder: &str) -> Vec<String> {
    let mut found = vec![folder.to_owned()];
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            found.extend(folders(&entry.path().display().to_string()));
        }
    }
    found
}

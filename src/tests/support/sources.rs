//! The sources of the house, for what is held against them.

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

/// Every file below `src` with its text.
pub fn all() -> Vec<(String, String)> {
    let mut found = Vec::new();
    files_below(Path::new("src"), &mut found);
    found
}

/// Every file of the library: Rust, and no tests.
pub fn of_the_library() -> Vec<(String, String)> {
    let is_ours = |path: &str| {
        path.ends_with(".rs") && !path.starts_with("src/tests/") && path != "src/main.rs"
    };
    all().into_iter().filter(|(path, _)| is_ours(path)).collect()
}

/// Every folder below `folder`, and itself.
pub fn folders(folder: &str) -> Vec<String> {
    let mut found = vec![folder.to_owned()];
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            found.extend(folders(&entry.path().display().to_string()));
        }
    }
    found
}

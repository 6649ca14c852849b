//! Names in the documentation exist: files, modules and their items, make targets.

use std::{collections::BTreeSet, fs, path::Path};

use crate::support::sources;

/// All documentation files: path and text.
fn documents() -> Vec<(String, String)> {
    let mut names = vec!["README.md".to_owned(), "SECURITY.md".into(), "CONTRIBUTING.md".into()];
    for folder in ["docs", "docs/decisions"] {
        let files = fs::read_dir(folder).unwrap();
        names.extend(files.map(|entry| entry.unwrap().path().display().to_string()));
    }
    let read = |name: String| Some((name.clone(), fs::read_to_string(&name).ok()?));
    names.into_iter().filter(|name| name.ends_with(".md")).filter_map(read).collect()
}

/// Inline code of a Markdown text: what is in backticks on one line, outside code blocks.
fn inline_code(text: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for (n, block) in text.split("```").enumerate() {
        if n % 2 == 0 {
            found.extend(block.lines().flat_map(|line| line.split('`').skip(1).step_by(2)));
        }
    }
    found
}

/// Whether the file or folder `name` exists, relative to the root, some folders, or the document.
fn file_exists(name: &str, document: &str) -> bool {
    let folder = Path::new(document).parent().unwrap_or(Path::new(""));
    let roots = ["", "src", "end2end", "docs"].map(Path::new);
    roots.iter().chain([&folder]).any(|root| root.join(name).exists())
}

/// Whether `crate::module::…::name` is a file that contains `name`, or a file itself.
fn module_path_exists(path: &str) -> bool {
    let parts: Vec<&str> = path.split("::").collect();
    for n in (1..=parts.len()).rev() {
        let module = format!("src/{}", parts[..n].join("/"));
        let files =
            [format!("{module}.rs"), format!("{module}/mod.rs"), format!("{module}/lib.rs")];
        if let Some(text) = files.iter().find_map(|file| fs::read_to_string(file).ok()) {
            return parts[n..].iter().all(|name| text.contains(name.trim_end_matches("()")));
        }
    }
    false
}

#[test]
fn names_in_the_docs_exist() {
    const FLOORS: [&str; 8] =
        ["domain", "campaign", "store", "service", "islands", "ui", "server", "support"];
    let makefile = fs::read_to_string("Makefile").unwrap();
    let mut checked = 0;
    for (doc, text) in documents() {
        for name in inline_code(&text) {
            let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
            let first = name.split("::").next().unwrap();
            if name.contains("::")
                && FLOORS.contains(&first)
                && name.chars().all(|c| c == ':' || plain(c))
            {
                assert!(module_path_exists(name), "{doc} names `{name}`");
                checked += 1;
            } else if let Some(target) =
                name.strip_prefix("make ").and_then(|rest| rest.split(' ').next())
            {
                let is_target =
                    makefile.lines().any(|line| line.starts_with(&format!("{target}:")));
                assert!(is_target, "{doc} names `{name}`");
                checked += 1;
            } else if name.chars().all(plain) && name.contains('/') && !name.starts_with(['/', '.'])
            {
                let extensions =
                    [".rs", ".ts", ".mjs", ".js", ".sh", ".md", ".toml", ".scss", ".json", ".conf"];
                let folders =
                    ["src/", "docs/", "end2end/", "tests/", "journeys/", "tools/", "deploy/"];
                if extensions.iter().any(|kind| name.ends_with(kind))
                    || folders.iter().any(|root| name.starts_with(root))
                {
                    assert!(file_exists(name, &doc), "{doc} names `{name}`");
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 100, "{checked}");
    assert!(sources::all_files().iter().any(|(path, _)| path.ends_with("docs.rs")));
}

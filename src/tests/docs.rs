//! What the docs name is there: files, modules and what they hold, make targets.

use std::{collections::BTreeSet, fs, path::Path};

use crate::support::sources;

/// Every text that is written for people, with its name.
fn texts() -> Vec<(String, String)> {
    let mut names = vec!["README.md".to_owned(), "SECURITY.md".into(), "CONTRIBUTING.md".into()];
    for folder in ["docs", "docs/decisions"] {
        let files = fs::read_dir(folder).unwrap();
        names.extend(files.map(|entry| entry.unwrap().path().display().to_string()));
    }
    let read = |name: String| Some((name.clone(), fs::read_to_string(&name).ok()?));
    names.into_iter().filter(|name| name.ends_with(".md")).filter_map(read).collect()
}

/// What stands in backticks, line by line, outside of blocks of code.
fn named(text: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for (n, block) in text.split("```").enumerate() {
        if n % 2 == 0 {
            found.extend(block.lines().flat_map(|line| line.split('`').skip(1).step_by(2)));
        }
    }
    found
}

/// Whether a file or a folder of that name is there, from the root or from where it is said.
fn is_there(name: &str, said_in: &str) -> bool {
    let near = Path::new(said_in).parent().unwrap_or(Path::new(""));
    let roots = ["", "src", "end2end", "docs"].map(Path::new);
    roots.iter().chain([&near]).any(|root| root.join(name).exists())
}

/// Whether `floor::room::…::name` leads to a file that says `name`, if it is no file itself.
fn leads_somewhere(path: &str) -> bool {
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
fn what_the_docs_name_is_there() {
    const FLOORS: [&str; 8] =
        ["domain", "campaign", "store", "service", "islands", "ui", "server", "support"];
    let makefile = fs::read_to_string("Makefile").unwrap();
    let mut looked_at = 0;
    for (doc, text) in texts() {
        for name in named(&text) {
            let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
            let first = name.split("::").next().unwrap();
            if name.contains("::")
                && FLOORS.contains(&first)
                && name.chars().all(|c| c == ':' || plain(c))
            {
                assert!(leads_somewhere(name), "{doc} names `{name}`");
                looked_at += 1;
            } else if let Some(target) =
                name.strip_prefix("make ").and_then(|rest| rest.split(' ').next())
            {
                let there = makefile.lines().any(|line| line.starts_with(&format!("{target}:")));
                assert!(there, "{doc} names `{name}`");
                looked_at += 1;
            } else if name.chars().all(plain) && name.contains('/') && !name.starts_with(['/', '.'])
            {
                let kinds =
                    [".rs", ".ts", ".mjs", ".js", ".sh", ".md", ".toml", ".scss", ".json", ".conf"];
                let ours =
                    ["src/", "docs/", "end2end/", "tests/", "journeys/", "tools/", "deploy/"];
                if kinds.iter().any(|kind| name.ends_with(kind))
                    || ours.iter().any(|root| name.starts_with(root))
                {
                    assert!(is_there(name, &doc), "{doc} names `{name}`");
                    looked_at += 1;
                }
            }
        }
    }
    assert!(looked_at > 100, "{looked_at}");
    assert!(sources::all().iter().any(|(path, _)| path.ends_with("docs.rs")));
}

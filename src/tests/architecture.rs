//! The plan of the house, held against its sources.

use std::{collections::BTreeMap, fs, path::Path};

/// Which rooms a room may use.
const PLAN: [(&str, &[&str]); 7] = [
    ("domain", &[]),
    ("campaign", &["domain"]),
    ("store", &["domain", "tls"]),
    ("service", &["domain", "store"]),
    ("islands", &["domain"]),
    ("ui", &["domain", "service", "islands"]),
    ("server", &["domain", "campaign", "store", "service", "tls", "ui"]),
];

const LONGEST: usize = 400;

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

fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    files_below(Path::new("src"), &mut found);
    found
}

/// The rooms that a source names after `crate::`, alone or in braces.
fn rooms_used(text: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        if let Some(inside) = rest.strip_prefix('{') {
            // The first name of each branch of the tree.
            let (mut depth, mut name, mut fresh) = (0, String::new(), true);
            for c in inside.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        rooms.push(std::mem::take(&mut name));
                        fresh = true;
                        continue;
                    }
                    ':' if depth == 0 => fresh = false,
                    c if depth == 0 && fresh && !c.is_whitespace() => name.push(c),
                    _ => {}
                }
            }
            rooms.push(name);
        } else {
            rooms.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    rooms.retain(|room| !room.is_empty());
    rooms
}

#[test]
fn rooms_are_read_from_every_form_of_use() {
    let text = "use crate::{domain::{a, b}, store::C}; use crate::ui::d; crate::server::e();";
    assert_eq!(rooms_used(text), ["domain", "store", "ui", "server"]);
}

#[test]
fn no_room_uses_one_above_it() {
    let plan: BTreeMap<&str, &[&str]> = PLAN.into();
    for (path, text) in sources() {
        let room = path.split('/').nth(1).unwrap();
        let Some(allowed) = plan.get(room) else { continue };
        for used in rooms_used(&text) {
            let fits = used == room || allowed.contains(&used.as_str());
            assert!(fits, "{path}: `{room}` must not use `{used}`");
        }
    }
    for (room, _) in PLAN {
        assert!(Path::new("src").join(room).is_dir(), "{room} is in the plan and not in the house");
    }
}

#[test]
fn nothing_of_one_street_is_in_the_code() {
    for (path, text) in sources() {
        assert!(!text.contains("\u{9759}\u{5b89}"), "{path}");
    }
}

/// Elements whose children Leptos writes as they are, what writes HTML that nobody escapes,
/// and the files that may: each holds no words of a person, or escapes them itself.
const UNESCAPED: [(&str, &[&str]); 8] = [
    (concat!("<", "textarea"), &["src/ui/parts/form/text_area.rs"]),
    ("textarea(", &[]),
    // The one inline script, which never varies, and WeChat's, which has no children.
    ("<script", &["src/ui/app.rs", "src/ui/parts/frame/card.rs"]),
    ("<style", &[]),
    ("<noscript", &[]),
    ("<Title ", &["src/ui/parts/frame/title.rs"]),
    // QR codes, and the list of licences, which escapes each of its fields.
    (
        "inner_html",
        &[
            "src/ui/app.rs",
            "src/ui/parts/form/text_area.rs",
            "src/ui/pages/signature/signed.rs",
            "src/ui/pages/about/licences.rs",
            "src/ui/pages/console/posters.rs",
        ],
    ),
    ("set_inner_html", &[]),
];

#[test]
fn nothing_that_a_person_writes_is_taken_for_html() {
    for (path, text) in sources() {
        let drawn = ["src/ui/", "src/islands/"].iter().any(|room| path.starts_with(room));
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code.filter(|_| drawn && path.ends_with(".rs")) {
            for (word, allowed) in UNESCAPED {
                let fits = !line.contains(word) || allowed.contains(&path.as_str());
                assert!(fits, "{path}: `{word}` does not escape what is in it: {line}");
            }
        }
    }
}

/// How many forms of a file are everybody's: how pages look, the door of the console,
/// objections to 寄语, 我也遇到过, and what is not anybody's before it was sent.
const EVERYBODYS: [(&str, usize); 6] = [
    ("src/ui/parts/frame/top_bar.rs", 1),
    ("src/ui/pages/console/login.rs", 1),
    ("src/ui/pages/messages.rs", 1),
    ("src/ui/pages/report/status.rs", 1),
    ("src/islands/forms/sign_form.rs", 1),
    ("src/islands/forms/report_form.rs", 1),
];

#[test]
fn every_form_of_a_persons_page_says_whose() {
    for (path, text) in sources().into_iter().filter(|(path, _)| !path.starts_with("src/tests")) {
        let count = |word: &str| text.matches(word).count();
        let (posted, said) = (count("method=\"post\""), count("<OwnerField />"));
        let open = EVERYBODYS.iter().find(|(file, _)| *file == path).map_or(0, |(_, n)| *n);
        assert_eq!(said + open, posted, "{path} has {posted} forms that are posted");
    }
}

#[test]
fn no_file_is_too_long_to_read() {
    let mut files = sources();
    for folder in ["style", "end2end/journeys", "tools"] {
        let own = |entry: &fs::DirEntry| entry.path().is_file();
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap).filter(own) {
            // Lists that machines write.
            let listed = ["package-lock.json", "licences.tsv"];
            if !listed.iter().any(|name| entry.path().ends_with(name)) {
                files.push((
                    entry.path().display().to_string(),
                    fs::read_to_string(entry.path()).unwrap(),
                ));
            }
        }
    }
    for (path, text) in files {
        let lines = text.lines().count();
        assert!(lines <= LONGEST, "{path} has {lines} lines");
    }
}

#[test]
fn every_source_says_what_belongs_in_it() {
    for (path, text) in sources() {
        assert!(!path.ends_with(".rs") || text.starts_with("//!"), "{path}");
    }
}

/// The server reads Leptos.toml, cargo-leptos reads Cargo.toml: where both speak, they
/// say the same.
#[test]
fn leptos_toml_and_cargo_toml_agree() {
    let keys = |file: &str, path: &[&str]| {
        let text = fs::read_to_string(file).unwrap();
        let mut table: toml::Table = toml::from_str(&text).unwrap();
        for key in path {
            table = table.remove(*key).unwrap().as_table().unwrap().clone();
        }
        table
    };
    let path = ["package", "metadata", "leptos"];
    let (server, build) = (keys("Leptos.toml", &path), keys("Cargo.toml", &path));
    for (key, value) in &server {
        assert_eq!(build.get(key), Some(value), "{key}");
    }
    assert!(server.len() >= 5);
}

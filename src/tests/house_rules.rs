//! Rules of the house that are held against its sources: what escapes markup, how long a file
//! is, what each says of itself.

use std::fs;

use crate::support::sources;

/// Most lines of a file.
const LONGEST: usize = 400;

#[test]
fn nothing_of_one_street_is_in_the_code() {
    for (path, text) in sources::all() {
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
    for (path, text) in sources::all() {
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
    for (path, text) in
        sources::all().into_iter().filter(|(path, _)| !path.starts_with("src/tests"))
    {
        let count = |word: &str| text.matches(word).count();
        let (posted, said) = (count("method=\"post\""), count("<OwnerField />"));
        let open = EVERYBODYS.iter().find(|(file, _)| *file == path).map_or(0, |(_, n)| *n);
        assert_eq!(said + open, posted, "{path} has {posted} forms that are posted");
    }
}

#[test]
fn no_file_is_too_long_to_read() {
    let mut files = sources::all();
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
    for (path, text) in sources::all() {
        assert!(!path.ends_with(".rs") || text.starts_with("//!"), "{path}");
    }
}

/// The server reads Leptos.toml, cargo-leptos reads Cargo.toml: where both speak, they
/// say the same.
#[test]
fn leptos_toml_and_cargo_toml_agree() {
    let read =
        |file: &str| toml::from_str::<toml::Table>(&fs::read_to_string(file).unwrap()).unwrap();
    let (server, build) = (read("Leptos.toml"), read("Cargo.toml"));
    let server = server["package"]["metadata"]["leptos"].as_table().unwrap();
    let build = build["workspace"]["metadata"]["leptos"][0].as_table().unwrap();
    for (key, value) in server {
        assert_eq!(build.get(key), Some(value), "{key}");
    }
    assert!(server.len() >= 5);
}

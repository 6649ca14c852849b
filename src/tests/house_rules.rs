//! Source rules: where HTML may be written unescaped, the length of files, a header comment in
//! each.

use std::fs;

use crate::support::sources;

/// Maximum number of lines of a file.
const MAX_LINES: usize = 400;

#[test]
fn nothing_of_one_street_is_in_the_code() {
    for (path, text) in sources::all_files() {
        assert!(!text.contains("\u{9759}\u{5b89}"), "{path}");
    }
}

/// Constructs with which Leptos writes HTML unescaped, and the files that may use them: their
/// content never comes from people, or they escape it.
const UNESCAPED: [(&str, &[&str]); 8] = [
    (concat!("<", "textarea"), &["src/ui/parts/form/text_area.rs"]),
    ("textarea(", &[]),
    // The inline script is constant; the others have no children.
    ("<script", &["src/ui/app.rs", "src/ui/parts/form/proof.rs", "src/ui/parts/frame/card.rs"]),
    ("<style", &[]),
    ("<noscript", &[]),
    ("<Title ", &["src/ui/parts/frame/title.rs"]),
    // QR codes, and the list of licences, which escapes each field.
    (
        "inner_html",
        &[
            "src/ui/app.rs",
            "src/ui/parts/form/text_area.rs",
            "src/ui/pages/signature/signed.rs",
            "src/ui/pages/about/licences.rs",
            "src/ui/pages/console/factor.rs",
            "src/ui/pages/console/posters.rs",
        ],
    ),
    ("set_inner_html", &[]),
];

#[test]
fn text_of_people_is_never_written_unescaped() {
    for (path, text) in sources::all_files() {
        let is_view = ["src/ui/", "src/islands/"].iter().any(|room| path.starts_with(room));
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code.filter(|_| is_view && path.ends_with(".rs")) {
            for (word, allowed) in UNESCAPED {
                let fits = !line.contains(word) || allowed.contains(&path.as_str());
                assert!(fits, "{path}: `{word}` does not escape what is in it: {line}");
            }
        }
    }
}

/// Number of forms per file without owner check, as the page has no owner: appearance, login of the
/// console, objections to 寄语, 我也遇到过, and forms not sent yet.
const FORMS_WITHOUT_OWNER: [(&str, usize); 6] = [
    ("src/ui/parts/frame/top_bar.rs", 1),
    ("src/ui/pages/console/login.rs", 1),
    ("src/ui/pages/messages.rs", 1),
    ("src/ui/pages/report/verdict.rs", 1),
    ("src/islands/forms/sign_form.rs", 1),
    ("src/islands/forms/report_form.rs", 1),
];

#[test]
fn every_form_of_a_personal_page_has_an_owner_field() {
    for (path, text) in
        sources::all_files().into_iter().filter(|(path, _)| !path.starts_with("src/tests"))
    {
        let count = |word: &str| text.matches(word).count();
        let (posted, with_owner) = (count("method=\"post\""), count("<OwnerField />"));
        let without_owner =
            FORMS_WITHOUT_OWNER.iter().find(|(file, _)| *file == path).map_or(0, |(_, n)| *n);
        assert_eq!(with_owner + without_owner, posted, "{path} has {posted} forms that are posted");
    }
}

#[test]
fn no_file_is_too_long_to_read() {
    let mut files = sources::all_files();
    for folder in ["style", "end2end/journeys", "tools"] {
        let is_file = |entry: &fs::DirEntry| entry.path().is_file();
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap).filter(is_file) {
            // Generated files.
            let generated = ["package-lock.json", "licences.tsv"];
            if !generated.iter().any(|name| entry.path().ends_with(name)) {
                files.push((
                    entry.path().display().to_string(),
                    fs::read_to_string(entry.path()).unwrap(),
                ));
            }
        }
    }
    for (path, text) in files.into_iter().filter(|(path, _)| !path.ends_with(".jsonl")) {
        let lines = text.lines().count();
        assert!(lines <= MAX_LINES, "{path} has {lines} lines");
    }
}

#[test]
fn every_source_has_a_header_comment() {
    for (path, text) in sources::all_files() {
        assert!(!path.ends_with(".rs") || text.starts_with("//!"), "{path}");
    }
}

/// The server reads Leptos.toml, cargo-leptos reads Cargo.toml: values in both must be equal.
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

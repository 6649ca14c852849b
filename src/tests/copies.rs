//! Copies: what comes back is what was kept, and nothing that anybody put into the copy.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use reqwest::StatusCode;

use super::photos::jpeg;
use crate::support::{
    database::{Database, Kind, on_both, put_secret},
    process::{Process, add_manager, program, run},
    server::Visitor,
    staff::PASSWORD,
};
use rstest_reuse::apply;

/// A street with a report, a photo and a manager, and the folder of a copy of it.
async fn copied(database: &Database) -> PathBuf {
    let folder = database.folder.path();
    let mut serve = program(&database.url, folder);
    serve.arg("serve").env("LEPTOS_SITE_ROOT", folder);
    let server = Process::serve(serve);
    add_manager(&database.url, folder);
    let mut visitor = Visitor::new(&server.url);
    visitor.get("/").await;
    visitor.report("grid-01", &[jpeg(60, 40)]).await;
    let copy = folder.join("copy");
    let (code, said) = run(program(&database.url, folder).arg("backup").arg(&copy));
    assert_eq!(code, Some(0), "{said}");
    copy
}

/// Restores into a new database by the same secret; what was said, and the database.
async fn restored(kind: Kind, copy: &Path, more: &[&str]) -> (Option<i32>, String, Database) {
    let other = Database::new(kind).await;
    let mut restore = program(&other.url, other.folder.path());
    let (code, said) = run(restore.arg("restore").arg(copy).args(more));
    (code, said, other)
}

/// Every file below a folder, by its path.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

fn picture(copy: &Path) -> PathBuf {
    let thumb = |path: &PathBuf| path.to_string_lossy().contains(".thumb.");
    files(&copy.join("photos")).into_iter().find(|path| !thumb(path)).unwrap()
}

/// Changes the text of a file of a copy.
fn edit(copy: &Path, name: &str, change: impl FnOnce(String) -> String) {
    let path = copy.join(name);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, change(text)).unwrap();
}

/// As a copy of a version that vouched for none.
fn unvouched(copy: &Path) {
    fs::remove_file(copy.join("manifest.mac")).unwrap();
    fs::remove_file(copy.join("pictures.jsonl")).unwrap();
    edit(copy, "manifest.json", |text| {
        let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
        manifest.as_object_mut().unwrap().remove("sha256");
        manifest["schema"] = 9.into();
        manifest.to_string()
    });
}

/// One more row of a table.
fn add(copy: &Path, table: &str, row: &str) {
    edit(copy, &format!("{table}.jsonl"), |text| format!("{text}{row}\n"));
    edit(copy, "manifest.json", |text| {
        let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
        let tables = manifest["tables"].as_array_mut().unwrap();
        let counted = tables.iter_mut().find(|counted| counted[0] == table).unwrap();
        counted[1] = (counted[1].as_u64().unwrap() + 1).into();
        manifest.to_string()
    });
}

/// One more row of staff, as somebody with the copy in their hands may write it.
fn add_row(copy: &Path) {
    let text = fs::read_to_string(copy.join("staff.jsonl")).unwrap();
    let mut row: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    row["id"] = 77.into();
    row["login"] = "intruder".into();
    add(copy, "staff", &row.to_string());
}

/// A way to change a copy.
type Change = (&'static str, fn(&Path));

#[apply(on_both)]
async fn a_copy_that_somebody_changed_fills_nothing(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let copy = copied(&database).await;
    let changes: [Change; 13] = [
        ("a link for all pictures", |copy| {
            fs::rename(copy.join("photos"), copy.join("moved")).unwrap();
            symlink(copy.join("moved"), copy.join("photos")).unwrap();
        }),
        ("a row more", |copy| edit(copy, "staff.jsonl", |text| format!("{text}{text}"))),
        ("a row more that the manifest knows", add_row),
        ("other rows", |copy| {
            edit(copy, "reports.jsonl", |text| text.replace("submitted", "rejected"))
        }),
        ("no tables", |copy| {
            edit(copy, "manifest.json", |text| {
                let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
                manifest["tables"] = serde_json::json!([]);
                manifest.to_string()
            })
        }),
        ("another code", |copy| fs::write(copy.join("manifest.mac"), "A".repeat(43)).unwrap()),
        ("no code", |copy| fs::remove_file(copy.join("manifest.mac")).unwrap()),
        ("another picture", |copy| fs::write(picture(copy), jpeg(10, 10)).unwrap()),
        ("no picture", |copy| fs::remove_file(picture(copy)).unwrap()),
        ("a link for a picture", |copy| link(&picture(copy))),
        ("a link for a folder of pictures", |copy| {
            let folder = picture(copy).parent().unwrap().to_owned();
            fs::rename(&folder, copy.join("moved")).unwrap();
            symlink(copy.join("moved"), folder).unwrap();
        }),
        ("a link for a table", |copy| {
            fs::rename(copy.join("staff.jsonl"), copy.join("moved")).unwrap();
            symlink(copy.join("moved"), copy.join("staff.jsonl")).unwrap();
        }),
        ("a list without a picture", |copy| {
            edit(copy, "pictures.jsonl", |text| {
                text.lines().skip(1).map(|line| format!("{line}\n")).collect()
            })
        }),
    ];
    for (what, change) in changes {
        let changed = database.folder.path().join(what.replace(' ', "-"));
        let cp = Command::new("cp").arg("-a").arg(&copy).arg(&changed).status().unwrap();
        assert!(cp.success());
        change(&changed);
        let (code, said, other) = restored(database.kind, &changed, &[]).await;
        assert_eq!(code, Some(1), "{what}: {said}");
        let why = ["nothing was changed", "No such file"];
        assert!(why.iter().any(|why| said.contains(why)), "{what}: {said}");
        assert_eq!(other.number("SELECT COUNT(*) FROM staff").await, 0, "{what}");
        assert_eq!(other.number("SELECT COUNT(*) FROM reports").await, 0, "{what}");
    }
    let (code, said, other) = restored(database.kind, &copy, &[]).await;
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(other.number("SELECT COUNT(*) FROM staff WHERE active = 1").await, 1);
    assert_eq!(files(&other.folder.path().join("photos")).len(), 2);
}

fn link(picture: &Path) {
    fs::remove_file(picture).unwrap();
    symlink("/etc/hostname", picture).unwrap();
}

#[apply(on_both)]
async fn a_copy_that_nobody_vouches_for_lets_nobody_in(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let copy = copied(&database).await;
    unvouched(&copy);
    add_row(&copy);
    // Somebody who would be another person by it, and what the newest version knows more.
    add(&copy, "wechat_identities", r#"{"identity":"x","visitor":"v","linked_at":1}"#);
    let event = r#"{"serial":1,"version":2,"at":1,"staff":9,"what":"start","state":"in_progress","audience":"public","detail":null,"sealed":null}"#;
    add(&copy, "report_events", event);
    let (code, said, other) = restored(database.kind, &copy, &[]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("--unsealed"), "{said}");
    assert_eq!(other.number("SELECT COUNT(*) FROM staff").await, 0);

    let (code, said, other) = restored(database.kind, &copy, &["--unsealed"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("all staff are disabled and their passwords void"), "{said}");
    assert_eq!(other.number("SELECT COUNT(*) FROM staff").await, 2);
    assert_eq!(other.number("SELECT COUNT(*) FROM staff WHERE active = 1").await, 0);
    assert_eq!(files(&other.folder.path().join("photos")).len(), 2);
    assert_eq!(other.number("SELECT COUNT(*) FROM wechat_identities").await, 0);
    let moved = "SELECT COUNT(*) FROM reports WHERE moved_by = '[9]'";
    assert_eq!(other.number(moved).await, 1, "it is brought up to date");
    let folder = other.folder.path();
    let mut serve = program(&other.url, folder);
    serve.arg("serve").env("LEPTOS_SITE_ROOT", folder);
    let server = Process::serve(serve);
    let mut visitor = Visitor::new(&server.url);
    for login in ["manager", "intruder"] {
        for password in ["void", PASSWORD, ""] {
            let fields = [("login", login), ("password", password)];
            let answer = visitor.post("/console/login", &fields).await;
            assert_ne!(answer.status(), StatusCode::SEE_OTHER, "{login} {password}");
        }
    }
    drop(server);

    // Hashes that anybody may write vouch for nothing, and pictures that are lost are missed.
    edit(&copy, "manifest.json", |text| {
        let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
        manifest["sha256"] = serde_json::json!({ "staff.jsonl": "x" });
        manifest.to_string()
    });
    let lost = database.folder.path().join("lost");
    Command::new("cp").arg("-a").arg(&copy).arg(&lost).status().unwrap();
    fs::remove_file(picture(&lost)).unwrap();
    let (code, said, other) = restored(database.kind, &lost, &["--unsealed"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 photos of reports have no picture"), "{said}");
    assert_eq!(other.number("SELECT COUNT(*) FROM staff WHERE active = 1").await, 0);

    // Nor does it hold whatever somebody likes.
    let changes: [Change; 10] = [
        ("of today without a code", |copy| {
            edit(copy, "manifest.json", |text| text.replace("\"schema\":9", "\"schema\":10"))
        }),
        ("of no schema", |copy| {
            edit(copy, "manifest.json", |text| {
                let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
                (manifest["schema"], manifest["tables"]) = (0.into(), serde_json::json!([]));
                manifest.to_string()
            })
        }),
        ("of the first schema with later files", |copy| {
            edit(copy, "manifest.json", |text| {
                let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
                manifest["schema"] = 1.into();
                manifest["tables"].as_array_mut().unwrap().truncate(3);
                manifest.to_string()
            })
        }),
        ("a link for all pictures", |copy| {
            fs::rename(copy.join("photos"), copy.join("moved")).unwrap();
            symlink(copy.join("moved"), copy.join("photos")).unwrap();
        }),
        ("a code that is none", |copy| fs::write(copy.join("manifest.mac"), "x").unwrap()),
        ("no tables", |copy| {
            edit(copy, "manifest.json", |text| {
                let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
                manifest["tables"] = serde_json::json!([]);
                manifest.to_string()
            })
        }),
        ("a table less", |copy| {
            edit(copy, "manifest.json", |text| {
                let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
                manifest["tables"].as_array_mut().unwrap().pop();
                manifest.to_string()
            })
        }),
        ("a link for a picture", |copy| link(&picture(copy))),
        ("no picture", |copy| fs::write(picture(copy), "<svg onload=alert(1)>").unwrap()),
        ("a file of its own", |copy| {
            fs::write(picture(copy).with_file_name("x.html"), "x").unwrap()
        }),
    ];
    for (what, change) in changes {
        let changed = database.folder.path().join(what.replace(' ', "-"));
        Command::new("cp").arg("-a").arg(&copy).arg(&changed).status().unwrap();
        change(&changed);
        let (code, said, other) = restored(database.kind, &changed, &["--unsealed"]).await;
        assert_eq!(code, Some(1), "{what}: {said}");
        assert_eq!(other.number("SELECT COUNT(*) FROM reports").await, 0, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_else_on_the_machine_reads_what_is_written() {
    let database = Database::new(Kind::Sqlite).await;
    let copy = copied(&database).await;
    let folder = database.folder.path();
    let table = folder.join("reports.csv");
    let mut export = program(&database.url, folder);
    export.args(["export", "reports", "--personal", "--output"]).arg(&table);
    assert_eq!(run(&mut export).0, Some(0));
    let mut found = files(&copy);
    assert!(found.len() > 18, "tables, pictures, manifest and code");
    found.extend(files(&folder.join("photos")));
    found.extend([table, folder.join("chuangquan.db"), folder.join("secret")]);
    for file in found {
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_secret_restores_nothing_and_an_older_one_still_does() {
    let database = Database::new(Kind::Sqlite).await;
    let copy = copied(&database).await;
    let other = Database::new(Kind::Sqlite).await;
    let secret = other.folder.path().join("secret");
    put_secret(&secret, 8);
    let restore = || {
        let mut restore = program(&other.url, other.folder.path());
        run(restore.arg("restore").arg(&copy))
    };
    let (code, said) = restore();
    assert_eq!(code, Some(1));
    assert!(said.contains("was sealed by another secret"), "{said}");
    // The new one first, that of the copy behind it.
    fs::write(&secret, [[8; 64], [7; 64]].concat()).unwrap();
    let (code, said) = restore();
    assert_eq!(code, Some(0), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_link_in_the_photo_store_is_neither_shown_nor_copied() {
    let database = Database::new(Kind::Sqlite).await;
    copied(&database).await;
    let folder = database.folder.path();
    let stored = picture(folder);
    link(&stored);
    let mut serve = program(&database.url, folder);
    serve.arg("serve").env("LEPTOS_SITE_ROOT", folder);
    let server = Process::serve(serve);
    let mut manager = Visitor::new(&server.url);
    manager.get("/").await;
    let mut reset = program(&database.url, folder);
    let (_, said) = run(reset.args(["staff", "reset-password", "manager"]));
    let password = said.split("password: ").nth(1).unwrap().trim().to_owned();
    let fields = [("login", "manager"), ("password", password.as_str())];
    assert_eq!(manager.post("/console/login", &fields).await.status(), StatusCode::SEE_OTHER);
    let id = stored.file_stem().unwrap().to_string_lossy().into_owned();
    let thumb = manager.get(&format!("/photos/{id}?size=thumb")).await;
    assert_eq!(thumb.status(), StatusCode::OK);
    assert_eq!(manager.get(&format!("/photos/{id}")).await.status(), StatusCode::NOT_FOUND);
    let (code, said) = run(program(&database.url, folder).arg("backup").arg(folder.join("second")));
    assert_eq!(code, Some(1));
    assert!(said.contains("is a link"), "{said}");
}

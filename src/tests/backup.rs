//! Backups: a restore brings back what was backed up; a backup that was changed is refused.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use domain::report::{Audience, Code};
use reqwest::StatusCode;
use rstest_reuse::apply;
use store::{PhotoStore, Store};

use super::photos::jpeg;
use crate::support::{
    database::{Database, Kind, default_campaign, on_both, secrets, write_secret},
    process::{Process, add_manager, program, run},
    server::{Server, Visitor},
    staff::PASSWORD,
};

/// Backs up a database with a report, a photo and a manager; returns the folder of the backup.
async fn backed_up(database: &Database) -> PathBuf {
    let folder = database.folder.path();
    let mut serve = program(&database.url, folder);
    serve.arg("serve").env("LEPTOS_SITE_ROOT", folder);
    let server = Process::serve(serve);
    add_manager(&database.url, folder);
    let mut visitor = Visitor::new(&server.url);
    visitor.get("/").await;
    visitor.report("grid-01", &[jpeg(60, 40)]).await;
    let backup = folder.join("copy");
    let (code, said) = run(program(&database.url, folder).arg("backup").arg(&backup));
    assert_eq!(code, Some(0), "{said}");
    backup
}

/// Restores into a new database with the same secret: exit code, output and the database.
async fn restore(kind: Kind, copy: &Path, options: &[&str]) -> (Option<i32>, String, Database) {
    let other = Database::new(kind).await;
    let mut restore = program(&other.url, other.folder.path());
    let (code, said) = run(restore.arg("restore").arg(copy).args(options));
    (code, said, other)
}

/// All files below a folder, sorted.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files_below(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

fn photo_file(copy: &Path) -> PathBuf {
    let thumb = |path: &PathBuf| path.to_string_lossy().contains(".thumb.");
    files_below(&copy.join("photos")).into_iter().find(|path| !thumb(path)).unwrap()
}

/// Changes the text of a file in a backup.
fn edit(copy: &Path, name: &str, change: impl FnOnce(String) -> String) {
    let path = copy.join(name);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, change(text)).unwrap();
}

/// Turns a backup into one of an old version, which has no MAC.
fn remove_mac(copy: &Path) {
    const NEWER: [&str; 3] = ["second_factors", "erasures", "calendars"];
    fs::remove_file(copy.join("manifest.mac")).unwrap();
    fs::remove_file(copy.join("pictures.jsonl")).unwrap();
    for table in NEWER {
        fs::remove_file(copy.join(format!("{table}.jsonl"))).unwrap();
    }
    edit(copy, "manifest.json", |text| {
        let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
        manifest.as_object_mut().unwrap().remove("sha256");
        manifest["schema"] = 9.into();
        let tables = manifest["tables"].as_array_mut().unwrap();
        tables.retain(|counted| !NEWER.iter().any(|table| counted[0] == *table));
        manifest.to_string()
    });
}

/// Appends a row to a table and updates the manifest.
fn append_row(copy: &Path, table: &str, row: &str) {
    edit(copy, &format!("{table}.jsonl"), |text| format!("{text}{row}\n"));
    edit(copy, "manifest.json", |text| {
        let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
        let tables = manifest["tables"].as_array_mut().unwrap();
        let counted = tables.iter_mut().find(|counted| counted[0] == table).unwrap();
        counted[1] = (counted[1].as_u64().unwrap() + 1).into();
        manifest.to_string()
    });
}

/// Appends a staff row, as an attacker with access to the backup could.
fn append_intruder(copy: &Path) {
    let text = fs::read_to_string(copy.join("staff.jsonl")).unwrap();
    let mut row: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    row["id"] = 77.into();
    row["login"] = "intruder".into();
    append_row(copy, "staff", &row.to_string());
}

/// A named way to tamper with a backup.
type Tampering = (&'static str, fn(&Path));

#[apply(on_both)]
async fn a_changed_backup_is_refused(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let copy = backed_up(&database).await;
    let changes: [Tampering; 13] = [
        ("symlink for the photo folder", |copy| {
            fs::rename(copy.join("photos"), copy.join("moved")).unwrap();
            symlink(copy.join("moved"), copy.join("photos")).unwrap();
        }),
        ("a duplicate row", |copy| edit(copy, "staff.jsonl", |text| format!("{text}{text}"))),
        ("an added row in the manifest", append_intruder),
        ("changed rows", |copy| {
            edit(copy, "reports.jsonl", |text| text.replace("submitted", "rejected"))
        }),
        ("no tables", |copy| {
            edit(copy, "manifest.json", |text| {
                let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
                manifest["tables"] = serde_json::json!([]);
                manifest.to_string()
            })
        }),
        ("a wrong MAC", |copy| fs::write(copy.join("manifest.mac"), "A".repeat(43)).unwrap()),
        ("no MAC", |copy| fs::remove_file(copy.join("manifest.mac")).unwrap()),
        ("another photo", |copy| fs::write(photo_file(copy), jpeg(10, 10)).unwrap()),
        ("no photo file", |copy| fs::remove_file(photo_file(copy)).unwrap()),
        ("a symlink for a photo", |copy| replace_with_symlink(&photo_file(copy))),
        ("a symlink for a subfolder of photos", |copy| {
            let folder = photo_file(copy).parent().unwrap().to_owned();
            fs::rename(&folder, copy.join("moved")).unwrap();
            symlink(copy.join("moved"), folder).unwrap();
        }),
        ("a symlink for a table", |copy| {
            fs::rename(copy.join("staff.jsonl"), copy.join("moved")).unwrap();
            symlink(copy.join("moved"), copy.join("staff.jsonl")).unwrap();
        }),
        ("a list without one photo", |copy| {
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
        let (code, said, other) = restore(database.kind, &changed, &[]).await;
        assert_eq!(code, Some(1), "{what}: {said}");
        let why = ["nothing was changed", "No such file"];
        assert!(why.iter().any(|why| said.contains(why)), "{what}: {said}");
        assert_eq!(other.number("SELECT COUNT(*) FROM staff").await, 0, "{what}");
        assert_eq!(other.number("SELECT COUNT(*) FROM reports").await, 0, "{what}");
    }
    let (code, said, other) = restore(database.kind, &copy, &[]).await;
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(other.number("SELECT COUNT(*) FROM staff WHERE active = 1").await, 1);
    assert_eq!(files_below(&other.folder.path().join("photos")).len(), 2);
}

fn replace_with_symlink(picture: &Path) {
    fs::remove_file(picture).unwrap();
    symlink("/etc/hostname", picture).unwrap();
}

#[apply(on_both)]
async fn a_backup_without_mac_restores_no_logins(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let copy = backed_up(&database).await;
    remove_mac(&copy);
    append_intruder(&copy);
    // A WeChat identity must not be restored; the event fills a column of a newer schema.
    append_row(&copy, "wechat_identities", r#"{"identity":"x","visitor":"v","linked_at":1}"#);
    let event = r#"{"serial":1,"version":2,"at":1,"staff":9,"what":"start","state":"in_progress","audience":"public","detail":null,"sealed":null}"#;
    append_row(&copy, "report_events", event);
    let (code, said, other) = restore(database.kind, &copy, &[]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("--unsealed"), "{said}");
    assert_eq!(other.number("SELECT COUNT(*) FROM staff").await, 0);

    let (code, said, other) = restore(database.kind, &copy, &["--unsealed"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("all staff are disabled and their passwords void"), "{said}");
    assert_eq!(other.number("SELECT COUNT(*) FROM staff").await, 2);
    assert_eq!(other.number("SELECT COUNT(*) FROM staff WHERE active = 1").await, 0);
    assert_eq!(files_below(&other.folder.path().join("photos")).len(), 2);
    assert_eq!(other.number("SELECT COUNT(*) FROM wechat_identities").await, 0);
    let with_mover = "SELECT COUNT(*) FROM reports WHERE moved_by = '[9]'";
    assert_eq!(other.number(with_mover).await, 1, "old rows are migrated");
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

    // Hashes in the manifest prove nothing without a MAC; missing photo files are reported.
    edit(&copy, "manifest.json", |text| {
        let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
        manifest["sha256"] = serde_json::json!({ "staff.jsonl": "x" });
        manifest.to_string()
    });
    let lost = database.folder.path().join("lost");
    Command::new("cp").arg("-a").arg(&copy).arg(&lost).status().unwrap();
    fs::remove_file(photo_file(&lost)).unwrap();
    let (code, said, other) = restore(database.kind, &lost, &["--unsealed"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 photos of reports have no file"), "{said}");
    assert_eq!(other.number("SELECT COUNT(*) FROM staff WHERE active = 1").await, 0);

    // `--unsealed` still refuses a malformed backup.
    let changes: [Tampering; 10] = [
        ("current schema without MAC", |copy| {
            edit(copy, "manifest.json", |text| text.replace("\"schema\":9", "\"schema\":10"))
        }),
        ("schema 0", |copy| {
            edit(copy, "manifest.json", |text| {
                let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
                (manifest["schema"], manifest["tables"]) = (0.into(), serde_json::json!([]));
                manifest.to_string()
            })
        }),
        ("schema 1 with later files", |copy| {
            edit(copy, "manifest.json", |text| {
                let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
                manifest["schema"] = 1.into();
                manifest["tables"].as_array_mut().unwrap().truncate(3);
                manifest.to_string()
            })
        }),
        ("symlink for the photo folder", |copy| {
            fs::rename(copy.join("photos"), copy.join("moved")).unwrap();
            symlink(copy.join("moved"), copy.join("photos")).unwrap();
        }),
        ("an invalid MAC", |copy| fs::write(copy.join("manifest.mac"), "x").unwrap()),
        ("no tables", |copy| {
            edit(copy, "manifest.json", |text| {
                let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
                manifest["tables"] = serde_json::json!([]);
                manifest.to_string()
            })
        }),
        ("one table missing", |copy| {
            edit(copy, "manifest.json", |text| {
                let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
                manifest["tables"].as_array_mut().unwrap().pop();
                manifest.to_string()
            })
        }),
        ("a symlink for a photo", |copy| replace_with_symlink(&photo_file(copy))),
        ("not an image", |copy| fs::write(photo_file(copy), "<svg onload=alert(1)>").unwrap()),
        ("an extra file", |copy| {
            fs::write(photo_file(copy).with_file_name("x.html"), "x").unwrap()
        }),
    ];
    for (what, change) in changes {
        let changed = database.folder.path().join(what.replace(' ', "-"));
        Command::new("cp").arg("-a").arg(&copy).arg(&changed).status().unwrap();
        change(&changed);
        let (code, said, other) = restore(database.kind, &changed, &["--unsealed"]).await;
        assert_eq!(code, Some(1), "{what}: {said}");
        assert_eq!(other.number("SELECT COUNT(*) FROM reports").await, 0, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn files_are_readable_by_their_owner_only() {
    let database = Database::new(Kind::Sqlite).await;
    let copy = backed_up(&database).await;
    let folder = database.folder.path();
    let table = folder.join("reports.csv");
    let mut export = program(&database.url, folder);
    export.args(["export", "reports", "--personal", "--output"]).arg(&table);
    assert_eq!(run(&mut export).0, Some(0));
    let mut found = files_below(&copy);
    assert!(found.len() > 18, "tables, photos, manifest and MAC");
    found.extend(files_below(&folder.join("photos")));
    found.extend([table, folder.join("chuangquan.db"), folder.join("secret")]);
    for file in found {
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn restore_needs_the_secret_of_the_backup() {
    let database = Database::new(Kind::Sqlite).await;
    let copy = backed_up(&database).await;
    let other = Database::new(Kind::Sqlite).await;
    let secret = other.folder.path().join("secret");
    write_secret(&secret, 8);
    let restore = || {
        let mut restore = program(&other.url, other.folder.path());
        run(restore.arg("restore").arg(&copy))
    };
    let (code, said) = restore();
    assert_eq!(code, Some(1));
    assert!(said.contains("was sealed by another secret"), "{said}");
    // The new secret first, then the one of the backup.
    fs::write(&secret, [[8; 64], [7; 64]].concat()).unwrap();
    let (code, said) = restore();
    assert_eq!(code, Some(0), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_symlink_in_the_photo_store_is_neither_served_nor_backed_up() {
    let database = Database::new(Kind::Sqlite).await;
    backed_up(&database).await;
    let folder = database.folder.path();
    let stored = photo_file(folder);
    replace_with_symlink(&stored);
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

/// `backup-schema-10` was written by the program of 2026-11-28, with a secret of 64 bytes of 7.
#[apply(on_both)]
async fn a_backup_of_an_earlier_program_restores(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let folder = database.folder.path();
    write_secret(&folder.join("secret"), 7);
    let backup = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/backup-schema-10");
    let (code, said) = run(program(&database.url, folder).arg("restore").arg(backup));
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = run(program(&database.url, folder).arg("recount"));
    assert_eq!(code, Some(0), "{said}");
    let (_, signatures) = run(program(&database.url, folder).args(["export", "signatures"]));
    assert_eq!(signatures.lines().count(), 1 + 6, "{signatures}");
    let (_, reports) = run(program(&database.url, folder).args(["export", "reports"]));
    assert_eq!(reports.lines().count(), 1 + 3, "{reports}");
}

#[apply(on_both)]
async fn a_backup_contains_reports_and_photos(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    let mut visitor = server.known_visitor().await;
    let code = visitor.report("grid-01", &[jpeg(60, 40)]).await;
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    let folder = server.database.folder.path();
    let copy = folder.join("copy");
    let made = {
        let mut command = program(&server.database.url, folder);
        run(command.arg("backup").arg(&copy))
    };
    assert_eq!(made.0, Some(0), "{}", made.1);
    let other = Database::new(Kind::Sqlite).await;
    let restored = {
        let mut command = program(&other.url, other.folder.path());
        run(command.arg("restore").arg(&copy))
    };
    assert_eq!(restored.0, Some(0), "{}", restored.1);
    let store = Store::open(&other.url, secrets().seal(), &default_campaign()).await.unwrap();
    let report = store.report(&Code::parse(&code).unwrap()).await.unwrap().unwrap();
    let photos = store.photos_of(report.serial).await.unwrap();
    let photo_store =
        PhotoStore::open(&other.folder.path().join("photos").display().to_string()).unwrap();
    let picture = photo_store.get(&photos[0].id, store::Size::Full).await.unwrap();
    assert!(picture.unwrap().starts_with(&[0xff, 0xd8]));
    assert_eq!(store.staff().await.unwrap().len(), 1);
    let timeline = store.timeline(report.serial, None, Audience::Staff).await.unwrap();
    assert_eq!(timeline.events.len(), 1);
    assert_eq!(store.recount().await.unwrap(), []);
}

//! The commands of the program, run as processes.

use std::path::Path;

use domain::{signature::NewSignature, slug::Slug, text::Name, visitor::VisitorId};
use rstest_reuse::apply;
use store::SignRequest;

use crate::{
    campaign::LANTERN_STREET,
    support::{
        database::{Database, Kind, on_both},
        process::{program, run},
    },
};

#[apply(on_both)]
async fn recount_backup_and_restore(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let store = database.store().await;
    let row = SignRequest {
        network_hash: None,
        rule_hits: Vec::new(),
        visitor: VisitorId::parse(&"a".repeat(22)).unwrap(),
        signature: NewSignature {
            name: Name::parse("王测试").unwrap().unwrap(),
            grid: None,
            pledges: vec![Slug::parse("home").unwrap()],
            message: None,
            show_name: false,
        },
        consent: "test".into(),
    };
    store.sign(row).await.unwrap();
    store.close().await;
    let folder = database.folder.path();
    let (code, output) = run(program(&database.url, folder).arg("recount"));
    assert_eq!((code, output.as_str()), (Some(0), "all counters agree with the rows\n"));

    let copy = folder.join("copy");
    let (code, output) = run(program(&database.url, folder).arg("backup").arg(&copy));
    assert_eq!(code, Some(0), "{output}");
    let other = Database::new(database.kind).await;
    let (code, output) = run(program(&other.url, other.folder.path()).arg("restore").arg(&copy));
    assert_eq!(code, Some(0), "{output}");
    assert_eq!(run(program(&other.url, other.folder.path()).arg("recount")).0, Some(0));
    assert_eq!(other.number("SELECT COUNT(*) FROM signatures").await, 1);

    database.execute("UPDATE counters SET n = 5 WHERE kind = 'signatures'").await;
    let (code, output) = run(program(&database.url, folder).arg("recount"));
    assert_eq!(code, Some(1));
    assert_eq!(output, "signatures all: the counter says 5, the rows say 1\n");
}

#[test]
fn campaign_check_names_every_fault() {
    let folder = tempfile::tempdir().unwrap();
    let check = |file: &Path| run(program("", folder.path()).args(["campaign", "check"]).arg(file));
    let file = std::env::current_dir().unwrap().join(LANTERN_STREET);
    let (code, output) = check(&file);
    assert_eq!(code, Some(0), "{output}");
    assert!(output.ends_with(": ok\n"), "{output}");

    let text = std::fs::read_to_string(&file).unwrap();
    let broken = folder.path().join("broken.toml");
    std::fs::write(
        &broken,
        text.replace("kind = \"casework\"", "kind = \"x\"").replace("2026-06-01", "6"),
    )
    .unwrap();
    let (code, output) = check(&broken);
    assert_eq!(code, Some(1));
    for part in [
        "broken.toml: line 13: campaign.opens: must be a date",
        "categories[1].kind: must be one of casework",
    ] {
        assert!(output.contains(part), "{output}");
    }
    let (code, output) = check(&folder.path().join("none.toml"));
    assert_eq!(code, Some(1));
    assert!(output.contains("none.toml"), "{output}");
}

#[test]
fn recount_and_backup_create_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/none.db", folder.path().display());
    for command in [vec!["recount"], vec!["backup", "copy"]] {
        let (code, output) = run(program(&url, folder.path()).args(&command));
        assert_eq!(code, Some(1), "{command:?}: {output}");
    }
    assert!(!folder.path().join("none.db").exists());
}

#[test]
fn help_names_every_setting_with_its_default() {
    let folder = tempfile::tempdir().unwrap();
    let (code, output) = run(program("", folder.path())
        .args(["serve", "--help"])
        .env_remove("CHUANGQUAN_DATABASE_URL")
        .env_remove("CHUANGQUAN_SECRET_FILE"));
    assert_eq!(code, Some(0));
    for part in [
        "CHUANGQUAN_DATABASE_URL",
        "sqlite://data/chuangquan.db",
        "CHUANGQUAN_SECRET_FILE",
        "data/secret",
        "CHUANGQUAN_CAMPAIGN",
        "CHUANGQUAN_PUBLIC_URL",
        "LEPTOS_SITE_ADDR",
        "0.0.0.0:3000",
    ] {
        assert!(output.contains(part), "{part}: {output}");
    }
}

#[test]
fn startup_errors_name_the_setting() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/x.db", folder.path().display());
    let cases: [(&str, &str, &str); 3] = [
        ("CHUANGQUAN_DATABASE_URL", "mysql://x", "must begin with sqlite:// or postgres://"),
        ("CHUANGQUAN_CAMPAIGN", "no/such.toml", "no/such.toml"),
        ("LEPTOS_SITE_ADDR", "nowhere", "LEPTOS_SITE_ADDR nowhere: "),
    ];
    for (name, value, expected) in cases {
        let (code, output) = run(program(&url, folder.path()).arg("serve").env(name, value));
        assert!(matches!(code, Some(1 | 2)), "{name}: {code:?}");
        assert!(output.contains(expected), "{name}: {output}");
    }
}

#[test]
fn all_invalid_settings_are_named_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let short = folder.path().join("short");
    std::fs::write(&short, "short").unwrap();
    let invalid = [
        ("CHUANGQUAN_DATABASE_URL", "mysql://x"),
        ("CHUANGQUAN_PHOTO_STORE", "ftp://x"),
        ("CHUANGQUAN_SECRET_FILE", short.to_str().unwrap()),
        ("CHUANGQUAN_PUBLIC_URL", "wenming.example"),
        ("CHUANGQUAN_TRUSTED_PROXIES", "10.0.0.0/8,proxy.example"),
        ("CHUANGQUAN_MAX_CONNECTIONS", "many"),
        ("CHUANGQUAN_OFFLINE", "perhaps"),
        ("CHUANGQUAN_LIMITS", "perhaps"),
        ("CHUANGQUAN_METRICS_ADDR", "9090"),
        ("CHUANGQUAN_WEBHOOKS", "no/such.toml"),
        ("CHUANGQUAN_WECHAT_VERIFY_FILE", "strange.txt"),
        ("CHUANGQUAN_WECHAT_IDENTITY", "perhaps"),
        ("LEPTOS_SITE_ADDR", "nowhere"),
    ];
    let mut program = program("sqlite://unused", folder.path());
    let (code, output) = run(program.arg("serve").envs(invalid));
    assert_eq!(code, Some(1), "{output}");
    for (name, _) in invalid {
        assert_eq!(output.matches(name).count(), 1, "{name} is named once: {output}");
    }
}

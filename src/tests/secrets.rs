//! One secret after another: what the last one signed and sealed is as good as before.

use std::{fs, time::Duration};

use domain::report::{Audience, Event, EventKind, Report};
use reqwest::StatusCode;
use rstest_reuse::apply;
use server::config::secret_file::Secrets;
use store::{Change, Store};

use crate::support::{
    database::{Database, Kind, default_campaign, on_both},
    html,
    process::{Process, add_manager, program, run},
    server::Visitor,
};

#[apply(on_both)]
async fn one_secret_follows_another_and_nothing_is_lost(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let folder = database.folder.path();
    let password = add_manager(&database.url, folder);
    let serve = || {
        let mut serve = program(&database.url, folder);
        serve.arg("serve");
        Process::serve(serve)
    };
    let secret = |args: &[&str]| run(program(&database.url, folder).arg("secret").args(args));
    let file = folder.join("secret");
    let refused = |stale: &[u8]| {
        fs::write(&file, stale).unwrap();
        let (status, said) = run(program(&database.url, folder).args(["staff", "list"]));
        assert!(status == Some(1) && said.contains("sealed by another secret"), "{said}");
    };
    let server = serve();
    let mut resident = Visitor::new(&server.url);
    resident.get("/").await;
    assert_eq!(resident.sign().await.status(), StatusCode::SEE_OTHER);
    let page = resident.post("/recovery/new", &[]).await.text().await.unwrap();
    let phrase = html::phrase(&page);
    let mut manager = Visitor::new(&server.url);
    manager.get("/").await;
    let login = [("login", "manager"), ("password", password.as_str())];
    manager.post("/console/login", &login).await;
    let device = |browser: &Visitor| {
        browser.cookies.iter().find(|(name, _)| name == "device").unwrap().1.clone()
    };
    let known_device = device(&manager);
    drop(server);

    assert!(secret(&["use", "none"]).1.contains("no secret none"));
    let (status, said) = secret(&["add"]);
    assert!(status == Some(0) && said.contains("is known"), "{said}");
    let name = said.split(' ').next().unwrap();
    assert!(secret(&["retire", name]).1.contains("is not the secret that is used"));
    // Twice is as good as once.
    for _ in 0..2 {
        let (status, said) = secret(&["use", name]);
        assert!(status == Some(0) && said.contains("signs and seals"), "{said}");
    }
    // Cookies, rows, sessions, devices and phrases of the old secret are as good as before.
    let server = serve();
    let moved = |browser: &Visitor| {
        let mut moved = Visitor::new(&server.url);
        moved.cookies.clone_from(&browser.cookies);
        moved
    };
    let old_cookies = resident.clone();
    let mut resident = moved(&resident);
    assert!(resident.get("/signed").await.text().await.unwrap().contains("王测试"));
    assert_ne!(resident.cookies, old_cookies.cookies, "it is signed anew");
    let mut manager = moved(&manager);
    assert_eq!(manager.get("/console").await.status(), StatusCode::OK);
    manager.post("/console/login", &login).await;
    assert_ne!(device(&manager), known_device);
    // `SIGNATURE device:ID:LOGIN…`, percent-encoded.
    let id = |device: &str| device.split("%3A").nth(1).map(str::to_owned);
    assert_eq!(id(&device(&manager)), id(&known_device), "the same device, signed anew");
    let mut elsewhere = Visitor::new(&server.url);
    elsewhere.get("/").await;
    let back = elsewhere.post("/recovery", &[("phrase", phrase.as_str())]).await;
    assert_eq!(back.status(), StatusCode::SEE_OTHER, "{}", back.text().await.unwrap());
    resident.report("grid-01", &[]).await;

    // A node that has only the old one is refused.
    let both = fs::read(&file).unwrap();
    refused(&[7; 64]);
    fs::write(&file, both).unwrap();

    // While it serves, everything is sealed by the new one.
    let (status, said) = secret(&["reseal"]);
    assert_eq!((status, said.as_str()), (Some(0), "1 rows were re-encrypted\n"));
    assert_eq!(secret(&["reseal"]).1, "0 rows were re-encrypted\n");
    assert!(resident.get("/signed").await.text().await.unwrap().contains("王测试"));
    let (status, said) = secret(&["retire", name]);
    assert!(status == Some(0) && said.contains("alone is left"), "{said}");
    drop(server);
    assert_eq!(fs::read(&file).unwrap().len(), 64);
    assert_eq!(fs::read(folder.join("secret.retired")).unwrap(), [7; 64]);
    // The old one is as good as a stray one, also where the new one stands behind it.
    let new = fs::read(&file).unwrap();
    for stale in [vec![7; 64], [vec![7; 64], new.clone()].concat()] {
        refused(&stale);
    }
    fs::write(&file, new).unwrap();
    let server = serve();
    let mut resident = {
        let mut moved = Visitor::new(&server.url);
        moved.cookies = resident.cookies;
        moved
    };
    assert!(resident.get("/signed").await.text().await.unwrap().contains("王测试"));
    let mut stranger = Visitor::new(&server.url);
    stranger.cookies = old_cookies.cookies;
    assert_eq!(stranger.get("/signed").await.status(), StatusCode::SEE_OTHER, "it is forgotten");
}

#[apply(on_both)]
async fn what_changes_while_rows_are_sealed_anew_stays_changed(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    const REPORTS: u64 = 1_200;
    let store = database.store().await;
    store.seed(&default_campaign(), 10, REPORTS, 1_700_000_000_000).await.unwrap();
    store.close().await;
    let both = || Secrets::of([[9; 64], [7; 64]].concat()).unwrap().seal();
    let campaign = default_campaign();
    // Two nodes, as it were.
    let sealing = Store::open(&database.url, both(), &campaign).await.unwrap();
    let changing = Store::open(&database.url, both(), &campaign).await.unwrap();
    let changed = tokio::spawn(async move {
        let mut reports = changing.reports_after(0, 2_000).await.unwrap();
        // Here and there, and slowly enough that both are at it at once.
        reports.sort_by_key(|report| report.serial * 7_919 % REPORTS);
        for report in &reports {
            tokio::time::sleep(Duration::from_millis(2)).await;
            let change = changing.change(&report.code, |report, _| {
                let version = report.version + 1;
                let after = Report { description: "改过".into(), version, ..report.clone() };
                let event = Event {
                    serial: report.serial,
                    version,
                    at: 1,
                    staff: None,
                    what: EventKind::Added,
                    state: report.state,
                    text: Some("补充".into()),
                    audience: Audience::Reporter,
                    detail: None,
                };
                Ok::<_, ()>(Change::only(after, event))
            });
            change.await.unwrap();
        }
        changing.close().await;
    });
    let mut sealed = 0;
    while !changed.is_finished() {
        sealed += sealing.reseal().await.unwrap();
    }
    changed.await.unwrap();
    assert!(sealed > 100, "{sealed} rows were sealed while others changed");
    sealing.reseal().await.unwrap();
    assert_eq!(sealing.reseal().await.unwrap(), 0);
    sealing.keep_newest_seal().await.unwrap();
    sealing.close().await;
    let newest = Secrets::of(vec![9; 64]).unwrap().seal();
    let store = Store::open(&database.url, newest, &default_campaign()).await.unwrap();
    let reports = store.reports_after(0, 2_000).await.unwrap();
    assert_eq!(reports.len() as u64, REPORTS);
    assert!(reports.iter().all(|report| report.description == "改过"));
    assert!(store.recount().await.unwrap().is_empty());
}

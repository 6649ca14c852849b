//! Rotation of the secret: cookies and rows signed or encrypted with the old secret stay valid.

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
async fn rotating_the_secret_loses_nothing(#[case] kind: Kind) {
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
    let assert_refused = |stale: &[u8]| {
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
    // Repeating the command does no harm.
    for _ in 0..2 {
        let (status, said) = secret(&["use", name]);
        assert!(status == Some(0) && said.contains("signs and seals"), "{said}");
    }
    // Cookies, rows, sessions, devices and phrases of the old secret still work.
    let server = serve();
    let with_cookies_of = |browser: &Visitor| {
        let mut moved = Visitor::new(&server.url);
        moved.cookies.clone_from(&browser.cookies);
        moved
    };
    let old_cookies = resident.clone();
    let mut resident = with_cookies_of(&resident);
    assert!(resident.get("/signed").await.text().await.unwrap().contains("王测试"));
    assert_ne!(resident.cookies, old_cookies.cookies, "the cookie is signed with the new secret");
    let mut manager = with_cookies_of(&manager);
    assert_eq!(manager.get("/console").await.status(), StatusCode::OK);
    manager.post("/console/login", &login).await;
    assert_ne!(device(&manager), known_device);
    // `SIGNATURE device:ID:LOGIN…`, percent-encoded.
    let id = |device: &str| device.split("%3A").nth(1).map(str::to_owned);
    assert_eq!(
        id(&device(&manager)),
        id(&known_device),
        "the same device id, signed with the new secret"
    );
    let mut elsewhere = Visitor::new(&server.url);
    elsewhere.get("/").await;
    let back = elsewhere.post("/recovery", &[("phrase", phrase.as_str())]).await;
    assert_eq!(back.status(), StatusCode::SEE_OTHER, "{}", back.text().await.unwrap());
    resident.report("grid-01", &[]).await;

    // A node that has only the old secret does not start.
    let both = fs::read(&file).unwrap();
    assert_refused(&[7; 64]);
    fs::write(&file, both).unwrap();

    // `reseal` encrypts everything with the new secret while the server runs.
    let (status, said) = secret(&["reseal"]);
    assert_eq!((status, said.as_str()), (Some(0), "1 rows were re-encrypted\n"));
    assert_eq!(secret(&["reseal"]).1, "0 rows were re-encrypted\n");
    assert!(resident.get("/signed").await.text().await.unwrap().contains("王测试"));
    let (status, said) = secret(&["retire", name]);
    assert!(status == Some(0) && said.contains("alone is left"), "{said}");
    drop(server);
    assert_eq!(fs::read(&file).unwrap().len(), 64);
    assert_eq!(fs::read(folder.join("secret.retired")).unwrap(), [7; 64]);
    // The old secret is refused now, also as the first one of two.
    let new = fs::read(&file).unwrap();
    for stale in [vec![7; 64], [vec![7; 64], new.clone()].concat()] {
        assert_refused(&stale);
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
    assert_eq!(
        stranger.get("/signed").await.status(),
        StatusCode::SEE_OTHER,
        "the old cookie is not valid any more"
    );
}

#[apply(on_both)]
async fn reseal_keeps_concurrent_changes(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    const REPORTS: u64 = 1_200;
    let store = database.store().await;
    store.seed(&default_campaign(), 10, REPORTS, 1_700_000_000_000).await.unwrap();
    store.close().await;
    let both = || Secrets::of([[9; 64], [7; 64]].concat()).unwrap().seal();
    let campaign = default_campaign();
    // Two stores, like two nodes.
    let resealing_store = Store::open(&database.url, both(), &campaign).await.unwrap();
    let changing_store = Store::open(&database.url, both(), &campaign).await.unwrap();
    let changes = tokio::spawn(async move {
        let mut reports = changing_store.reports_after(0, 2_000).await.unwrap();
        // In scattered order and slowly, so that changes and `reseal` overlap.
        reports.sort_by_key(|report| report.serial * 7_919 % REPORTS);
        for report in &reports {
            tokio::time::sleep(Duration::from_millis(2)).await;
            let change = changing_store.change(&report.code, |report, _| {
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
        changing_store.close().await;
    });
    let mut sealed = 0;
    while !changes.is_finished() {
        sealed += resealing_store.reseal().await.unwrap();
    }
    changes.await.unwrap();
    assert!(sealed > 100, "{sealed} rows were sealed while others changed");
    resealing_store.reseal().await.unwrap();
    assert_eq!(resealing_store.reseal().await.unwrap(), 0);
    resealing_store.keep_newest_seal().await.unwrap();
    resealing_store.close().await;
    let newest = Secrets::of(vec![9; 64]).unwrap().seal();
    let store = Store::open(&database.url, newest, &default_campaign()).await.unwrap();
    let reports = store.reports_after(0, 2_000).await.unwrap();
    assert_eq!(reports.len() as u64, REPORTS);
    assert!(reports.iter().all(|report| report.description == "改过"));
    assert!(store.recount().await.unwrap().is_empty());
}

//! Office features: review of messages, seeded data, exports, notices to chat robots, backups.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::State, routing::post};
use domain::report::Code;
use reqwest::{StatusCode, header};
use rstest_reuse::apply;
use server::ops::webhook::Webhooks;
use store::{PhotoStore, Store};

use super::markup::{MARK, MARKUP};
use crate::support::{
    database::{Database, Kind, default_campaign, on_both, secrets},
    process::{program, run},
    server::{Server, VALID_SIGNATURE, location},
};

#[apply(on_both)]
async fn a_message_is_public_only_after_review(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    server.add_staff("lead", "branch-lead", &["residential"]).await;
    let mut visitor = server.known_visitor().await;
    let mut fields = VALID_SIGNATURE.to_vec();
    fields.extend([("message", "小节之处显大德"), ("show_name", "on")]);
    visitor.post("/sign", &fields).await;
    let messages_page = async || server.visitor().get("/messages").await.text().await.unwrap();
    assert!(!messages_page().await.contains("小节之处显大德"));

    let mut worker = server.logged_in("worker").await;
    assert_eq!(worker.get("/console/messages").await.status(), StatusCode::FORBIDDEN);
    let barred = worker.post("/console/messages/1", &[("show", "yes")]).await;
    assert_eq!(barred.status(), StatusCode::FORBIDDEN);
    let mut lead = server.logged_in("lead").await;
    let waiting = lead.get("/console/messages").await.text().await.unwrap();
    assert!(waiting.contains("小节之处显大德"));
    lead.post("/console/messages/1", &[("show", "yes")]).await;
    let shown = messages_page().await;
    assert!(
        shown.contains("小节之处显大德") && shown.contains("王**") && !shown.contains("王测试")
    );

    let objected = visitor.post("/messages/1/object", &[("reason", "不合适")]).await;
    assert_eq!(location(&objected), "/messages?thanks=1");
    let waiting = lead.get("/console/messages").await.text().await.unwrap();
    assert!(waiting.contains("人有异议") && waiting.contains("不合适"));
    lead.post("/console/messages/1", &[("show", "no")]).await;
    assert!(!messages_page().await.contains("小节之处显大德"));
    let gone = visitor.post("/messages/1/object", &[]).await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    let none = lead.post("/console/messages/7", &[("show", "yes")]).await;
    assert_eq!(none.status(), StatusCode::NOT_FOUND);
}

#[apply(on_both)]
async fn a_seeded_database_serves_every_page_and_counts_right(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let folder = database.folder.path().to_owned();
    let seeded = {
        let mut command = program(&database.url, &folder);
        run(command.args(["seed", "--signatures", "1200", "--reports", "900"]))
    };
    assert_eq!(seeded.0, Some(0), "{}", seeded.1);
    let again = {
        let mut command = program(&database.url, &folder);
        run(command.args(["seed", "--reports", "1"]))
    };
    assert_eq!(again.0, Some(1), "seed needs an empty database");
    let server = Server::start(database).await;
    assert_eq!(server.store.recount().await.unwrap(), []);
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    server.add_staff("lead", "branch-lead", &["residential"]).await;
    server.add_staff("manager", "manager", &[]).await;
    for login in ["worker", "lead", "manager"] {
        let mut browser = server.logged_in(login).await;
        for path in [
            "/console",
            "/console?state=all&page=2",
            "/console?deadline=overdue",
            "/console?deadline=soon",
            "/console?q=%E6%B5%8B%E8%AF%95&sort=new",
            "/console?mine=1&again=1",
            "/console/check",
            "/console/duty",
            "/console/stats",
            "/console/weekly",
            "/console/posters",
            "/console/new",
            "/console/new?settle=1",
            "/console/account",
        ] {
            let response = browser.get(path).await;
            assert_eq!(response.status(), StatusCode::OK, "{login} {path}");
            let page = response.text().await.unwrap();
            assert!(page.ends_with("</html>") && !page.contains("style=\""), "{login} {path}");
            assert_eq!(page.matches("<script").count(), 1, "{login} {path}");
            assert_eq!(page.matches("<h1").count(), 1, "{login} {path}");
        }
        let expected = if login == "manager" { StatusCode::OK } else { StatusCode::FORBIDDEN };
        assert_eq!(browser.get("/console/staff").await.status(), expected, "{login}");
    }
    let mut visitor = server.known_visitor().await;
    for path in ["/", "/progress", "/reports", "/reports?page=3&state=closed", "/messages", "/me"] {
        assert_eq!(visitor.get(path).await.status(), StatusCode::OK, "{path}");
    }
}

#[apply(on_both)]
async fn a_backup_contains_reports_and_photos(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    let mut visitor = server.known_visitor().await;
    let code = visitor.report("grid-01", &[super::photos::jpeg(60, 40)]).await;
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
    assert_eq!(store.events_of(report.serial).await.unwrap().len(), 1);
    assert_eq!(store.recount().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn exports_are_for_managers_audited_and_personal_only_on_request() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    server.add_staff("manager", "manager", &[]).await;
    let mut visitor = server.known_visitor().await;
    let fields = [
        ("category", "corridor"),
        ("description", "=cmd|' /C calc'!A0"),
        ("place", "逗号,引号\"换行"),
        ("grid", "grid-01"),
        ("contact_name", "赵测试"),
        ("contact_phone", "13800000000"),
        ("consent", "on"),
    ];
    visitor.send(visitor.multipart("/report", &fields, &[])).await;
    visitor.sign().await;
    let mut worker = server.logged_in("worker").await;
    let barred = worker.get("/console/export/reports.csv").await;
    assert_eq!(barred.status(), StatusCode::FORBIDDEN);
    let mut manager = server.logged_in("manager").await;
    let response = manager.get("/console/export/reports.csv").await;
    assert!(response.headers()[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/csv"));
    let csv = response.text().await.unwrap();
    assert!(csv.contains("办件编号") && csv.contains("楼道堆物"), "{csv}");
    assert!(!csv.contains("13800000000") && !csv.contains("cmd") && !csv.contains("引号"), "{csv}");
    let bytes = manager.get("/console/export/reports.csv?personal=1").await.bytes().await.unwrap();
    assert!(bytes.starts_with("\u{FEFF}".as_bytes()), "a byte order mark, for spreadsheets");
    let mut reader = csv::Reader::from_reader(&bytes[3..]);
    let row = reader.records().next().unwrap().unwrap();
    assert!(row.iter().any(|cell| cell == "'=cmd|' /C calc'!A0"), "{row:?}");
    assert!(row.iter().any(|cell| cell == "逗号,引号\"换行"), "{row:?}");
    assert!(row.iter().any(|cell| cell == "13800000000"));
    let signatures = manager.get("/console/export/signatures.csv").await.text().await.unwrap();
    assert!(!signatures.contains("王测试"), "{signatures}");
    let sheet = manager.get("/console/export/reports.xlsx").await;
    assert!(sheet.bytes().await.unwrap().starts_with(b"PK"));
    let audited =
        server.database.number("SELECT COUNT(*) FROM audit WHERE action = 'export'").await;
    assert_eq!(audited, 4);
    for nowhere in ["reports.pdf", "reports", "staff.csv", "..%2Fx.csv"] {
        let status = manager.get(&format!("/console/export/{nowhere}")).await.status();
        assert_eq!(status, StatusCode::NOT_FOUND, "{nowhere}");
    }
}

/// A fake chat robot that refuses the first `refusals` messages: its URL, and all messages.
async fn start_robot(refusals: usize) -> (String, Arc<Mutex<Vec<String>>>) {
    let messages = Arc::new(Mutex::new(Vec::new()));
    let answer = move |State(heard): State<Arc<Mutex<Vec<String>>>>, body: String| async move {
        let mut heard = heard.lock().unwrap();
        heard.push(body);
        if heard.len() <= refusals {
            "{\"errcode\":45009,\"errmsg\":\"api freq out of limit\"}"
        } else {
            "{\"errcode\":0,\"errmsg\":\"ok\"}"
        }
    };
    let router = Router::new().route("/send", post(answer)).with_state(Arc::clone(&messages));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}/send?key=secret"), messages)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn robots_are_notified_of_new_reports_with_retries() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let (address, heard) = start_robot(1).await;
    let file = server.database.folder.path().join("webhooks.toml");
    std::fs::write(&file, format!("[grids]\ngrid-01 = \"{address}\"\n")).unwrap();
    let webhooks =
        Webhooks::read(Some(&file), &default_campaign(), "https://wenming.example.cn").unwrap();
    let mut visitor = server.known_visitor().await;
    let code = visitor.report("grid-01", &[]).await;
    visitor.report("grid-02", &[]).await;
    webhooks.send(&server.service).await.unwrap();
    assert_eq!(heard.lock().unwrap().len(), 1, "only reports of its grid");
    webhooks.send(&server.service).await.unwrap();
    assert_eq!(heard.lock().unwrap().len(), 1, "not retried immediately");
    server.database.execute("UPDATE outbox SET next_at = 1 WHERE next_at IS NOT NULL").await;
    webhooks.send(&server.service).await.unwrap();
    server.database.execute("UPDATE outbox SET next_at = 1 WHERE next_at IS NOT NULL").await;
    webhooks.send(&server.service).await.unwrap();
    let heard = heard.lock().unwrap().clone();
    assert_eq!(heard.len(), 2, "accepted the second time, then not sent again");
    let told: serde_json::Value = serde_json::from_str(&heard[1]).unwrap();
    assert_eq!(told["msgtype"], "markdown");
    let text = told["markdown"]["content"].as_str().unwrap();
    assert!(text.contains("新反映") && text.contains(&code), "{text}");
    assert!(!text.contains("三楼") && !text.contains("3号楼"), "no text of the resident");
    std::fs::write(&file, "[grids]\nnowhere = \"x\"\n").unwrap();
    let unknown = Webhooks::read(Some(&file), &default_campaign(), "").unwrap_err();
    assert!(unknown.contains("nowhere"), "{unknown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn notices_to_robots_contain_no_text_of_people() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let (address, heard) = start_robot(0).await;
    let file = server.database.folder.path().join("webhooks.toml");
    std::fs::write(&file, format!("[grids]\ngrid-01 = \"{address}\"\n")).unwrap();
    let webhooks = Webhooks::read(Some(&file), &default_campaign(), "https://x.example").unwrap();
    let mut visitor = server.known_visitor().await;
    for markup in MARKUP {
        let fields = [
            ("category", "corridor"),
            ("description", markup),
            ("place", markup),
            ("grid", "grid-01"),
            ("contact_name", markup),
            ("consent", "on"),
        ];
        visitor.send(visitor.multipart("/report", &fields, &[])).await;
    }
    webhooks.send(&server.service).await.unwrap();
    let heard = heard.lock().unwrap();
    assert!(!heard.is_empty());
    for told in heard.iter() {
        assert!(!told.contains(MARK) && !told.contains('<'), "{told}");
    }
}

//! Personal data: not in logs, metrics, database files or backups as plain text; erased when
//! expired, and on request.

use std::{fs, path::Path, time::Duration};

use domain::report::Code;
use reqwest::{Method, StatusCode};
use rstest_reuse::apply;
use serde_json::Value;

use crate::support::{
    database::{Database, Kind, on_both, write_secret},
    process::{Process, add_manager, program, run},
    server::{Server, VALID_SIGNATURE, Visitor, location},
};

/// Marker values, one per field, that are searched for afterwards. Each is entered once.
const MARKERS: [(&str, &str); 12] = [
    ("name", "QZXNAME"),
    ("message", "QZXMESSAGE"),
    ("description", "QZXDESCRIPTION"),
    ("place", "QZXPLACE"),
    ("contact_name", "QZXCONTACT"),
    ("contact_phone", "13900139017"),
    ("lat", "31.29876"),
    ("lon", "121.56789"),
    ("added", "QZXADDED"),
    ("comment", "QZXCOMMENT"),
    ("reason", "QZXREASON"),
    ("address", "203.0.113.77"),
];

fn marker(of: &str) -> &'static str {
    MARKERS.iter().find(|(field, _)| *field == of).unwrap().1
}

fn with_address(request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    request.header("x-forwarded-for", marker("address"))
}

/// A report form with every personal field.
fn full_report(visitor: &Visitor) -> reqwest::RequestBuilder {
    let mut fields = vec![("category", "corridor"), ("grid", "grid-01"), ("consent", "on")];
    fields.push(("accuracy", "12"));
    let personal = ["description", "place", "contact_name", "contact_phone", "lat", "lon"];
    fields.extend(personal.map(|field| (field, marker(field))));
    with_address(visitor.multipart("/report", &fields, &[]))
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn assert_no_markers(bytes: &[u8], place: &str) {
    for (field, text) in MARKERS {
        assert!(!contains(bytes, text), "the {field} stands in {place}");
    }
}

fn bytes_of_files(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        all.extend(if path.is_dir() { bytes_of_files(&path) } else { fs::read(path).unwrap() });
    }
    all
}

#[apply(on_both)]
async fn personal_data_is_never_stored_as_plain_text(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let folder = database.folder.path();
    let password = add_manager(&database.url, folder);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let metrics = format!("127.0.0.1:{port}");
    let log = folder.join("log");
    let mut serve = program(&database.url, folder);
    serve
        .arg("serve")
        .env("CHUANGQUAN_METRICS_ADDR", &metrics)
        .env("CHUANGQUAN_TRUSTED_PROXIES", "127.0.0.1")
        .env("RUST_LOG", "debug")
        .stderr(fs::File::create(&log).unwrap());
    let server = Process::serve(serve);

    let mut resident = Visitor::new(&server.url);
    resident.send(with_address(resident.request(Method::GET, "/sign"))).await;
    tokio::time::sleep(Duration::from_millis(2100)).await;
    let fields = [
        ("name", marker("name")),
        ("message", marker("message")),
        ("pledges", "home"),
        ("consent", "on"),
    ];
    let signed = resident.send(with_address(resident.form("/sign", &fields))).await;
    assert_eq!(signed.status(), StatusCode::SEE_OTHER);
    let filed = resident.send(full_report(&resident)).await;
    assert_eq!(filed.status(), StatusCode::SEE_OTHER);
    let code = location(&filed).strip_prefix("/reports/").unwrap().to_owned();
    let add = [("text", marker("added"))];
    let add = with_address(resident.multipart(&format!("/reports/{code}/add"), &add, &[]));
    assert_eq!(resident.send(add).await.status(), StatusCode::SEE_OTHER);

    // Authorised readers see all markers, so the search below would find them.
    let mut manager = Visitor::new(&server.url);
    manager.get("/").await;
    let login = [("login", "manager"), ("password", password.as_str())];
    assert_eq!(manager.post("/console/login", &login).await.status(), StatusCode::SEE_OTHER);
    let case = manager.get(&format!("/console/reports/{code}")).await.text().await.unwrap();
    for field in ["description", "place", "added"] {
        assert!(case.contains(marker(field)), "{field}: {case}");
    }
    let shown = manager.post(&format!("/console/contact/{code}"), &[]).await.text().await.unwrap();
    assert!(shown.contains(marker("contact_name")) && shown.contains(marker("contact_phone")));
    let show = manager.post("/console/messages/1", &[("show", "yes")]).await;
    assert_eq!(show.status(), StatusCode::SEE_OTHER);
    let object = [("reason", marker("reason"))];
    let objected = resident.post("/messages/1/object", &object).await;
    assert_eq!(objected.status(), StatusCode::SEE_OTHER);
    let review = manager.get("/console/messages?lane=objected").await.text().await.unwrap();
    assert!(review.contains(marker("message")) && review.contains(marker("reason")), "{review}");
    // A refused form is not logged either.
    let bad = resident.post("/sign", &[("name", &format!("={}", marker("name")))]).await;
    assert_eq!(bad.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let acknowledged =
        [("category", "corridor"), ("grid", "grid-01"), ("summary", "楼道杂物"), ("version", "2")];
    let path = format!("/console/reports/{code}/accept");
    assert_eq!(manager.post(&path, &acknowledged).await.status(), StatusCode::SEE_OTHER);
    database.execute("UPDATE reports SET state = 'closed', closed_at = submitted_at").await;
    let rate = [("solved", "yes"), ("comment", marker("comment"))];
    let rated = resident.post(&format!("/reports/{code}/rate"), &rate).await;
    assert_eq!(rated.status(), StatusCode::SEE_OTHER);

    // The console search finds encrypted text by decrypting it.
    let q = format!("/console?state=all&q={}", marker("place").to_lowercase());
    assert!(manager.get(&q).await.text().await.unwrap().contains(&code));
    let q = "/console?state=all&q=QZXNOWHERE";
    assert!(!manager.get(q).await.text().await.unwrap().contains(&code));

    let scrape = reqwest::get(format!("http://{metrics}/metrics")).await.unwrap();
    assert_no_markers(&scrape.bytes().await.unwrap(), "the metrics");
    assert_no_markers(&database.all_bytes().await, "the database that is in use");
    let copy = folder.join("copy");
    assert_eq!(run(program(&database.url, folder).arg("backup").arg(&copy)).0, Some(0));
    assert_no_markers(&bytes_of_files(&copy), "the copy");
    server.terminate();
    assert!(server.ended_within(Duration::from_secs(6)).success());
    assert_no_markers(&database.all_bytes().await, "the database");
    let log = fs::read(log).unwrap();
    assert!(log.len() > 1000, "the debug log is not empty");
    assert_no_markers(&log, "the log");

    // The backup can be restored with its own secret only.
    let other = Database::new(database.kind).await;
    let secret = other.folder.path().join("secret");
    write_secret(&secret, 8);
    let (status, said) = run(program(&other.url, other.folder.path()).arg("restore").arg(&copy));
    assert_eq!(status, Some(1));
    assert!(said.contains("sealed by another secret") && said.contains("nothing was"), "{said}");
    write_secret(&secret, 7);
    let (status, said) = run(program(&other.url, other.folder.path()).arg("restore").arg(&copy));
    assert_eq!(status, Some(0), "{said}");
    let mut export = program(&other.url, other.folder.path());
    let (status, said) = run(export.args(["export", "reports", "--personal"]));
    assert_eq!(status, Some(0), "{said}");
    for field in ["description", "place", "contact_phone", "lat", "comment"] {
        assert!(said.contains(marker(field)), "{field}: {said}");
    }
    // The database opens with its own secret only; a missing secret is not replaced by a new one.
    fs::remove_file(folder.join("secret")).unwrap();
    let (status, said) = run(program(&database.url, folder).args(["staff", "list"]));
    assert_eq!(status, Some(1));
    assert!(said.contains("put it back") && !folder.join("secret").exists(), "{said}");
    write_secret(&folder.join("secret"), 8);
    let (status, said) = run(program(&database.url, folder).arg("serve"));
    assert_eq!(status, Some(1));
    assert!(said.contains("sealed by another secret"), "{said}");
}

#[apply(on_both)]
async fn contact_and_position_are_erased_after_the_retention_period(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    const LATER_NOTE: &str = "INSERT INTO report_events (serial, version, at, staff, what, state, audience) \
        SELECT serial, 9, 9000000000000, 1, 'note', state, 'staff' FROM report_events WHERE serial = 3";
    let server = Server::start(database).await;
    let mut resident = server.known_visitor().await;
    let filed = resident.send(full_report(&resident)).await;
    let code = Code::parse(location(&filed).strip_prefix("/reports/").unwrap()).unwrap();
    let bare = Code::parse(&resident.report("grid-01", &[]).await).unwrap();
    let erased = async || server.service.erase_expired().await.unwrap();
    let execute = async |sql| server.database.execute(sql).await;
    // Open reports keep them, however old.
    execute("UPDATE reports SET submitted_at = 1, accepted_at = 2").await;
    assert_eq!(erased().await, 0);
    execute("UPDATE reports SET state = 'closed', closed_at = 3 WHERE serial = 1").await;
    execute("UPDATE reports SET closed_at = 9000000000000 WHERE serial = 1").await;
    assert_eq!(erased().await, 0, "closed too recently");
    execute("UPDATE reports SET state = 'closed', closed_at = 3").await;
    let before = server.store.report(&code).await.unwrap().unwrap();
    assert!(before.has_contact() && before.position().is_some() && before.erased_at.is_none());
    assert_eq!(erased().await, 1, "the other report had no contact");
    assert_eq!(erased().await, 0);
    let after = server.store.report(&code).await.unwrap().unwrap();
    assert!(!after.has_contact() && after.position().is_none() && after.erased_at.is_some());
    assert_eq!(
        (after.place.as_str(), after.description.as_str()),
        (marker("place"), marker("description"))
    );
    assert!(server.store.report(&bare).await.unwrap().unwrap().erased_at.is_some());
    let page = resident.get(&format!("/reports/{code}")).await.text().await.unwrap();
    assert!(page.contains("联系方式和位置已到期删除"), "{page}");

    // For reports that end otherwise the last change of state counts.
    let filed = resident.send(full_report(&resident)).await;
    let code = Code::parse(location(&filed).strip_prefix("/reports/").unwrap()).unwrap();
    execute("UPDATE reports SET state = 'rejected', accepted_at = NULL WHERE serial = 3").await;
    assert_eq!(erased().await, 0);
    execute("UPDATE report_events SET at = 3, state = 'rejected' WHERE serial = 3").await;
    // A later note does not extend the period.
    execute(LATER_NOTE).await;
    assert_eq!(erased().await, 1);
    assert!(!server.store.report(&code).await.unwrap().unwrap().has_contact());
}

#[apply(on_both)]
async fn all_data_of_a_visitor_is_shown_and_erased(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    server.add_staff("manager", "manager", &[]).await;
    let mut manager = server.logged_in("manager").await;
    let mut neighbour = server.known_visitor().await;
    let theirs = neighbour.report("grid-02", &[]).await;
    neighbour.post("/sign", &[&VALID_SIGNATURE[..], &[("message", "大家一起来")]].concat()).await;
    manager.post("/console/messages/1", &[("show", "yes")]).await;

    let mut me = server.known_visitor().await;
    let nothing = me.get("/me/data").await.text().await.unwrap();
    assert!(nothing.contains("没有保存您的任何内容"));
    me.post(
        "/sign",
        &[&VALID_SIGNATURE[..], &[("message", marker("message")), ("grid", "grid-01")]].concat(),
    )
    .await;
    let filed = me.send(full_report(&me)).await;
    let open = location(&filed).strip_prefix("/reports/").unwrap().to_owned();
    let closed = me.report("grid-01", &[crate::photos::jpeg(64, 48)]).await;
    let accept = |version: &'static str| {
        [
            ("category", "corridor"),
            ("grid", "grid-01"),
            ("summary", "楼道杂物"),
            ("version", version),
        ]
    };
    for code in [&theirs, &closed] {
        let accepted = manager.post(&format!("/console/reports/{code}/accept"), &accept("1")).await;
        assert_eq!(accepted.status(), StatusCode::SEE_OTHER);
    }
    assert_eq!(
        me.post(&format!("/reports/{theirs}/support"), &[]).await.status(),
        StatusCode::SEE_OTHER
    );
    me.post("/recovery/new", &[]).await;
    let objected = me.post("/messages/1/object", &[("reason", marker("reason"))]).await;
    assert_eq!(objected.status(), StatusCode::SEE_OTHER);
    // An invalid signature still belongs to the visitor.
    server.database.execute("UPDATE signatures SET state = 'invalid' WHERE ordinal = 2").await;
    server
        .database
        .execute("UPDATE reports SET state = 'closed', closed_at = 9000000000000 WHERE serial = 3")
        .await;

    // As a page and as a file, without the data of others.
    let page = me.get("/me/data").await.text().await.unwrap();
    let file = me.get("/me/data.json").await;
    assert!(file.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
    assert_eq!(file.headers()["cache-control"], "private, no-store");
    let file = file.text().await.unwrap();
    for text in
        ["message", "reason", "description", "place", "contact_name", "contact_phone"].map(marker)
    {
        assert!(page.contains(text) && file.contains(text), "{text}: {page}");
    }
    let file: Value = serde_json::from_str(&file).unwrap();
    assert_eq!(file["signatures"][0]["name"], "王测试");
    assert_eq!(file["reports"].as_array().unwrap().len(), 2);
    assert_eq!(file["reports"][1]["position"][0], 31.298_76);
    assert_eq!(file["supported"].as_array().unwrap().len(), 1);
    assert!(file["recovery_code_made_at"].is_i64());
    let others = neighbour.get("/me/data.json").await.text().await.unwrap();
    assert!(!others.contains(marker("description")));

    // Not without confirmation.
    let slip = me.post("/me/erase", &[]).await;
    assert_eq!(slip.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(slip.text().await.unwrap().contains("error-confirm"));
    let before = me.clone();
    let gone = me.post("/me/erase", &[("confirm", "on")]).await;
    assert_eq!((gone.status(), location(&gone)), (StatusCode::SEE_OTHER, "/me/data"));
    assert_eq!(gone.headers()["clear-site-data"], "\"storage\"");
    assert_ne!(me.cookies, before.cookies);
    // The old cookie finds nothing either.
    for mut browser in [me, before] {
        assert!(
            browser.get("/me/data").await.text().await.unwrap().contains("没有保存您的任何内容")
        );
        assert_eq!(browser.get(&format!("/reports/{open}")).await.status(), StatusCode::NOT_FOUND);
    }
    let report = |code: &str| {
        let code = Code::parse(code).unwrap();
        let store = server.store.clone();
        async move { store.report(&code).await.unwrap().unwrap() }
    };
    for (code, state) in [(&open, "withdrawn"), (&closed, "closed")] {
        let report = report(code).await;
        assert_eq!(report.state.as_str(), state);
        assert!(
            report.description.is_empty()
                && report.place.is_empty()
                && !report.has_contact_or_position()
        );
        assert!(report.visitor.is_none() && report.form_key.is_none());
        assert!(server.store.photos_of(report.serial).await.unwrap().is_empty());
    }
    assert_eq!(
        report(&closed).await.summary.as_deref(),
        Some("楼道杂物"),
        "the summary of the staff stays"
    );
    assert_eq!(report(&theirs).await.supporters, 1, "the support still counts");
    let rows = "SELECT (SELECT COUNT(*) FROM recoveries) + (SELECT COUNT(*) FROM objections) + (SELECT COUNT(*) FROM signatures WHERE visitor <> '') - 1";
    assert_eq!(server.database.number(rows).await, 0);
    // Erasing again does no harm, and the neighbour keeps their signature.
    let mut again = server.known_visitor().await;
    assert_eq!(again.post("/me/erase", &[("confirm", "on")]).await.status(), StatusCode::SEE_OTHER);
    assert!(neighbour.get("/signed").await.text().await.unwrap().contains("王测试"));
}

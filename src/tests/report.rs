//! Reports over HTTP: what is filed, what is refused, who sees what.

use domain::report::{Code, State};
use reqwest::{Method, StatusCode, header};
use rstest_reuse::apply;

use crate::support::{
    database::{Database, Kind, on_both},
    html,
    server::{Server, Visitor, location, report_fields},
};

async fn page(visitor: &mut Visitor, path: &str) -> String {
    visitor.get(path).await.text().await.unwrap()
}

#[apply(on_both)]
async fn a_report_is_filed_and_counted(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    let mut visitor = server.known_visitor().await;
    let code = visitor.report("grid-01", &[]).await;
    let counts = server.store.counts();
    assert_eq!((counts.reports.received, counts.reports.open, counts.reports.closed), (1, 1, 0));
    let own = page(&mut visitor, &format!("/reports/{code}")).await;
    assert!(own.contains("已提交，待受理") && own.contains("三楼堆了旧家具"));
    assert!(page(&mut visitor, "/me").await.contains(&code));
    let report = server.store.report(&Code::parse(&code).unwrap()).await.unwrap().unwrap();
    assert!(own.contains(&report.number().to_string()));
    assert_eq!(report.branch.as_str(), "residential", "the branch of the category");

    visitor.post(&format!("/reports/{code}/add"), &[("text", "补充的话")]).await;
    let withdrawn = visitor.post(&format!("/reports/{code}/withdraw"), &[]).await;
    assert_eq!(location(&withdrawn), format!("/reports/{code}"));
    let counts = server.store.counts();
    assert_eq!((counts.reports.received, counts.reports.open), (0, 0));
    let report = server.store.report(&report.code).await.unwrap().unwrap();
    assert_eq!((report.state, report.description.as_str()), (State::Withdrawn, ""));
    let again = visitor.post(&format!("/reports/{code}/withdraw"), &[]).await;
    assert_eq!(again.status(), StatusCode::CONFLICT);
    let texts =
        server.database.number("SELECT COUNT(*) FROM report_events WHERE sealed IS NOT NULL");
    assert_eq!(texts.await, 0, "no text is left");
    assert_eq!(server.store.recount().await.unwrap(), []);
}

/// Server, visitor, worker who is logged in, and code of the visitor's report.
pub async fn scene() -> (Server, Visitor, Visitor, String) {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    let mut visitor = server.known_visitor().await;
    let code = visitor.report("grid-01", &[]).await;
    let worker = server.logged_in("worker").await;
    (server, visitor, worker, code)
}

pub async fn act(
    worker: &mut Visitor,
    code: &str,
    action: &str,
    fields: &[(&str, &str)],
) -> StatusCode {
    worker.post(&format!("/console/reports/{code}/{action}"), fields).await.status()
}

pub const ACCEPT: [(&str, &str); 4] = [
    ("version", "1"),
    ("category", "corridor"),
    ("grid", "grid-01"),
    ("summary", "测试小区楼道堆物"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn bad_forms_are_refused_and_nothing_is_stored() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let mut visitor = server.known_visitor().await;
    let long = "字".repeat(501);
    let place = "字".repeat(81);
    for (field, value) in [
        ("category", ""),
        ("category", "nowhere"),
        ("description", ""),
        ("description", " \u{3000}\u{200B}"),
        ("description", long.as_str()),
        ("description", "看\u{1B}这里"),
        ("place", place.as_str()),
        ("grid", "nowhere"),
        ("grid", "unspecified"),
        ("lat", "91"),
        ("contact_phone", "没有"),
        ("consent", ""),
    ] {
        let mut fields = report_fields("grid-01").to_vec();
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let response = visitor.send(visitor.multipart("/report", &fields, &[])).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{field} {value}");
        let page = response.text().await.unwrap();
        assert!(page.contains(&format!("id=\"error-{field}\"")), "{field} {value}");
    }
    let json = visitor
        .multipart("/report", &[("category", "corridor")], &[])
        .header(header::ACCEPT, "application/json");
    let json = visitor.send(json).await.text().await.unwrap();
    assert!(json.contains("\"description\"") && json.contains("\"consent\""), "{json}");
    let reminder_with_photo = visitor.multipart(
        "/report",
        &[("category", "jaywalking"), ("description", "x"), ("consent", "on")],
        &[("photos", "a.jpg", super::photos::jpeg(8, 8))],
    );
    let refused = visitor.send(reminder_with_photo).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(server.store.counts().revision, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_browser_without_cookie_gets_one_and_keeps_its_input() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let mut visitor = server.visitor();
    let fields = report_fields("grid-01");
    let first = visitor.send(visitor.multipart("/report", &fields, &[])).await;
    assert_eq!(first.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(first.text().await.unwrap().contains("三楼堆了旧家具"));
    assert_eq!(server.store.counts().revision, 0);
    visitor.report("grid-01", &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hidden_report_looks_like_a_missing_one() {
    let (server, mut visitor, mut worker, code) = scene().await;
    let mut stranger = server.known_visitor().await;
    let nowhere = "AAAAAAAAAAAAAAAAAAAAAA";
    let strip = |page: String, code: &str| page.replace(code, "CODE");
    let hidden = strip(page(&mut stranger, &format!("/reports/{code}")).await, &code);
    let missing = strip(page(&mut stranger, &format!("/reports/{nowhere}")).await, nowhere);
    assert_eq!(hidden, missing);
    for command in ["support", "rate", "add", "urge", "withdraw"] {
        for code in [code.as_str(), nowhere, "short"] {
            let path = format!("/reports/{code}/{command}");
            assert_eq!(stranger.post(&path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
    assert_eq!(act(&mut worker, &code, "accept", &ACCEPT).await, StatusCode::SEE_OTHER);
    let public = page(&mut stranger, &format!("/reports/{code}")).await;
    assert!(public.contains("测试小区楼道堆物"));
    for private_text in ["三楼堆了旧家具", "3号楼"] {
        assert!(!public.contains(private_text));
        assert!(!page(&mut stranger, "/reports").await.contains(private_text));
    }
    // It is visible now, but belongs to someone else.
    for command in ["urge", "withdraw"] {
        let path = format!("/reports/{code}/{command}");
        assert_eq!(stranger.post(&path, &[]).await.status(), StatusCode::FORBIDDEN, "{path}");
    }
    let nonsense = visitor.post(&format!("/reports/{code}/nonsense"), &[]).await;
    assert_eq!(nonsense.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn private_categories_are_never_public() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    let mut visitor = server.known_visitor().await;
    let fields = [
        ("category", "dispute"),
        ("description", "和邻居"),
        ("grid", "grid-01"),
        ("consent", "on"),
    ];
    let filed = visitor.send(visitor.multipart("/report", &fields, &[])).await;
    let code = location(&filed).strip_prefix("/reports/").unwrap().to_owned();
    let mut worker = server.logged_in("worker").await;
    let accept =
        [("version", "1"), ("category", "dispute"), ("grid", "grid-01"), ("summary", "调解")];
    assert_eq!(act(&mut worker, &code, "accept", &accept).await, StatusCode::SEE_OTHER);
    let mut stranger = server.known_visitor().await;
    let path = format!("/reports/{code}");
    assert_eq!(stranger.get(&path).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        stranger.post(&format!("{path}/support"), &[]).await.status(),
        StatusCode::NOT_FOUND
    );
    assert!(!page(&mut stranger, "/reports").await.contains(&code));
    assert_eq!(visitor.get(&path).await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_visitor_supports_once_and_sees_the_outcome() {
    let (server, mut visitor, mut worker, code) = scene().await;
    assert_eq!(act(&mut worker, &code, "accept", &ACCEPT).await, StatusCode::SEE_OTHER);
    let mut neighbour = server.known_visitor().await;
    let request = neighbour
        .multipart("/report/similar", &[("category", "corridor"), ("grid", "grid-01")], &[])
        .header(header::ACCEPT, "application/json");
    let similar = neighbour.send(request).await.text().await.unwrap();
    assert!(similar.contains(&code) && !similar.contains("三楼"), "{similar}");
    let mut cookieless = server.visitor();
    let objected = cookieless.post("/messages/1/object", &[]).await;
    assert_eq!(
        objected.status(),
        StatusCode::FORBIDDEN,
        "one objection per visitor needs a visitor"
    );
    for _ in 0..3 {
        let response = neighbour.post(&format!("/reports/{code}/support"), &[]).await;
        assert_eq!(location(&response), format!("/reports/{code}"));
    }
    let report = server.store.report(&Code::parse(&code).unwrap()).await.unwrap().unwrap();
    assert_eq!(report.supporters, 1);
    assert!(page(&mut neighbour, "/me").await.contains("测试小区楼道堆物"));
    let own = visitor.post(&format!("/reports/{code}/support"), &[]).await;
    assert_eq!(own.status(), StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn illegal_replayed_and_stale_steps_are_told_apart() {
    let (_server, _, mut worker, code) = scene().await;
    let early = [("version", "1"), ("text", "做好了")];
    assert_eq!(act(&mut worker, &code, "finish", &early).await, StatusCode::CONFLICT);
    assert_eq!(act(&mut worker, &code, "accept", &ACCEPT).await, StatusCode::SEE_OTHER);
    assert_eq!(act(&mut worker, &code, "accept", &ACCEPT).await, StatusCode::CONFLICT, "replayed");
    let stale = worker
        .post(&format!("/console/reports/{code}/note"), &[("version", "1"), ("text", "我来")])
        .await;
    assert_eq!(stale.status(), StatusCode::CONFLICT);
    let page = stale.text().await.unwrap();
    assert!(page.contains("已受理") && page.contains("我来"), "the change and the input are shown");
    let empty = [("version", "2"), ("text", "")];
    assert_eq!(act(&mut worker, &code, "note", &empty).await, StatusCode::UNPROCESSABLE_ENTITY);
    let none: [(&str, &str); 0] = [];
    assert_eq!(act(&mut worker, &code, "note", &none).await, StatusCode::BAD_REQUEST);
    let approve = [("version", "2"), ("result", "yes")];
    let status = act(&mut worker, &code, "approve_extension", &approve).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(act(&mut worker, &code, "nonsense", &approve).await, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_reporter_adds_what_was_asked_for() {
    let (_server, mut visitor, mut worker, code) = scene().await;
    let ask = [("version", "1"), ("text", "请问是几号楼？")];
    assert_eq!(act(&mut worker, &code, "ask", &ask).await, StatusCode::SEE_OTHER);
    let asked = page(&mut visitor, &format!("/reports/{code}")).await;
    assert!(asked.contains("请您补充") && asked.contains("请问是几号楼？"));
    let path = format!("/reports/{code}/add");
    let empty = visitor.send(visitor.multipart(&path, &[("text", " ")], &[])).await;
    assert_eq!(empty.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let photo = [("photos", "a.jpg", super::photos::jpeg(20, 10))];
    let added = visitor.send(visitor.multipart(&path, &[("text", "3号楼")], &photo)).await;
    assert_eq!(added.status(), StatusCode::SEE_OTHER);
    let after = page(&mut visitor, &format!("/reports/{code}")).await;
    assert!(after.contains("已提交，待受理") && after.contains("处理前的照片"));
    // The same form again, as after a lost answer: nothing is added.
    let photo = [("photos", "a.jpg", super::photos::jpeg(20, 10))];
    let again = visitor.send(visitor.multipart(&path, &[("text", "3号楼")], &photo)).await;
    assert_eq!(again.status(), StatusCode::SEE_OTHER);
    let once = page(&mut visitor, &format!("/reports/{code}")).await;
    assert_eq!(once.matches("3号楼").count(), after.matches("3号楼").count());
    assert_eq!(html::photo_ids(&once).len(), html::photo_ids(&after).len());
    // Also if the photo now comes as the id of a held one.
    let id = html::photo_ids(&once).remove(0);
    let held = [("text", "3号楼"), ("held", id.as_str())];
    let again = visitor.send(visitor.multipart(&path, &held, &[])).await;
    assert_eq!(again.status(), StatusCode::SEE_OTHER);
    let once = page(&mut visitor, &format!("/reports/{code}")).await;
    assert_eq!(once.matches("3号楼").count(), after.matches("3号楼").count());
    assert_eq!(
        visitor.post(&format!("/reports/{code}/urge"), &[]).await.status(),
        StatusCode::CONFLICT,
        "nothing is overdue"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn urging_needs_an_overdue_report_and_works_once_a_day() {
    let (server, mut visitor, _, code) = scene().await;
    server.database.execute("UPDATE reports SET due_at = 1, soon_at = 1").await;
    let path = format!("/reports/{code}/urge");
    assert_eq!(visitor.post(&path, &[]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(visitor.post(&path, &[]).await.status(), StatusCode::CONFLICT);
    server.database.execute("UPDATE reports SET urged_at = urged_at - 86400000").await;
    assert_eq!(visitor.post(&path, &[]).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn malformed_uploads_are_refused() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let mut visitor = server.known_visitor().await;
    let multipart = "multipart/form-data; boundary=x";
    let cases: [(&str, &[u8], StatusCode); 7] = [
        ("multipart/form-data", b"", StatusCode::BAD_REQUEST),
        (multipart, b"", StatusCode::BAD_REQUEST),
        (multipart, b"--x\r\n", StatusCode::BAD_REQUEST),
        (
            multipart,
            b"--x\r\nContent-Disposition: form-data; name=\"place\"\r\n\r\nab",
            StatusCode::BAD_REQUEST,
        ),
        (
            multipart,
            b"--x\r\nContent-Disposition: form-data\r\n\r\nab\r\n--x--\r\n",
            StatusCode::BAD_REQUEST,
        ),
        (
            multipart,
            b"--x\r\nContent-Disposition: form-data; name=\"place\"\r\n\r\n\xff\r\n--x--\r\n",
            StatusCode::BAD_REQUEST,
        ),
        (multipart, b"--x--\r\n", StatusCode::UNPROCESSABLE_ENTITY),
    ];
    for (kind, body, expected) in cases {
        let request = visitor
            .request(Method::POST, "/report")
            .header(header::CONTENT_TYPE, kind)
            .body(body.to_vec());
        let status = visitor.send(request).await.status();
        assert_eq!(status, expected, "{}", String::from_utf8_lossy(body));
    }
    let many: Vec<(&str, &str)> = vec![("x", "y"); 300];
    let status = visitor.send(visitor.multipart("/report", &many, &[])).await.status();
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(server.store.counts().revision, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_the_database_the_report_form_keeps_its_input() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let mut visitor = server.known_visitor().await;
    server.store.close().await;
    let held = "aaaaaaaaaaaaaaaaaaaaaa";
    let key = "bbbbbbbbbbbbbbbbbbbbbb";
    let fields = [&report_fields("grid-01")[..], &[("held", held), ("form_key", key)]].concat();
    let refused = visitor.post("/report", &fields).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key(reqwest::header::RETRY_AFTER));
    let page = refused.text().await.unwrap();
    for kept in ["还没有提交", "三楼堆了旧家具", "测试小区3号楼", held, key] {
        assert!(page.contains(kept), "{kept}");
    }
}

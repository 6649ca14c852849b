//! Exports: for managers only, audited, personal data only on request.

use reqwest::{StatusCode, header};

use crate::support::{
    database::{Database, Kind},
    server::Server,
};

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

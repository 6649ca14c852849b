//! Monitoring: the metrics, and the Grafana dashboard that uses them.

use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{
    database::{Database, Kind},
    process::{Process, program},
    server::Visitor,
};

const DASHBOARD: &str = include_str!("../../deploy/grafana.json");

/// All PromQL expressions of the dashboard.
fn expressions(dashboard: &Value) -> Vec<String> {
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn metrics_have_their_own_address_and_no_personal_data() {
    let database = Database::new(Kind::Sqlite).await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let mut serve = program(&database.url, database.folder.path());
    serve.arg("serve").env("CHUANGQUAN_METRICS_ADDR", &address);
    let server = Process::serve(serve);
    let mut visitor = Visitor::new(&server.url);
    assert_eq!(visitor.get("/metrics").await.status(), StatusCode::NOT_FOUND);
    visitor.get("/").await;
    visitor.sign().await;
    let code = visitor.report("grid-01", &[]).await;
    visitor.get(&format!("/reports/{code}")).await;
    let stream = visitor.get("/live").await;

    let scrape = reqwest::get(format!("http://{address}/metrics")).await.unwrap();
    let kind = scrape.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    let text = scrape.text().await.unwrap();
    for line in [
        "chuangquan_http_requests_total{method=\"POST\",path=\"/sign\",status=\"303\"} 1",
        "chuangquan_http_requests_total{method=\"GET\",path=\"/reports/{code}\",status=\"200\"} 1",
        "chuangquan_http_requests_total{method=\"GET\",path=\"other\",status=\"404\"} 1",
        "chuangquan_signatures 1",
        "chuangquan_writer_queue 0",
        "chuangquan_commit_size_count 1",
        "chuangquan_commit_seconds_count 1",
        "chuangquan_live_streams 1",
        "chuangquan_reports_overdue 0",
        "chuangquan_reports{state=\"submitted\"} 1",
        "chuangquan_photo_store_up 1",
        "chuangquan_database_up 1",
        "# EOF",
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line} is not in\n{text}");
    }
    assert!(!text.contains(&code), "no code of a report");
    drop(stream);

    // Every metric of the dashboard exists.
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    for expression in expressions(&dashboard) {
        for name in expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            let is_metric = name.starts_with("chuangquan_");
            assert!(!is_metric || text.contains(name), "{name} of the dashboard does not exist");
        }
    }

    // Without the photo folder the server is not ready, and the metrics show why.
    std::fs::remove_dir_all(database.folder.path().join("photos")).unwrap();
    assert_eq!(visitor.get("/readyz").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(visitor.get("/healthz").await.status(), StatusCode::NO_CONTENT);
    let text =
        reqwest::get(format!("http://{address}/metrics")).await.unwrap().text().await.unwrap();
    assert!(text.contains("chuangquan_photo_store_up 0\n"), "{text}");
}

//! The same action on many reports: one form of the console.

use domain::report::{Audience, Code, State};
use reqwest::StatusCode;
use rstest_reuse::apply;

use crate::support::{
    database::{Database, Kind, on_both},
    server::{Server, Visitor},
};

#[apply(on_both)]
async fn a_bulk_form_does_each_report_once_and_fifty_at_most(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    let code = server.known_visitor().await.report("grid-01", &[]).await;
    let mut worker = server.logged_in("worker").await;
    let bulk = async |worker: &mut Visitor, codes: &[String]| {
        let mut fields = vec![("action", "accept"), ("summary", "测试小区楼道堆物")];
        fields.extend(codes.iter().map(|code| ("codes", code.as_str())));
        worker.post("/console/reports/bulk", &fields).await
    };
    let two_versions = [format!("{code}:1"), format!("{code}:2")];
    assert_eq!(bulk(&mut worker, &two_versions).await.status(), StatusCode::BAD_REQUEST);
    let fifty_one: Vec<String> = (0..51).map(|n| format!("{n:A>22}:1")).collect();
    let refused = bulk(&mut worker, &fifty_one).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().await.unwrap().contains("一次最多办50件"));
    let events = "SELECT COUNT(*) FROM report_events";
    assert_eq!(server.database.number(events).await, 1, "nothing was done");

    let same = vec![format!("{code}:1"); 1_500];
    assert_eq!(bulk(&mut worker, &same).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(server.database.number(events).await, 2, "one action");
    let flood = vec!["x".to_owned(); 2_600];
    assert_eq!(bulk(&mut worker, &flood).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_bulk_action_adds_an_event_to_each_report() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    let mut visitor = server.known_visitor().await;
    let mut worker = server.logged_in("worker").await;
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(visitor.report("grid-01", &[]).await);
    }
    let foreign = visitor.report("grid-02", &[]).await;
    let bulk = async |worker: &mut Visitor, action: &str, version: u32, more: &[(&str, &str)]| {
        let items: Vec<String> = codes.iter().map(|code| format!("{code}:{version}")).collect();
        let mut fields = vec![("action", action)];
        fields.extend(items.iter().map(|item| ("codes", item.as_str())));
        fields.extend(more);
        worker.post("/console/reports/bulk", &fields).await.status()
    };
    assert_eq!(bulk(&mut worker, "dispatch", 1, &[]).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(bulk(&mut worker, "accept", 1, &[]).await, StatusCode::SEE_OTHER);
    assert_eq!(bulk(&mut worker, "accept", 1, &[]).await, StatusCode::CONFLICT, "replayed");
    assert_eq!(
        bulk(&mut worker, "dispatch", 2, &[("unit", "property")]).await,
        StatusCode::SEE_OTHER
    );
    for code in &codes {
        let report = server.store.report(&Code::parse(code).unwrap()).await.unwrap().unwrap();
        assert_eq!(report.state, State::Dispatched);
        assert_eq!(
            server.store.timeline(report.serial, None, Audience::Staff).await.unwrap().events.len(),
            3
        );
    }
    let stranger = format!("{foreign}:1");
    let fields = [("action", "accept"), ("codes", stranger.as_str())];
    let refused = worker.post("/console/reports/bulk", &fields).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    let report = server.store.report(&Code::parse(&foreign).unwrap()).await.unwrap().unwrap();
    assert_eq!(report.state, State::Submitted);
}

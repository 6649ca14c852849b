//! One visitor who sends very many: reports, additions, supports.

use reqwest::{StatusCode, header::RETRY_AFTER};
use rstest_reuse::apply;

use crate::support::{
    database::{Database, Kind, on_both},
    html,
    server::{Server, location, report_fields},
};

/// Reports, additions and supports of one visitor in a quarter of an hour.
const REPORTS: i64 = 10;
const ADDITIONS: usize = 20;
const SUPPORTS: usize = 30;

#[apply(on_both)]
async fn one_visitor_files_ten_reports_in_a_quarter_of_an_hour(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    let mut visitor = server.known_visitor().await;
    let mut last = Vec::new();
    for n in 0..REPORTS {
        let page = visitor.get("/report").await.text().await.unwrap();
        let key = html::attribute(&page, "input[name=form_key]", "value");
        let description = format!("三楼堆了旧家具{n}");
        last = report_fields("grid-01").map(|(name, value)| (name, value.to_owned())).to_vec();
        last.retain(|(name, _)| *name != "description");
        last.extend([("description", description), ("form_key", key)]);
        let fields: Vec<_> = last.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let filed = visitor.post("/report", &fields).await;
        assert_eq!(filed.status(), StatusCode::SEE_OTHER, "{n}");
    }
    let refused = visitor.post("/report", &report_fields("grid-01")).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key(RETRY_AFTER));
    let page = refused.text().await.unwrap();
    assert!(page.contains("三楼堆了旧家具") && page.contains("您填的内容都在"), "{page}");
    // The last answer was lost, and its form comes again.
    let fields: Vec<_> = last.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let again = visitor.post("/report", &fields).await;
    assert!(location(&again).starts_with("/reports/"), "{}", again.status());
    let reports = "SELECT COUNT(*) FROM reports";
    assert_eq!(server.database.number(reports).await, REPORTS);
    // A neighbour behind the same address is not concerned.
    let mut neighbour = server.known_visitor().await;
    neighbour.address.clone_from(&visitor.address);
    neighbour.report("grid-01", &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn additions_and_supports_of_one_visitor_are_limited() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let mut visitor = server.known_visitor().await;
    let code = visitor.report("grid-01", &[]).await;
    let add = format!("/reports/{code}/add");
    for n in 0..ADDITIONS {
        let added = visitor.post(&add, &[("text", &format!("补充{n}"))]).await;
        assert_eq!(added.status(), StatusCode::SEE_OTHER, "{n}");
    }
    let refused = visitor.post(&add, &[("text", "再补充一句")]).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key(RETRY_AFTER));
    assert!(refused.text().await.unwrap().contains("再补充一句"), "the text is kept");

    let mut supporter = server.known_visitor().await;
    for n in 0..=SUPPORTS {
        let mut reporter = server.known_visitor().await;
        let code = reporter.report("grid-01", &[]).await;
        server
            .database
            .execute("UPDATE reports SET state = 'accepted', accepted_at = 1, summary = '测试'")
            .await;
        let answer = supporter.post(&format!("/reports/{code}/support"), &[]).await;
        let expected =
            if n < SUPPORTS { StatusCode::SEE_OTHER } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(answer.status(), expected, "{n}");
    }
}

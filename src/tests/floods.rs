//! One visitor, or one network, that sends very many: reports, additions, supports, signatures that
//! are taken back.

use domain::report::Code;
use reqwest::{StatusCode, header::RETRY_AFTER};
use rstest_reuse::apply;

use super::casework::change_report;
use crate::support::{
    database::{Database, Kind, on_both},
    html,
    server::{Server, location, report_fields},
};

/// Reports, additions and supports of one visitor in a quarter of an hour.
const REPORTS: i64 = 10;
const ADDITIONS: usize = 20;
const SUPPORTS: usize = 30;
const WITHDRAWALS: usize = 5;

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

#[apply(on_both)]
async fn a_network_has_limits_of_its_own(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    let mut first = server.known_visitor().await;
    let code = first.report("grid-01", &[]).await;
    let add = format!("/reports/{code}/add");
    first.post(&add, &[("text", "补充")]).await;
    server.database.execute("UPDATE reports SET state = 'accepted', accepted_at = 1").await;
    let mut supporter = server.known_visitor().await;
    supporter.address.clone_from(&first.address);
    let support = format!("/reports/{code}/support");
    assert_eq!(supporter.post(&support, &[]).await.status(), StatusCode::SEE_OTHER);
    // As if others had used up what their network may send.
    server.database.execute("UPDATE tries SET n = 5000").await;
    let mut neighbour = server.known_visitor().await;
    neighbour.address.clone_from(&first.address);
    for (path, fields) in [("/report", &report_fields("grid-01")[..]), (&support, &[])] {
        let refused = neighbour.post(path, fields).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS, "{path}");
        assert!(refused.headers().contains_key(RETRY_AFTER), "{path}");
    }
    let mut elsewhere = server.known_visitor().await;
    elsewhere.report("grid-01", &[]).await;
}

#[apply(on_both)]
async fn numbers_are_not_burned_by_signing_and_taking_back(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    let mut visitor = server.known_visitor().await;
    for _ in 0..WITHDRAWALS {
        assert_eq!(visitor.sign().await.status(), StatusCode::SEE_OTHER);
        let back = visitor.post("/sign/withdraw", &[]).await;
        assert_eq!(location(&back), "/me");
        // A second press takes nothing back, and does not count.
        visitor.post("/sign/withdraw", &[]).await;
    }
    visitor.sign().await;
    for (path, fields) in [("/sign/withdraw", &[][..]), ("/me/erase", &[("confirm", "on")])] {
        let refused = visitor.post(path, fields).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS, "{path}");
        assert!(refused.headers().contains_key(RETRY_AFTER), "{path}");
    }
    let signed = "SELECT COUNT(*) FROM signatures WHERE state <> 'withdrawn'";
    assert_eq!(server.database.number(signed).await, 1);
    let mut neighbour = server.known_visitor().await;
    neighbour.address.clone_from(&visitor.address);
    neighbour.sign().await;
    assert_eq!(location(&neighbour.post("/sign/withdraw", &[]).await), "/me");
}

#[apply(on_both)]
async fn erasing_very_much_goes_on_in_the_background(#[case] kind: Kind) {
    const ERASED_AT_ONCE: i64 = 50;
    let server = Server::start(Database::new(kind).await).await;
    let mut visitor = server.known_visitor().await;
    for n in 0..ERASED_AT_ONCE + 5 {
        server.database.execute("DELETE FROM tries").await;
        let mut fields = report_fields("grid-01");
        let description = format!("堆物{n}");
        fields[1].1 = &description;
        assert!(location(&visitor.post("/report", &fields).await).starts_with("/reports/"));
    }
    visitor.post("/me/erase", &[("confirm", "on")]).await;
    let left = "SELECT COUNT(*) FROM reports WHERE visitor IS NOT NULL";
    assert_eq!(server.database.number(left).await, 5);
    assert!(!visitor.get("/me").await.text().await.unwrap().contains("堆物"));
    for _ in 0..2 {
        server.service.continue_erasures().await.unwrap();
        assert_eq!(server.database.number(left).await, 0);
    }
    assert_eq!(server.database.number("SELECT COUNT(*) FROM erasures").await, 0);
    assert_eq!(server.store.recount().await.unwrap(), []);
}

#[apply(on_both)]
async fn a_long_timeline_is_read_newest_first(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    server.add_staff("manager", "manager", &[]).await;
    let mut visitor = server.known_visitor().await;
    let code = Code::parse(&visitor.report("grid-01", &[]).await).unwrap();
    for n in 0..120 {
        change_report(&server.store, &code, |report| report.supporters = n).await;
    }
    let mut manager = server.logged_in("manager").await;
    let mut path = format!("/console/reports/{code}");
    for expected in [50, 50, 21] {
        let page = manager.get(&path).await.text().await.unwrap();
        assert_eq!(html::texts(&page, ".timeline__item").len(), expected);
        let earlier = "a[href*='before=']";
        path = html::attributes(&page, earlier, "href").pop().unwrap_or_default();
    }
    assert!(path.is_empty(), "there is nothing before the first");
    server.database.execute("UPDATE report_events SET audience = 'public'").await;
    let page = visitor.get(&format!("/reports/{code}")).await.text().await.unwrap();
    assert_eq!(html::texts(&page, ".timeline__item").len(), 50);
    let page = visitor.get(&format!("/reports/{code}?before=3")).await.text().await.unwrap();
    assert_eq!(html::texts(&page, ".timeline__item").len(), 2);
}

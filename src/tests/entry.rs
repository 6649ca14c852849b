//! What staff enter and look up at the desk: numbers that were entered before, reports alike, templates
//! and the rows of the queue.

use reqwest::StatusCode;
use rstest_reuse::apply;

use crate::{
    report::{ACCEPT, act, scene},
    support::{
        database::{Database, Kind, on_both},
        html,
        server::{Server, Visitor, report_fields},
    },
};

/// Enters a report with a number of the hotline, and perhaps other fields.
async fn enter(staff: &mut Visitor, number: &str, more: &[(&str, &str)]) -> (StatusCode, String) {
    let mut fields = report_fields("grid-01").to_vec();
    fields.retain(|(name, _)| !more.iter().any(|(other, _)| name == other));
    fields.extend([("source", "12345"), ("number", number)]);
    fields.extend(more);
    let answer = staff.send(staff.multipart("/console/new", &fields, &[])).await;
    let status = answer.status();
    (status, answer.text().await.unwrap())
}

#[apply(on_both)]
async fn a_number_that_was_entered_before_is_said_before_it_is_stored(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    server.add_staff("other", "grid-worker", &["grid-02"]).await;
    let mut worker = server.logged_in("worker").await;
    let mut other = server.logged_in("other").await;
    assert_eq!(enter(&mut worker, "沪〔2026〕0123号", &[]).await.0, StatusCode::SEE_OTHER);

    let (status, page) = enter(&mut worker, "沪[2026] 0123 号", &[]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("这个编号登记过了：2026-") && page.contains("待受理"), "{page}");
    assert_eq!(html::attributes(&page, "input[name=same_number]", "type"), ["checkbox"]);
    let elsewhere = [("grid", "grid-02")];
    let (status, page) = enter(&mut other, "沪〔2026〕0123号", &elsewhere).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("不在您负责的范围里") && !page.contains("登记过了：2026-"), "{page}");
    assert_eq!(server.store.counts().reports.received, 1);

    let again = [("same_number", "on")];
    assert_eq!(enter(&mut worker, "沪〔2026〕0123号", &again).await.0, StatusCode::SEE_OTHER);
    assert_eq!(enter(&mut worker, "沪〔2026〕0124号", &[]).await.0, StatusCode::SEE_OTHER);
    assert_eq!(server.store.counts().reports.received, 3);

    // A slip that is copied may have a link; after Back with another place, the number is said.
    let link = [("description", "见 http://a.test/1"), ("form_key", "abcdefghijklmnopqrstuw")];
    assert_eq!(enter(&mut worker, "沪〔2026〕0126号", &link).await.0, StatusCode::SEE_OTHER);
    let moved = [link[1], ("place", "另一处")];
    let (status, page) = enter(&mut worker, "沪〔2026〕0126号", &moved).await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && page.contains("登记过了"), "{page}");
    assert_eq!(server.store.counts().reports.received, 4);

    // A form that is sent twice is one report, and is not told that it was there before.
    let key = [("form_key", "abcdefghijklmnopqrstuv")];
    for _ in 0..2 {
        assert_eq!(enter(&mut worker, "沪〔2026〕0125号", &key).await.0, StatusCode::SEE_OTHER);
    }
    assert_eq!(server.store.counts().reports.received, 5);
}

#[apply(on_both)]
async fn all_open_reports_of_the_same_kind_and_grid_are_named(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    let mut worker = server.logged_in("worker").await;
    let mut visitor = server.known_visitor().await;
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(visitor.report("grid-01", &[]).await);
    }
    let elsewhere = visitor.report("grid-02", &[]).await;
    visitor.post(&format!("/reports/{}/withdraw", codes[2]), &[]).await;
    let page = worker.get(&format!("/console/reports/{}", codes[0])).await.text().await.unwrap();
    assert!(page.contains(&codes[1]), "one that nobody has accepted yet");
    assert!(!page.contains(&codes[2]) && !page.contains(&elsewhere), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_template_leaves_no_hole_and_no_time_that_has_passed() {
    let (server, _, mut worker, code) = scene().await;
    assert_eq!(act(&mut worker, &code, "accept", &ACCEPT).await, StatusCode::SEE_OTHER);
    let templates = |page: &str| html::texts(page, ".templates option").join(" ");
    let page = worker.get(&format!("/console/reports/{code}")).await.text().await.unwrap();
    assert!(templates(&page).contains("受理"), "{}", templates(&page));
    assert!(page.contains("将在") && !page.contains("{due}") && !page.contains("{unit}"));
    for none in ["promised_at = NULL, due_at = NULL", "promised_at = 1700000000000"] {
        server.database.execute(format!("UPDATE reports SET {none}").leak()).await;
        let page = worker.get(&format!("/console/reports/{code}")).await.text().await.unwrap();
        assert!(templates(&page).contains("请补充地点"), "{none}");
        assert!(!page.contains("将在"), "{none}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_row_of_the_queue_says_what_one_needs() {
    let (server, _, mut worker, code) = scene().await;
    let row = |page: &str| html::text(page, "#queue");
    let page = worker.get("/console").await.text().await.unwrap();
    assert!(row(&page).contains("提交") && !row(&page).contains("认领"), "{}", row(&page));
    let claimed = act(&mut worker, &code, "claim", &[("version", "1")]).await;
    assert_eq!(claimed, StatusCode::SEE_OTHER);
    server.database.execute("UPDATE reports SET supporters = 3, hidden = 1").await;
    let page = worker.get("/console").await.text().await.unwrap();
    for said in ["认领", "3人也遇到过", "不公开"] {
        assert!(row(&page).contains(said), "{said}: {}", row(&page));
    }
    // Where nothing is found, all states are asked the same question.
    let page = worker.get("/console?category=noise&q=%E9%9B%B6").await.text().await.unwrap();
    let all = html::attribute(&page, ".empty a", "href");
    for part in ["state=all", "category=noise", "q="] {
        assert!(all.contains(part), "{all}");
    }
}

#[apply(on_both)]
async fn after_a_deed_comes_the_next_case_of_the_list(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    let mut worker = server.logged_in("worker").await;
    let mut visitor = server.known_visitor().await;
    let mut codes = Vec::new();
    for grid in ["grid-01", "grid-02", "grid-01", "grid-01"] {
        codes.push(visitor.report(grid, &[]).await);
    }
    let mine = [&codes[0], &codes[2], &codes[3]];
    let from = "state=submitted&sort=old";
    let path = format!("/console/reports/{}?from=state%3Dsubmitted%26sort%3Dold", mine[0]);
    let page = worker.get(&path).await.text().await.unwrap();
    assert_eq!(html::attribute(&page, "#form-accept input[name=from]", "value"), from);
    let go = async |worker: &mut Visitor, code: &str, from: &str| {
        let fields = [&ACCEPT[..], &[("then", "next"), ("from", from)]].concat();
        let done = worker.post(&format!("/console/reports/{code}/accept"), &fields).await;
        assert_eq!(done.status(), StatusCode::SEE_OTHER, "{code}");
        crate::support::server::location(&done).to_owned()
    };
    // The next one, and after the last one the first that is left.
    let same = |found: &str, code: &str| {
        let (path, query) = found.split_once('?').unwrap();
        assert_eq!(path, format!("/console/reports/{code}"));
        assert!(query.contains("state%3Dsubmitted") && query.contains("sort%3Dold"), "{query}");
    };
    same(&go(&mut worker, mine[1], from).await, mine[2]);
    same(&go(&mut worker, mine[2], from).await, mine[0]);
    let end = go(&mut worker, mine[0], from).await;
    assert!(end.starts_with("/console?") && end.contains("state=submitted"), "{end}");
    // A form that was refused keeps its list, and whatever stands in `from` leads nowhere else.
    let code = visitor.report("grid-01", &[]).await;
    let refused = [("version", "1"), ("from", from), ("then", "next")];
    let answer = worker.post(&format!("/console/reports/{code}/accept"), &refused).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.unwrap();
    assert_eq!(html::attribute(&page, "#form-accept input[name=from]", "value"), from);
    let away = go(&mut worker, &code, "//elsewhere.test/?q=50%").await;
    assert!(away.starts_with("/console"), "{away}");
}

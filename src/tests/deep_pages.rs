//! Lists with many pages: each page is reached once, and costs the same however deep it is.

use domain::report::filter::{PageEnd, ReportFilter};
use reqwest::StatusCode;
use rstest_reuse::apply;

use crate::support::{
    database::{Database, Kind, on_both},
    html,
    process::{program, run},
    server::{Server, Visitor},
    sources,
};

async fn seeded(kind: Kind, reports: &str) -> Server {
    let database = Database::new(kind).await;
    let mut seed = program(&database.url, database.folder.path());
    let (code, said) = run(seed.args(["seed", "--reports", reports]));
    assert_eq!(code, Some(0), "{said}");
    Server::start(database).await
}

/// The hrefs of the reports on all pages of a list, from `first` on.
async fn walk(browser: &mut Visitor, first: &str, reports: &str) -> Vec<String> {
    let (mut found, mut next) = (Vec::new(), Some(first.to_owned()));
    while let Some(address) = next {
        let answer = browser.get(&address).await;
        assert_eq!(answer.status(), StatusCode::OK, "{address}");
        let page = answer.text().await.unwrap();
        found.extend(html::attributes(&page, reports, "href"));
        next = html::attributes(&page, "a[rel=next]", "href").into_iter().next();
    }
    // Without the way back, which differs from page to page.
    found.iter().map(|href| href.split('?').next().unwrap().to_owned()).collect()
}

fn distinct(found: &[String]) -> usize {
    found.iter().collect::<std::collections::BTreeSet<_>>().len()
}

#[apply(on_both)]
async fn every_public_report_is_on_one_page(#[case] kind: Kind) {
    const PUBLIC: &str = "state IN ('accepted', 'dispatched', 'in_progress', 'awaiting_check', \
                          'closed', 'duplicate', 'referred') AND accepted_at IS NOT NULL \
                          AND hidden = 0 AND kind <> 'private'";
    let server = seeded(kind, "900").await;
    let mut visitor = server.known_visitor().await;
    let list = "ul.report-list a[href^='/reports/']";
    for (query, condition) in [
        ("", ""),
        ("?state=closed", "AND state = 'closed'"),
        ("?grid=grid-05", "AND grid = 'grid-05'"),
        ("?category=corridor", "AND category = 'corridor'"),
        ("?grid=grid-05&category=corridor", "AND grid = 'grid-05' AND category = 'corridor'"),
        ("?state=duplicate&grid=grid-37&category=noise", "AND 1 = 0"),
        ("?state=submitted", "AND 1 = 0"),
    ] {
        let found = walk(&mut visitor, &format!("/reports{query}"), list).await;
        let sql = format!("SELECT COUNT(*) FROM reports WHERE {PUBLIC} {condition}").leak();
        let all = server.database.number(sql).await;
        assert_eq!(found.len(), usize::try_from(all).unwrap(), "{query}");
        assert_eq!(distinct(&found), found.len(), "{query}: none twice");
    }
    // An address with a page number leads to the first page, with its filters.
    let page = visitor.get("/reports?page=7&state=closed").await.text().await.unwrap();
    let first = visitor.get("/reports?state=closed").await.text().await.unwrap();
    assert_eq!(html::attributes(&page, list, "href"), html::attributes(&first, list, "href"));
}

#[apply(on_both)]
async fn a_queue_page_goes_on_where_the_last_one_ended(#[case] kind: Kind) {
    let server = seeded(kind, "900").await;
    server.add_staff("manager", "manager", &[]).await;
    server.add_staff("worker", "grid-worker", &["grid-01", "grid-02", "grid-05"]).await;
    // Many with the same limit, and some without one.
    server.database.execute("UPDATE reports SET due_at = 1700000000000 WHERE serial % 3 = 0").await;
    server.database.execute("UPDATE reports SET due_at = NULL WHERE serial % 7 = 0").await;
    let list = "#queue a[href^='/console/reports/']";
    let grids = "grid IN ('grid-01', 'grid-02', 'grid-05')";
    for (login, scope) in [("manager", "1 = 1"), ("worker", grids)] {
        let mut staff = server.logged_in(login).await;
        for (query, condition) in [
            (
                "",
                "state IN ('submitted', 'needs_info', 'accepted', 'dispatched', 'in_progress', 'awaiting_check')",
            ),
            ("?sort=new&state=all", "1 = 1"),
            ("?sort=old&state=closed", "state = 'closed'"),
        ] {
            let found = walk(&mut staff, &format!("/console{query}"), list).await;
            let sql = format!("SELECT COUNT(*) FROM reports WHERE {scope} AND {condition}").leak();
            let all = usize::try_from(server.database.number(sql).await).unwrap();
            assert_eq!(distinct(&found), all, "{login} {query}");
            // A row may have two links.
            assert_eq!(found.len() % all, 0, "{login} {query}: none twice");
        }
    }
}

#[apply(on_both)]
async fn what_no_index_holds_is_found_slice_by_slice(#[case] kind: Kind) {
    let server = seeded(kind, "900").await;
    let manager = server.add_staff("manager", "manager", &[]).await;
    let worker =
        server.add_staff("worker", "grid-worker", &["grid-01", "grid-02", "grid-05"]).await;
    let lead = server.add_staff("lead", "branch-lead", &["residential", "public-services"]).await;
    for change in [
        "due_at = 1700000000000 WHERE serial % 3 = 0 AND due_at IS NOT NULL",
        "source = '12345' WHERE serial % 5 = 0",
        "level = 1 WHERE serial % 11 = 0",
        "reopened = 1 WHERE serial % 13 = 0",
        "claimed_by = 2 WHERE serial % 17 = 0",
    ] {
        server.database.execute(format!("UPDATE reports SET {change}").leak()).await;
    }
    let grids = "grid IN ('grid-01', 'grid-02', 'grid-05')";
    let branches = "branch IN ('residential', 'public-services')";
    let now = server.service.now();
    let mut ended_early = 0;
    for (staff, scope) in [(&manager, "1 = 1"), (&worker, grids), (&lead, branches)] {
        for (states, of_states) in [
            (
                "",
                "state IN ('submitted', 'needs_info', 'accepted', 'dispatched', 'in_progress', 'awaiting_check')",
            ),
            ("state=all&", "1 = 1"),
            ("state=submitted&", "state = 'submitted'"),
            ("state=closed&", "state = 'closed'"),
        ] {
            for (residual, condition) in [
                ("source=12345", "source = '12345'"),
                ("unit=property&category=corridor", "unit = 'property' AND category = 'corridor'"),
                ("raised=1&again=1", "level > 0 AND reopened > 0"),
                ("mine=1", "claimed_by = 2"),
                ("deadline=overdue", "due_at < NOW AND closed_at IS NULL"),
                ("grid=grid-02&branch=residential", "grid = 'grid-02' AND branch = 'residential'"),
                ("grid=grid-09", "grid = 'grid-09'"),
            ] {
                if residual == "mine=1" && staff.id != 2 {
                    continue;
                }
                for sort in ["", "&sort=new", "&sort=old"] {
                    let query = format!("{states}{residual}{sort}");
                    let part = |name: &str| {
                        query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")))
                    };
                    let mut filter = ReportFilter::from_query(|name| part(name).map(str::to_owned));
                    let mut found = Vec::new();
                    loop {
                        let page = server.store.queue(staff, &filter, 20, 37, now).await.unwrap();
                        found.extend(page.0.iter().map(|report| report.serial.to_string()));
                        ended_early += usize::from(matches!(page.1, PageEnd::SearchedTo { .. }));
                        filter.after = match page.1 {
                            PageEnd::Last => break,
                            PageEnd::More(next) | PageEnd::SearchedTo { next, .. } => Some(next),
                        };
                    }
                    let sql = format!(
                        "SELECT COUNT(*) FROM reports WHERE {scope} AND {of_states} AND {condition}"
                    );
                    let sql = sql.replace("NOW", &now.to_string());
                    let all = server.database.number(sql.leak()).await;
                    let login = &staff.login;
                    assert_eq!(found.len(), usize::try_from(all).unwrap(), "{login} {query}");
                    assert_eq!(distinct(&found), found.len(), "{login} {query}: none twice");
                }
            }
        }
    }
    assert!(ended_early > 100, "{ended_early} pages ended before they were full");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_word_search_says_how_far_it_came() {
    let server = seeded(Kind::Sqlite, "8100").await;
    server.add_staff("manager", "manager", &[]).await;
    server.database.execute("UPDATE reports SET summary = 'zebra' WHERE serial = 1").await;
    let mut manager = server.logged_in("manager").await;
    let first = manager.get("/console?q=zebra&state=all").await.text().await.unwrap();
    assert!(first.contains("还没有查完") && !first.contains("没有待办"), "{first}");
    let found = walk(&mut manager, "/console?q=zebra&state=all", "#queue a").await;
    assert!(distinct(&found) == 1, "{found:?}");
    let next = html::attribute(&first, "a[rel=next]", "href");
    let last = manager.get(&next).await.text().await.unwrap();
    assert!(!last.contains("还没有查完") && !last.contains("rel=\"next\""), "{last}");
}

#[test]
fn no_statement_skips_rows_one_by_one() {
    for (file, text) in sources::library_files() {
        assert!(!text.contains("OFFSET"), "{file}: pages go on by key");
    }
}

//! Seeded data: every page works with many rows, and the counts agree.

use reqwest::StatusCode;
use rstest_reuse::apply;

use crate::support::{
    database::{Database, Kind, on_both},
    process::{program, run},
    server::Server,
};

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
            "/console?state=all&after=1_900",
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
    for path in
        ["/", "/progress", "/reports", "/reports?before=900&state=closed", "/messages", "/me"]
    {
        assert_eq!(visitor.get(path).await.status(), StatusCode::OK, "{path}");
    }
}

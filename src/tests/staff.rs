//! Login to the console: who gets in, how long sessions last, how secrets are stored.

use reqwest::{StatusCode, header};
use rstest_reuse::apply;
use service::staff::StaffUpdate;

use crate::support::{
    database::{Database, Kind, on_both},
    process::{program, run},
    server::{Server, location},
    staff::PASSWORD,
};

async fn server() -> Server {
    Server::start(Database::new(Kind::Sqlite).await).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_session_the_console_redirects_to_the_login_and_back() {
    let server = server().await;
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    let mut visitor = server.known_visitor().await;
    for path in
        ["/console", "/console?state=all", "/console/new", "/console/reports/x", "/console/check"]
    {
        let response = visitor.get(path).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{path}");
        assert!(location(&response).starts_with("/console/login?next=%2Fconsole"), "{path}");
    }
    let post = visitor.post("/console/reports/x/accept", &[]).await;
    assert_eq!(location(&post), "/console/login?next=%2Fconsole");
    for (next, to) in [
        ("/console?state=all", "/console?state=all"),
        ("https://evil.example/", "/console"),
        ("//evil.example", "/console"),
        ("/\\evil.example", "/console"),
        ("", "/console"),
    ] {
        let mut visitor = server.known_visitor().await;
        let fields = [("login", "worker"), ("password", PASSWORD), ("next", next)];
        let response = visitor.post("/console/login", &fields).await;
        assert_eq!(location(&response), to, "{next}");
    }
}

#[apply(on_both)]
async fn sessions_end(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    let worker = server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    let manager = server.add_staff("manager", "manager", &[]).await;
    let mut browser = server.logged_in("worker").await;
    assert_eq!(browser.get("/console").await.status(), StatusCode::OK);

    // A second login in the same browser replaces the first session.
    let first = browser.cookies.clone();
    let fields = [("login", "worker"), ("password", PASSWORD)];
    browser.post("/console/login", &fields).await;
    assert_ne!(first, browser.cookies);
    let mut old = browser.new_visitor();
    old.cookies = first;
    assert_eq!(old.get("/console").await.status(), StatusCode::SEE_OTHER, "rotated");

    let mut elsewhere = server.logged_in("worker").await;
    let token = |browser: &crate::support::server::Visitor| {
        browser.cookies.iter().find(|(name, _)| name == "staff").unwrap().1.clone()
    };
    let own = token(&browser);
    let new = "another long password";
    server.service.change_password(&worker, &own, (PASSWORD, new)).await.unwrap();
    assert_eq!(browser.get("/console").await.status(), StatusCode::OK);
    assert_eq!(elsewhere.get("/console").await.status(), StatusCode::SEE_OTHER);

    // A session ends when idle for 4 hours or older than 12 hours.
    server.database.execute("UPDATE sessions SET seen_at = seen_at - 4 * 3600000 - 1000").await;
    assert_eq!(browser.get("/console").await.status(), StatusCode::SEE_OTHER);
    server.database.execute("UPDATE sessions SET seen_at = seen_at + 4 * 3600000 + 1000").await;
    assert_eq!(browser.get("/console").await.status(), StatusCode::OK);
    server
        .database
        .execute("UPDATE sessions SET created_at = created_at - 12 * 3600000 - 1000")
        .await;
    assert_eq!(browser.get("/console").await.status(), StatusCode::SEE_OTHER);
    server
        .database
        .execute("UPDATE sessions SET created_at = created_at + 12 * 3600000 + 1000")
        .await;

    // Deactivating an account ends its sessions at once.
    server
        .service
        .manage_staff(
            Some(&manager),
            "worker",
            StaffUpdate::Active { active: false, cases: String::new() },
        )
        .await
        .unwrap();
    assert_eq!(browser.get("/console").await.status(), StatusCode::SEE_OTHER);
    let fields = [("login", "worker"), ("password", new)];
    let refused = browser.post("/console/login", &fields).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[apply(on_both)]
async fn a_stand_in_sees_what_the_other_sees(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    server.add_staff("away", "grid-worker", &["grid-01"]).await;
    server.add_staff("here", "grid-worker", &["grid-02"]).await;
    let manager = server.add_staff("manager", "manager", &[]).await;
    let mut visitor = server.known_visitor().await;
    let code = visitor.report("grid-01", &[]).await;
    let mut here = server.logged_in("here").await;
    let path = format!("/console/reports/{code}");
    assert_eq!(here.get(&path).await.status(), StatusCode::NOT_FOUND);
    let stand_in = StaffUpdate::StandIn { login: "here".into(), until: String::new() };
    server.service.manage_staff(Some(&manager), "away", stand_in).await.unwrap();
    assert_eq!(here.get(&path).await.status(), StatusCode::OK);
    server
        .service
        .manage_staff(
            Some(&manager),
            "away",
            StaffUpdate::StandIn { login: String::new(), until: String::new() },
        )
        .await
        .unwrap();
    assert_eq!(here.get(&path).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn wrong_passwords_reveal_nothing_and_are_limited() {
    let server = server().await;
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    let mut honest = server.logged_in("worker").await;
    let mut attacker = server.known_visitor().await;
    let mut pages = Vec::new();
    for login in ["worker", "nobody"] {
        let response = attacker
            .post("/console/login", &[("login", login), ("password", "wrong password")])
            .await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let page = response.text().await.unwrap();
        assert!(!page.contains("wrong password"), "a password is never shown again");
        pages.push(page.replace(login, "LOGIN"));
    }
    assert_eq!(pages[0], pages[1]);
    let mut last = StatusCode::OK;
    for _ in 0..12 {
        let fields = [("login", "worker"), ("password", "wrong password")];
        let response = attacker.post("/console/login", &fields).await;
        last = response.status();
        if last == StatusCode::TOO_MANY_REQUESTS {
            assert!(response.headers().contains_key(header::RETRY_AFTER));
            break;
        }
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    // A device on which the login succeeded before is exempt, and so is another visitor from the
    // same address.
    let fields = [("login", "worker"), ("password", PASSWORD)];
    assert_eq!(honest.post("/console/login", &fields).await.status(), StatusCode::SEE_OTHER);
    let mut elsewhere = server.known_visitor().await;
    assert_eq!(elsewhere.post("/console/login", &fields).await.status(), StatusCode::SEE_OTHER);
    // Guessing the old password in a session is limited too.
    let mut statuses = Vec::new();
    for _ in 0..11 {
        let fields = [("old", "wrong password"), ("new", "another long password")];
        let answer = honest.post("/console/account", &fields).await;
        statuses.push(answer.text().await.unwrap().contains("试的次数太多了"));
    }
    assert_eq!(statuses, [&[false; 10][..], &[true]].concat());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn session_cookies_are_protected_and_stored_as_hashes() {
    let server = server().await;
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    let mut visitor = server.known_visitor().await;
    let fields = [("login", "worker"), ("password", PASSWORD)];
    let response = visitor.post("/console/login", &fields).await;
    let cookies: Vec<&str> = response
        .headers()
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|c| c.to_str().unwrap())
        .collect();
    let staff = cookies.iter().find(|cookie| cookie.starts_with("staff=")).unwrap();
    assert!(staff.contains("HttpOnly") && staff.contains("SameSite=Lax"), "{staff}");
    let token = staff.trim_start_matches("staff=").split(';').next().unwrap();
    let stored = server.database.number("SELECT COUNT(*) FROM sessions").await;
    assert_eq!(stored, 1);
    for file in std::fs::read_dir(server.database.folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(path).unwrap();
            assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()));
            assert!(!bytes.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes()));
        }
    }
    let out = visitor.post("/console/logout", &[]).await;
    assert_eq!(location(&out), "/console/login");
    assert_eq!(server.database.number("SELECT COUNT(*) FROM sessions").await, 0);
}

#[apply(on_both)]
async fn the_staff_command_manages_accounts(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let folder = database.folder.path();
    let staff = |args: &[&str]| {
        let mut command = program(&database.url, folder);
        run(command.arg("staff").args(args))
    };
    let (code, text) = staff(&["add", "boss", "--name", "王测试", "--role", "manager"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("password: "), "{text}");
    let (code, text) = staff(&["add", "boss", "--name", "王测试", "--role", "manager"]);
    assert_eq!(code, Some(1), "{text}");
    let (code, text) = staff(&["add", "w", "--name", "李测试", "--role", "grid-worker"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("login:") && text.contains("grids:"), "all errors at once: {text}");
    let (code, _) = staff(&[
        "add",
        "worker",
        "--name",
        "李测试",
        "--role",
        "grid-worker",
        "--grid",
        "grid-01,grid-02",
    ]);
    assert_eq!(code, Some(0));
    let (_, list) = staff(&["list"]);
    assert!(list.contains("worker\t李测试\tgrid-worker\tactive\tgrid-01,grid-02"), "{list}");
    assert_eq!(staff(&["disable", "worker"]).0, Some(0));
    assert!(staff(&["list"]).1.contains("disabled"));
    assert_eq!(staff(&["reset-password", "boss"]).0, Some(0));
    assert_eq!(staff(&["disable", "nobody"]).0, Some(1));
}

#[apply(on_both)]
async fn invalid_logins_are_refused_like_wrong_ones(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    server.add_staff("manager", "manager", &[]).await;
    let mut visitor = server.known_visitor().await;
    let long = "a".repeat(5000);
    for login in ["\0", "王", long.as_str(), "", "a'b", "a b"] {
        let fields = [("login", login), ("password", "wrong password")];
        let status = visitor.post("/console/login", &fields).await.status();
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{login:?}");
    }
    let mut manager = server.logged_in("manager").await;
    assert_eq!(manager.get("/console?q=%00").await.status(), StatusCode::OK);
    let unknown = manager.post("/console/staff/%00/active", &[("active", "off")]).await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
}

#[apply(on_both)]
async fn a_manager_changes_the_grids_of_a_worker(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    server.add_staff("manager", "manager", &[]).await;
    let mut visitor = server.known_visitor().await;
    let code = visitor.report("grid-02", &[]).await;
    let mut worker = server.logged_in("worker").await;
    let path = format!("/console/reports/{code}");
    assert_eq!(worker.get(&path).await.status(), StatusCode::NOT_FOUND);
    let scope = [("grids", "grid-01"), ("grids", "grid-02")];
    let barred = worker.post("/console/staff/worker/scope", &scope).await;
    assert_eq!(barred.status(), StatusCode::FORBIDDEN);
    let mut manager = server.logged_in("manager").await;
    let none = manager.post("/console/staff/worker/scope", &[]).await;
    assert_eq!(none.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let changed = manager.post("/console/staff/worker/scope", &scope).await;
    assert_eq!(changed.status(), StatusCode::SEE_OTHER);
    assert_eq!(worker.get(&path).await.status(), StatusCode::OK);
}

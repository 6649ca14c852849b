//! What every answer carries, and what no other site can make a browser do: asked of every
//! route.

use reqwest::{
    Method, Response, StatusCode,
    header::{self, HeaderMap},
};
use server::routes::table;

use crate::support::{
    database::{Database, Kind, default_campaign},
    server::{GOOD, Server, Visitor},
};

/// A server that people reach by https, or not.
async fn server(public_url: &str) -> Server {
    let database = Database::new(Kind::Sqlite).await;
    Server::with(database, default_campaign(), public_url).await
}

/// A path of a row, of what is not there.
fn path_of(row: &str) -> String {
    row.replace("{slug}", "home").replace("{grid}", "grid-01").replace(['{', '}'], "")
}

fn assert_protected(response: &Response, https: bool, what: &str) {
    let headers = response.headers();
    let value = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap());
    assert_eq!(value("x-content-type-options"), "nosniff", "{what}");
    let hsts = if https { "max-age=31536000" } else { "" };
    assert_eq!(value("strict-transport-security"), hsts, "{what}");
    let kind = value("content-type");
    let is_part =
        ["text/javascript", "text/css", "application/wasm"].iter().any(|k| kind.starts_with(k));
    if is_part {
        return;
    }
    let policy = value("content-security-policy");
    for part in ["default-src", "frame-ancestors 'none'", "base-uri", "form-action"] {
        assert!(policy.contains(part), "{what}: no {part} in {policy}");
    }
    for lax in ["unsafe-inline", "'unsafe-eval'", " *;", "http:"] {
        assert!(!policy.contains(lax), "{what}: {lax} in {policy}");
    }
    assert_eq!(value("referrer-policy"), "same-origin", "{what}");
    assert!(value("permissions-policy").contains("camera=()"), "{what}");
    assert_eq!(value("cross-origin-opener-policy"), "same-origin", "{what}");
}

/// Whoever is known by a cookie is known by it to this host alone.
fn assert_locked(headers: &HeaderMap, https: bool, what: &str) -> usize {
    let set = headers.get_all(header::SET_COOKIE);
    for cookie in &set {
        let cookie = cookie.to_str().unwrap();
        let (name, flags) = cookie.split_once('=').unwrap();
        assert!(flags.contains("HttpOnly") && flags.contains("SameSite=Lax"), "{what}: {cookie}");
        assert!(flags.contains("Path=/") && !flags.contains("Domain"), "{what}: {cookie}");
        assert_eq!(flags.contains("Secure"), https, "{what}: {cookie}");
        let who = ["visitor", "staff", "device"];
        let bare = name.trim_start_matches("__Host-");
        assert!(!who.contains(&bare) || name.starts_with("__Host-") == https, "{what}: {cookie}");
    }
    set.iter().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_answer_of_every_route_is_protected() {
    for public_url in ["", "https://wenming.example.cn"] {
        let https = !public_url.is_empty();
        let server = server(public_url).await;
        server.add_staff("manager", "manager", &[]).await;
        let mut cookies = 0;
        for staff in [false, true] {
            let mut browser = match staff {
                true => server.logged_in("manager").await,
                false => server.visitor(),
            };
            for row in table() {
                for method in ["GET", "POST", "HEAD", "PUT", "OPTIONS"] {
                    let what = format!("{method} {} ({public_url})", row.path);
                    // It would end the session.
                    if staff && row.path == "/console/logout" {
                        continue;
                    }
                    let request = browser.request(method.parse().unwrap(), &path_of(row.path));
                    let answer = browser.clone().send(request).await;
                    assert_protected(&answer, https, &what);
                    cookies += assert_locked(answer.headers(), https, &what);
                }
            }
            for odd in ["/nowhere", "/a/../b", "/pkg/none.wasm", "/photos/x", "/console/none"] {
                assert_protected(&browser.get(odd).await, https, odd);
            }
            let bad = browser.request(Method::POST, "/sign").header("content-type", "text/plain");
            let large = browser.form("/sign", &[("name", "长".repeat(40_000).as_str())]);
            for (request, status) in [(bad, 400), (large, 413)] {
                let answer = browser.clone().send(request).await;
                assert_eq!(answer.status(), status);
                assert_protected(&answer, https, "a bad form");
            }
        }
        assert!(cookies > 20, "{cookies} cookies were looked at");
        // Those of staff.
        let mut visitor = server.known_visitor().await;
        let login = [("login", "manager"), ("password", crate::support::staff::PASSWORD)];
        let answer = visitor.post("/console/login", &login).await;
        assert_eq!(assert_locked(answer.headers(), https, "login"), 2);
        let answer = visitor.post("/console/logout", &[]).await;
        assert_eq!(assert_locked(answer.headers(), https, "logout"), 1);
        visitor.get("/").await;
        let signed = visitor.post("/sign", &GOOD).await;
        assert_eq!(signed.status(), StatusCode::SEE_OTHER);
        assert_locked(signed.headers(), https, "signing");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_other_site_makes_a_browser_do_anything() {
    let server = server("").await;
    server.add_staff("manager", "manager", &[]).await;
    let staff = server.logged_in("manager").await;
    let mut reporter = server.known_visitor().await;
    let code = reporter.report("grid-01", &[]).await;
    let others: [(&str, &str); 5] = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://127.0.0.1:1"),
    ];
    let mut asked = 0;
    for row in table().iter().filter(|row| row.method == "POST") {
        let path = row.path.replace("{code}", &code);
        for browser in [&staff, &reporter] {
            for (name, value) in others {
                for request in [browser.form(&path, &GOOD), browser.multipart(&path, &GOOD, &[])] {
                    let answer = browser.clone().send(request.header(name, value)).await;
                    assert_eq!(
                        answer.status(),
                        StatusCode::FORBIDDEN,
                        "{path} with {name}: {value}"
                    );
                    asked += 1;
                }
            }
        }
        // Nor by a method that is none of ours.
        for method in ["PUT", "PATCH", "DELETE"] {
            let request = staff.request(method.parse().unwrap(), &path);
            let answer = staff.clone().send(request.header("sec-fetch-site", "cross-site")).await;
            assert!(answer.status().is_client_error(), "{method} {path}");
        }
    }
    assert!(asked > 400, "{asked}");
    let reports = "SELECT COUNT(*) FROM reports";
    assert_eq!(server.database.number(reports).await, 1);
    assert_eq!(server.service.counts().signatures, 0);
}

/// A browser that has been sent elsewhere and back is still who it was, and a login makes
/// another session of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sessions_begin_anew_and_end_everywhere() {
    let server = server("").await;
    server.add_staff("manager", "manager", &[]).await;
    let token = |browser: &Visitor| {
        browser.cookies.iter().find(|(name, _)| name == "staff").unwrap().1.clone()
    };
    let mut browser = server.logged_in("manager").await;
    let first = browser.clone();
    let login = [("login", "manager"), ("password", crate::support::staff::PASSWORD)];
    browser.post("/console/login", &login).await;
    assert_ne!(token(&browser), token(&first), "rotated at login");
    assert_eq!(first.clone().get("/console").await.status(), StatusCode::SEE_OTHER);
    let mut phone = server.logged_in("manager").await;
    assert_eq!(phone.get("/console").await.status(), StatusCode::OK);
    // Out here, or everywhere.
    let old = browser.clone();
    assert_eq!(browser.post("/console/logout", &[]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(old.clone().get("/console").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(phone.get("/console").await.status(), StatusCode::OK);
    let mut pc = server.logged_in("manager").await;
    let everywhere = [("everywhere", "on")];
    assert_eq!(pc.post("/console/logout", &everywhere).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(phone.get("/console").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(server.database.number("SELECT COUNT(*) FROM sessions").await, 0);
}

//! Security headers, cookies and cross-site protection, checked on every route.

use reqwest::{
    Method, Response, StatusCode,
    header::{self, HeaderMap},
};
use server::routes::table;

use crate::support::{
    database::{Database, Kind, default_campaign},
    server::{Server, VALID_SIGNATURE, Visitor},
};

/// A server with the public URL `public_url`; empty: without https.
async fn server(public_url: &str) -> Server {
    let database = Database::new(Kind::Sqlite).await;
    Server::with_campaign(database, default_campaign(), public_url).await
}

/// A concrete path of a route; records with such ids do not exist.
fn example_path(row: &str) -> String {
    row.replace("{slug}", "home").replace("{grid}", "grid-01").replace(['{', '}'], "")
}

fn assert_protected(response: &Response, https: bool, what: &str) {
    let headers = response.headers();
    let value = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap());
    assert_eq!(value("x-content-type-options"), "nosniff", "{what}");
    let hsts = if https { "max-age=31536000" } else { "" };
    assert_eq!(value("strict-transport-security"), hsts, "{what}");
    let kind = value("content-type");
    let is_subresource =
        ["text/javascript", "text/css", "application/wasm"].iter().any(|k| kind.starts_with(k));
    if is_subresource {
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

/// Checks the cookies of a response: HttpOnly, SameSite=Lax, host-only; returns how many.
fn assert_cookies_protected(headers: &HeaderMap, https: bool, what: &str) -> usize {
    let cookies = headers.get_all(header::SET_COOKIE);
    for cookie in &cookies {
        let cookie = cookie.to_str().unwrap();
        let (name, flags) = cookie.split_once('=').unwrap();
        assert!(flags.contains("HttpOnly") && flags.contains("SameSite=Lax"), "{what}: {cookie}");
        assert!(flags.contains("Path=/") && !flags.contains("Domain"), "{what}: {cookie}");
        assert_eq!(flags.contains("Secure"), https, "{what}: {cookie}");
        let identity = ["visitor", "staff", "device"];
        let bare = name.trim_start_matches("__Host-");
        assert!(
            !identity.contains(&bare) || name.starts_with("__Host-") == https,
            "{what}: {cookie}"
        );
    }
    cookies.iter().count()
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
                    // Logging out would end the session for the next rows.
                    if staff && row.path == "/console/logout" {
                        continue;
                    }
                    let request = browser.request(method.parse().unwrap(), &example_path(row.path));
                    let answer = browser.clone().send(request).await;
                    assert_protected(&answer, https, &what);
                    cookies += assert_cookies_protected(answer.headers(), https, &what);
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
        assert!(cookies > 20, "{cookies} cookies were checked");
        // Staff cookies.
        let mut visitor = server.known_visitor().await;
        let login = [("login", "manager"), ("password", crate::support::staff::PASSWORD)];
        let answer = visitor.post("/console/login", &login).await;
        assert_eq!(assert_cookies_protected(answer.headers(), https, "login"), 2);
        let answer = visitor.post("/console/logout", &[]).await;
        assert_eq!(assert_cookies_protected(answer.headers(), https, "logout"), 1);
        visitor.get("/").await;
        let signed = visitor.post("/sign", &VALID_SIGNATURE).await;
        assert_eq!(signed.status(), StatusCode::SEE_OTHER);
        assert_cookies_protected(signed.headers(), https, "signing");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cross_site_posts_are_refused() {
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
                for request in [
                    browser.form(&path, &VALID_SIGNATURE),
                    browser.multipart(&path, &VALID_SIGNATURE, &[]),
                ] {
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
        // Methods that no route has are refused too.
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

/// A login replaces the session of this browser; logout ends one session or all of the account.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn login_rotates_the_session_and_logout_can_end_all() {
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
    // Log out here, or everywhere.
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

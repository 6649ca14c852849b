//! Error responses (404, 405): an HTML page for people, JSON for programs.

use reqwest::{Method, StatusCode, header};

use crate::support::{
    database::{Database, Kind},
    server::{Server, raw_status},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn unknown_addresses_and_wrong_methods() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let mut visitor = server.visitor();
    let cases = [
        (Method::GET, "/nowhere", StatusCode::NOT_FOUND),
        (Method::GET, "/pledges/nothing", StatusCode::NOT_FOUND),
        (Method::GET, "/pledges", StatusCode::NOT_FOUND),
        (Method::GET, "/pkg/none.wasm", StatusCode::NOT_FOUND),
        (Method::GET, "/../Cargo.toml", StatusCode::NOT_FOUND),
        (Method::GET, "/%2e%2e/Cargo.toml", StatusCode::NOT_FOUND),
        (Method::GET, "/..%2fCargo.toml", StatusCode::NOT_FOUND),
        (Method::GET, "/sign/withdraw", StatusCode::METHOD_NOT_ALLOWED),
        (Method::POST, "/", StatusCode::METHOD_NOT_ALLOWED),
        (Method::POST, "/nowhere", StatusCode::NOT_FOUND),
        (Method::POST, "/me", StatusCode::METHOD_NOT_ALLOWED),
        (Method::DELETE, "/sign", StatusCode::METHOD_NOT_ALLOWED),
        (Method::PUT, "/counts.json", StatusCode::METHOD_NOT_ALLOWED),
        (Method::POST, "/live", StatusCode::METHOD_NOT_ALLOWED),
    ];
    for (method, path, expected) in cases {
        let response = visitor.send(visitor.request(method.clone(), path)).await;
        assert_eq!(response.status(), expected, "{method} {path}");
        if expected == StatusCode::METHOD_NOT_ALLOWED {
            assert!(response.headers().contains_key(header::ALLOW), "{method} {path}");
        }
        let page = response.text().await.unwrap();
        assert!(page.contains("<h1>") && page.contains("回首页"), "{method} {path}: {page}");

        let request =
            visitor.request(method.clone(), path).header(header::ACCEPT, "application/json");
        let response = visitor.send(request).await;
        assert_eq!(response.status(), expected, "{method} {path} as JSON");
        let json: serde_json::Value =
            serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(json["status"], expected.as_u16());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn odd_queries_and_headers_do_no_harm() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let mut visitor = server.known_visitor().await;
    let long = format!("/sign?grid={}", "9".repeat(3000));
    for path in [
        "/?%ff",
        "/sign?grid=%ff%fe",
        "/sign?grid=%00",
        "/sign?grid[]=1",
        "/sign?&&&=",
        long.as_str(),
        "/pledges/home?slug=traffic",
        "//",
        "/%00",
        "/pledges/%ff",
    ] {
        let status = visitor.get(path).await.status();
        assert!(status.as_u16() < 500, "{path}: {status}");
    }
    for (name, value) in [
        ("accept", "\u{e4}"),
        ("cookie", "visitor=\u{ff}; grid=\u{ff}"),
        ("accept-language", "*;q=x"),
        ("if-none-match", "W/\"x\", \"1"),
        ("range", "bytes=9-1"),
        ("accept-encoding", "zz"),
    ] {
        for path in ["/", "/counts.json", "/icon.svg", "/nowhere"] {
            let header = reqwest::header::HeaderValue::from_bytes(value.as_bytes()).unwrap();
            let request = visitor.new_visitor().request(Method::GET, path).header(name, header);
            let status = visitor.send(request).await.status();
            assert!(status.as_u16() < 500, "{name}: {value} on {path}: {status}");
        }
    }
}

/// Leptos parses paths as URLs, axum does not. A path that axum takes for a pledge, whose page is
/// cached, must not be a personal page in Leptos.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_path_is_the_same_page_for_both_routers() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    for path in [
        "/pledges/..\\me",
        "/pledges/.",
        "/pledges/..",
        "/pledges/%2e%2e",
        "/pledges/%2E",
        "/pledges/home%5c..",
    ] {
        assert_eq!(raw_status(&server.url, format!("GET {path}").as_bytes()).await, 404, "{path}");
    }
    assert_eq!(raw_status(&server.url, b"GET /pledges/home").await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn overlong_names_and_targets_without_path() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let long = "a".repeat(256);
    for (head, expected) in [
        (format!("GET /{long}"), 404),
        (format!("GET /{}", &long[..254]), 404),
        ("HEAD /%00".into(), 404),
        ("GET /%00".into(), 404),
        ("CONNECT a:80".into(), 405),
        ("OPTIONS *".into(), 405),
    ] {
        let status = raw_status(&server.url, head.as_bytes()).await;
        assert!(status == expected || status == 404, "{head}: {status}");
    }
}

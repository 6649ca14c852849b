//! Every public page: status, markup, cache and security headers, language.

use domain::campaign::Icon;
use reqwest::{Method, StatusCode, header};

use crate::support::{
    database::{Database, Kind, default_campaign},
    html,
    server::Server,
};

const PAGES: [&str; 10] = [
    "/",
    "/pledges/home",
    "/pledges/traffic",
    "/pledges/public-places",
    "/pledges/neighbours",
    "/sign",
    "/me",
    "/progress",
    "/privacy",
    "/report",
];

async fn server() -> Server {
    Server::start(Database::new(Kind::Sqlite).await).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_page_is_complete_private_and_protected() {
    let server = server().await;
    for path in PAGES {
        let response = server.visitor().get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let headers = response.headers().clone();
        let cache_control = if path == "/me" { "no-store" } else { "private, no-cache" };
        assert_eq!(headers[header::CACHE_CONTROL], cache_control, "{path}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers[header::REFERRER_POLICY], "same-origin");
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"));
        let cookie = headers[header::SET_COOKIE].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        let page = response.text().await.unwrap();
        assert!(page.ends_with("</html>"), "{path}");
        let title = html::text(&page, "title");
        let length = title.chars().count();
        assert!((1..=10).contains(&length), "{path}: WeChat shows ten characters of {title}");
        assert!(!page.contains("style=\""), "{path}: the CSP forbids style attributes");
        assert_eq!(page.matches("<script").count(), 1, "{path}: the CSP allows one inline script");
        assert_eq!(page.matches("<h1").count(), 1, "{path}");
        assert!(page.contains("id=\"main\""), "{path}: the skip link needs its target");
        assert!(page.contains("本页面不替代110、119、120及12345，不作为行政处罚依据"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_appeal_is_shown_verbatim() {
    let page = server().await.visitor().get("/").await.text().await.unwrap();
    let campaign = default_campaign();
    let appeal = &campaign.appeal;
    let mut position = 0;
    let pledges = campaign.pledges.iter().flat_map(|pledge| [&pledge.title, &pledge.text]);
    let article = page.find("倡议书").unwrap();
    let page = &page[article..];
    for text in [&appeal.salutation, &appeal.preamble].into_iter().chain(pledges).chain([
        &appeal.closing,
        &appeal.cheer,
        &appeal.signed,
        &appeal.dated,
    ]) {
        let found = page[position..].find(text.as_str()).unwrap_or_else(|| panic!("{text}"));
        position += found + text.len();
    }
    assert_eq!(
        campaign.pledges.iter().map(|pledge| pledge.icon).collect::<Vec<_>>(),
        [Icon::Home, Icon::Traffic, Icon::PublicPlaces, Icon::Neighbours,]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn head_answers_as_get_without_a_body() {
    let server = server().await;
    for path in PAGES.into_iter().chain(["/counts.json", "/icon.svg"]) {
        let mut visitor = server.visitor();
        let response = visitor.send(visitor.request(Method::HEAD, path)).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert!(response.bytes().await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn files_set_no_cookie() {
    let server = server().await;
    for path in ["/icon.svg", "/counts.json", "/healthz", "/readyz", "/robots.txt"] {
        let response = server.visitor().get(path).await;
        assert!(response.status().is_success(), "{path}");
        assert!(!response.headers().contains_key(header::SET_COOKIE), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_https_the_cookie_is_locked_to_the_host() {
    let database = Database::new(Kind::Sqlite).await;
    let server =
        Server::with_campaign(database, default_campaign(), "https://wenming.example.cn").await;
    let response = server.visitor().get("/").await;
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-visitor=") && cookie.contains("Secure"), "{cookie}");
    assert!(cookie.contains("Path=/") && !cookie.contains("Domain"), "{cookie}");
    assert!(response.headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
}

/// Language of a page.
fn language_of(page: &str) -> String {
    html::attribute(page, "html", "lang")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_page_is_in_the_language_that_was_chosen_or_else_asked_for() {
    let database = Database::new(Kind::Sqlite).await;
    let server =
        Server::with_campaign(database, default_campaign(), "https://wenming.example").await;
    let mut visitor = server.visitor();
    // `/` twice: rendered pages are cached.
    for path in ["/", "/", "/privacy", "/sign"] {
        for (asked, expected) in [("", "zh-CN"), ("en-US,en;q=0.9,zh;q=0.8", "en"), ("fr", "zh-CN")]
        {
            let request = visitor.request(Method::GET, path);
            let request = request.header(header::ACCEPT_LANGUAGE, asked);
            let page = visitor.send(request).await.text().await.unwrap();
            assert_eq!(language_of(&page), expected, "{path} {asked}");
            for alternate in ["hreflang=\"zh-CN\"", "hreflang=\"en\""] {
                assert!(page.contains(alternate), "{path} {asked}: {alternate}");
            }
            assert!(page.contains(&format!("href=\"https://wenming.example{path}?lang=en\"")));
        }
    }
    let asked = visitor.get("/sign?grid=grid-04&lang=zh-CN").await.text().await.unwrap();
    assert!(asked.contains("href=\"/sign?lang=en&amp;grid=grid-04\""), "the query is kept");
    let chosen = visitor.get("/progress?lang=en").await;
    assert_eq!(language_of(&chosen.text().await.unwrap()), "en");
    let request = visitor.request(Method::GET, "/").header(header::ACCEPT_LANGUAGE, "zh-CN");
    assert_eq!(
        language_of(&visitor.send(request).await.text().await.unwrap()),
        "en",
        "the choice is remembered"
    );
    let missing = visitor.get("/nowhere").await.text().await.unwrap();
    assert!(missing.contains("This page was not found"), "{missing}");
    for path in ["/screen", "/console/login"] {
        let page = visitor.get(path).await.text().await.unwrap();
        assert_eq!(language_of(&page), "zh-CN", "{path}: staff and the lobby read Chinese");
    }
    let back = visitor.get("/?lang=zh-Hans").await.text().await.unwrap();
    assert_eq!(language_of(&back), "zh-CN");
    let odd = visitor.get("/?lang=xx").await.text().await.unwrap();
    assert_eq!(language_of(&odd), "zh-CN", "an unknown language changes nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn json_errors_are_in_the_requested_language() {
    let server = server().await;
    let mut visitor = server.known_visitor().await;
    for (language, sentence) in [("en", "Please enter your name"), ("zh", "请填写您的姓名")]
    {
        let request = visitor
            .form("/sign", &[("name", "")])
            .header(header::ACCEPT, "application/json")
            .header(header::ACCEPT_LANGUAGE, language);
        let answer = visitor.send(request).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let text = answer.text().await.unwrap();
        assert!(text.contains(sentence), "{text}");
    }
}

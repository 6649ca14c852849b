//! Signing over HTTP: what is accepted and what is refused; a refused form stores nothing.

use domain::slug::Slug;
use reqwest::{Method, StatusCode, header};
use rstest_reuse::apply;

use crate::support::{
    database::{Database, Kind, on_both},
    server::{Server, VALID_SIGNATURE, location, urlencoded},
};

#[apply(on_both)]
async fn signs_and_withdraws(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    let mut visitor = server.known_visitor().await;
    assert_eq!(location(&visitor.get("/signed").await), "/sign");
    let signed = visitor.sign().await;
    assert_eq!(signed.status(), StatusCode::SEE_OTHER);
    assert_eq!(location(&signed), "/signed");
    let page = visitor.get("/signed").await.text().await.unwrap();
    assert!(page.contains("王测试"));
    assert_eq!(server.store.counts().signatures, 1);

    let again = visitor
        .post("/sign", &[("name", "王测试"), ("pledges", "traffic"), ("consent", "on")])
        .await;
    assert_eq!((again.status(), location(&again)), (StatusCode::SEE_OTHER, "/signed"));
    assert_eq!(server.store.counts().pledges[&Slug::parse("traffic").unwrap()], 0, "unchanged");
    assert_eq!(location(&visitor.get("/sign").await), "/signed");

    let withdrawn = visitor.post("/sign/withdraw", &[]).await;
    assert_eq!((withdrawn.status(), location(&withdrawn)), (StatusCode::SEE_OTHER, "/me"));
    assert_eq!(server.store.counts().signatures, 0);
    let twice = visitor.post("/sign/withdraw", &[]).await;
    assert_eq!(twice.status(), StatusCode::SEE_OTHER);
    assert!(!visitor.get("/me").await.text().await.unwrap().contains("王测试"));

    visitor.sign().await;
    let first = visitor.cookies.clone();
    let next = visitor.post("/sign/next", &[]).await;
    assert_eq!((next.status(), location(&next)), (StatusCode::SEE_OTHER, "/sign"));
    assert_ne!(visitor.cookies, first);
    assert_eq!(visitor.sign().await.status(), StatusCode::SEE_OTHER);
    assert_eq!(server.store.counts().signatures, 2);
}

#[apply(on_both)]
async fn parallel_signs_of_one_visitor_are_one(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    let visitor = server.known_visitor().await;
    let signs: Vec<_> = (0..200)
        .map(|_| {
            let mut visitor = visitor.clone();
            tokio::spawn(async move { visitor.sign().await.status() })
        })
        .collect();
    for sign in signs {
        assert_eq!(sign.await.unwrap(), StatusCode::SEE_OTHER);
    }
    assert_eq!(server.database.number("SELECT COUNT(*) FROM signatures").await, 1);
}

#[apply(on_both)]
async fn invalid_fields_get_an_error_and_nothing_is_stored(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    let (name, pledge, consent) = (("name", "王测试"), ("pledges", "home"), ("consent", "on"));
    let long_name = "王".repeat(41);
    let long_message = "好".repeat(61);
    let cases: Vec<(Vec<(&str, &str)>, &str)> = vec![
        (vec![pledge, consent], "name"),
        (vec![("name", ""), pledge, consent], "name"),
        (vec![("name", " \u{3000} "), pledge, consent], "name"),
        (vec![("name", &long_name), pledge, consent], "name"),
        (vec![("name", "王\0测"), pledge, consent], "name"),
        (vec![("name", "=1+1"), pledge, consent], "name"),
        (vec![("name", "加 www.x"), pledge, consent], "name"),
        (vec![name, consent], "pledges"),
        (vec![name, ("pledges", "nothing"), consent], "pledges"),
        (vec![name, pledge, ("pledges", "nothing"), consent], "pledges"),
        (vec![name, pledge, ("grid", "nowhere"), consent], "grid"),
        (vec![name, pledge, ("grid", "unspecified"), consent], "grid"),
        (vec![name, pledge], "consent"),
        (vec![name, pledge, ("consent", "yes")], "consent"),
        (vec![name, pledge, consent, ("message", &long_message)], "message"),
        (vec![name, pledge, consent, ("message", "好\u{1B}")], "message"),
    ];
    let mut visitor = server.known_visitor().await;
    for (fields, field) in cases {
        let response = visitor.post("/sign", &fields).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        let page = response.text().await.unwrap();
        assert!(page.contains(&format!("id=\"error-{field}\"")), "{fields:?}: {page}");
        assert!(page.contains("aria-invalid=\"true\""), "{fields:?}");
        if let Some((_, typed)) =
            fields.iter().find(|(name, typed)| *name == "name" && typed.len() == 9)
        {
            assert!(
                page.contains(&format!("value=\"{typed}\"")),
                "{fields:?}: what was typed is kept"
            );
        }

        let request = visitor.form("/sign", &fields).header(header::ACCEPT, "application/json");
        let response = visitor.send(request).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let json: serde_json::Value =
            serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert!(json["errors"][field].is_string(), "{fields:?}: {json}");
    }
    assert_eq!(server.database.number("SELECT COUNT(*) FROM signatures").await, 0);
    assert_eq!(server.store.counts().revision, 0);
}

#[apply(on_both)]
async fn without_the_database_signing_is_refused(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    let mut visitor = server.known_visitor().await;
    server.store.close().await;
    let response = visitor.sign().await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key(header::RETRY_AFTER));
    assert!(response.text().await.unwrap().contains("系统正忙"));
    for path in ["/signed", "/me", "/sign", "/progress", "/readyz"] {
        let response = visitor.get(path).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
    }
    assert_eq!(
        visitor.get("/").await.status(),
        StatusCode::OK,
        "pages without database still work"
    );
    assert_eq!(visitor.get("/healthz").await.status(), StatusCode::NO_CONTENT);
}

#[apply(on_both)]
async fn an_internal_error_is_shown_and_nothing_is_stored(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    let mut visitor = server.known_visitor().await;
    server.database.execute("DELETE FROM counters WHERE kind = 'grid'").await;
    let response = visitor.sign().await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let page = response.text().await.unwrap();
    assert!(page.contains("出了一点问题") && !page.contains("counters"), "{page}");
    assert_eq!(server.database.number("SELECT COUNT(*) FROM signatures").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_a_cookie_the_form_comes_back_filled_in() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let mut visitor = server.visitor();
    let response = visitor.sign().await;
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(visitor.cookies.iter().any(|(name, _)| name == "visitor"), "the cookie is set");
    let page = response.text().await.unwrap();
    assert!(page.contains("value=\"王测试\"") && page.contains("请再按一次"), "{page}");
    assert_eq!(server.store.counts().revision, 0);
    assert_eq!(visitor.sign().await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_forged_or_expired_cookie_is_a_new_visitor() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let mut signer = server.known_visitor().await;
    signer.sign().await;
    let (_, value) = signer.cookies.iter().find(|(name, _)| name == "visitor").unwrap().clone();
    // Cookie value: signature in base64, which ends with `=`, then id and time.
    let (_, payload) = value.split_once("%3D").unwrap();
    for forged in
        [payload.to_owned(), format!("{}A", &value[..value.len() - 1]), "x".into(), "%FF".into()]
    {
        let mut visitor = server.visitor();
        visitor.cookies.push(("visitor".into(), forged.clone()));
        assert_eq!(location(&visitor.get("/signed").await), "/sign", "{forged}");
        assert!(visitor.cookies.iter().all(|(_, value)| *value != forged), "a new cookie is set");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn malformed_and_oversized_bodies_are_refused() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let mut visitor = server.known_visitor().await;
    let form = "application/x-www-form-urlencoded";
    let good = urlencoded(&VALID_SIGNATURE);
    let too_large = format!("{good}&message={}", "a".repeat(70_000));
    let cases: Vec<(&str, Vec<u8>, StatusCode)> = vec![
        (form, b"name=%ff&pledges=home&consent=on".to_vec(), StatusCode::BAD_REQUEST),
        (form, b"name=\xff\xfe&pledges=home&consent=on".to_vec(), StatusCode::BAD_REQUEST),
        (form, b"name=%E7%8E&pledges=home&consent=on".to_vec(), StatusCode::BAD_REQUEST),
        (form, b"name=%zz".to_vec(), StatusCode::BAD_REQUEST),
        ("application/json", b"{}".to_vec(), StatusCode::BAD_REQUEST),
        ("text/plain", good.clone().into_bytes(), StatusCode::BAD_REQUEST),
        (form, too_large.into_bytes(), StatusCode::PAYLOAD_TOO_LARGE),
        (form, Vec::new(), StatusCode::UNPROCESSABLE_ENTITY),
    ];
    for (kind, body, expected) in cases {
        let what = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let request =
            visitor.request(Method::POST, "/sign").header(header::CONTENT_TYPE, kind).body(body);
        let response = visitor.send(request).await;
        assert_eq!(response.status(), expected, "{kind} {what}");
        assert!(response.text().await.unwrap().contains("</html>"), "an HTML page");
    }
    assert_eq!(server.store.counts().revision, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn posts_from_other_sites_are_refused() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let mut visitor = server.known_visitor().await;
    let host = server.url.trim_start_matches("http://").to_owned();
    for (name, value, expected) in [
        ("sec-fetch-site", "cross-site".to_owned(), StatusCode::FORBIDDEN),
        ("sec-fetch-site", "same-site".to_owned(), StatusCode::FORBIDDEN),
        ("origin", "https://evil.example".to_owned(), StatusCode::FORBIDDEN),
        ("origin", "null".to_owned(), StatusCode::FORBIDDEN),
        ("sec-fetch-site", "same-origin".to_owned(), StatusCode::SEE_OTHER),
        ("origin", format!("http://{host}"), StatusCode::SEE_OTHER),
    ] {
        let request = visitor.form("/sign", &VALID_SIGNATURE).header(name, &value);
        assert_eq!(visitor.send(request).await.status(), expected, "{name}: {value}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_poster_is_remembered() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let mut visitor = server.visitor();
    let scanned = visitor.get("/g/grid-07").await;
    assert_eq!((scanned.status(), location(&scanned)), (StatusCode::SEE_OTHER, "/"));
    let page = visitor.get("/sign").await.text().await.unwrap();
    assert!(page.contains("<option value=\"grid-07\" selected"), "{page}");
    for path in ["/g/nowhere", "/g/unspecified", "/g/%FF", "/g/"] {
        let status = visitor.get(path).await.status();
        assert!(
            [StatusCode::NOT_FOUND, StatusCode::BAD_REQUEST].contains(&status),
            "{path}: {status}"
        );
    }
}

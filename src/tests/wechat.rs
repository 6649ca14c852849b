//! WeChat: JS-SDK configuration and login, against a fake WeChat API as documented.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::{
    Json, Router,
    extract::{Query, State},
    routing::{get, post},
};
use reqwest::{Method, StatusCode, header};
use rstest_reuse::apply;
use serde_json::{Value, json};
use server::config::{Switch, WeChatSettings};
use sha1::{Digest, Sha1};

use crate::support::{
    database::{Database, Kind, on_both},
    process::{Process, program},
    server::{Server, Visitor, location},
};

const TICKET: &str = "ticket-of-a-test";

/// Fake WeChat API: counts calls and answers with an error while `broken` is not 0.
#[derive(Clone, Default)]
struct FakeApi {
    tokens: Arc<AtomicU32>,
    tickets: Arc<AtomicU32>,
    broken: Arc<AtomicU32>,
    codes: Arc<Mutex<BTreeSet<String>>>,
}

async fn token(State(api): State<FakeApi>, body: String) -> Json<Value> {
    api.tokens.fetch_add(1, Ordering::SeqCst);
    let asked: Value = serde_json::from_str(&body).unwrap();
    let right = json!({ "grant_type": "client_credential", "appid": "wxtest", "secret": "secret" });
    if api.broken.load(Ordering::SeqCst) > 0 {
        return Json(json!({ "errcode": -1, "errmsg": "system error" }));
    }
    if asked != right {
        return Json(json!({ "errcode": 40125, "errmsg": "invalid appsecret" }));
    }
    Json(json!({ "access_token": "token", "expires_in": 7200 }))
}

async fn ticket(
    State(api): State<FakeApi>,
    Query(query): Query<std::collections::BTreeMap<String, String>>,
) -> Json<Value> {
    api.tickets.fetch_add(1, Ordering::SeqCst);
    assert_eq!(query["type"], "jsapi");
    if query["access_token"] != "token" {
        return Json(json!({ "errcode": 40001, "errmsg": "invalid credential" }));
    }
    Json(json!({ "errcode": 0, "errmsg": "ok", "ticket": TICKET, "expires_in": 7200 }))
}

/// OAuth codes have the form `account-number`, and each works once.
async fn account(
    State(api): State<FakeApi>,
    Query(query): Query<std::collections::BTreeMap<String, String>>,
) -> Json<Value> {
    assert_eq!((query["appid"].as_str(), query["secret"].as_str()), ("wxtest", "secret"));
    assert_eq!(query["grant_type"], "authorization_code");
    let code = query["code"].clone();
    if api.broken.load(Ordering::SeqCst) > 0 {
        return Json(json!({ "errcode": -1, "errmsg": "system error" }));
    }
    if !api.codes.lock().unwrap().insert(code.clone()) {
        return Json(json!({ "errcode": 40163, "errmsg": "code been used" }));
    }
    let Some((account, _)) = code.split_once('-') else {
        return Json(json!({ "errcode": 40029, "errmsg": "invalid code" }));
    };
    Json(json!({
        "access_token": "not for us", "expires_in": 7200, "refresh_token": "not for us",
        "openid": account, "scope": "snsapi_base",
    }))
}

async fn start_api() -> (FakeApi, String) {
    let api = FakeApi::default();
    let app = Router::new()
        .route("/cgi-bin/stable_token", post(token))
        .route("/cgi-bin/ticket/getticket", get(ticket))
        .route("/sns/oauth2/access_token", get(account))
        .with_state(api.clone());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (api, format!("http://{address}"))
}

const ORIGIN: &str = "https://wenming.example";

/// A server with an app id, and the fake API it uses.
async fn with_wechat(database: Database, wechat_identity: Switch) -> (FakeApi, Server) {
    let (api, wechat_api) = start_api().await;
    let secret = database.folder.path().join("wechat-secret");
    std::fs::write(&secret, "secret\n").unwrap();
    let settings = WeChatSettings {
        wechat_app_id: Some("wxtest".into()),
        wechat_secret_file: Some(secret),
        wechat_api,
        wechat_verify_file: None,
        wechat_identity: wechat_identity.into(),
        wechat_authorize: AUTHORIZE.into(),
    };
    (api, Server::with_wechat(database, ORIGIN, &settings).await)
}

#[apply(on_both)]
async fn a_ticket_is_fetched_once_and_renewed_before_it_expires(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let (api, server) = with_wechat(database, Switch::Off).await;
    let mut visitor = server.visitor();
    let path = format!("/wechat/config?url={ORIGIN}/sign%3Fgrid%3Dgrid-01%23top");
    for _ in 0..3 {
        let answer = visitor.get(&path).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let config: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        let (nonce, time) = (config["nonceStr"].as_str().unwrap(), &config["timestamp"]);
        let text = format!(
            "jsapi_ticket={TICKET}&noncestr={nonce}&timestamp={time}&url={ORIGIN}/sign?grid=grid-01"
        );
        let expected: String =
            Sha1::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((&config["appId"], &config["signature"]), (&json!("wxtest"), &json!(expected)));
    }
    assert_eq!(api.tokens.load(Ordering::SeqCst), 1);
    for strange in ["https://evil.example/", "https://wenming.example.evil.example/", ""] {
        let refused = visitor.get(&format!("/wechat/config?url={strange}")).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{strange}");
    }

    // Shortly before it expires it is renewed. If WeChat does not answer, the old ticket is used,
    // and WeChat is not asked again at once.
    let soon = "UPDATE wechat_tickets SET ends_at = ends_at - 6900000";
    server.database.execute(soon).await;
    api.broken.store(1, Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!(visitor.get(&path).await.status(), StatusCode::OK);
    }
    assert_eq!(api.tokens.load(Ordering::SeqCst), 2);
    api.broken.store(0, Ordering::SeqCst);
    server.database.execute("UPDATE wechat_tickets SET claimed_until = 0").await;
    assert_eq!(visitor.get(&path).await.status(), StatusCode::OK);
    assert_eq!(api.tickets.load(Ordering::SeqCst), 2);
    assert_eq!(visitor.get(&path).await.status(), StatusCode::OK);
    assert_eq!(api.tickets.load(Ordering::SeqCst), 2, "the new ticket is cached");

    // Without a valid ticket there is no configuration; the page still has its own share card.
    server.database.execute("UPDATE wechat_tickets SET ends_at = 0").await;
    api.broken.store(1, Ordering::SeqCst);
    assert_eq!(visitor.get(&path).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    let page = visitor.get("/").await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("script-src 'self' https://res.wx.qq.com "), "{policy}");
    assert!(page.text().await.unwrap().contains("<script src=\"/wechat.js\" defer"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_an_app_id_wechat_is_off() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let mut visitor = server.visitor();
    for path in ["/wechat/config?url=http://x/", "/wechat.js", "/MP_verify_abc123.txt"] {
        assert_eq!(visitor.get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let page = visitor.get("/").await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(!policy.contains("qq.com"));
    assert!(!page.text().await.unwrap().contains("wechat"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_domain_verification_file_is_served_at_the_root() {
    let database = Database::new(Kind::Sqlite).await;
    let folder = database.folder.path();
    let file = folder.join("MP_verify_abc123.txt");
    std::fs::write(&file, "abc123").unwrap();
    let mut serve = program(&database.url, folder);
    let server = Process::serve(std::mem::replace(
        serve.arg("serve").env("CHUANGQUAN_WECHAT_VERIFY_FILE", &file),
        std::process::Command::new("true"),
    ));
    let answer = reqwest::get(format!("{}/MP_verify_abc123.txt", server.url)).await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "abc123");
}

const AUTHORIZE: &str = "https://open.example/connect/oauth2/authorize";

/// Requests a page with the user agent of WeChat's browser.
async fn open(visitor: &mut Visitor, path: &str) -> reqwest::Response {
    let agent = "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0.50 NetType/4G Language/zh_CN";
    let request = visitor.request(Method::GET, path).header(header::USER_AGENT, agent);
    visitor.send(request).await
}

/// Requests a page that must redirect to WeChat; returns the OAuth `state`.
async fn redirected_to_wechat(visitor: &mut Visitor, path: &str) -> String {
    let answer = open(visitor, path).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
    let target = location(&answer);
    let back = "https%3A%2F%2Fwenming%2Eexample%2Fwechat%2Fback";
    let begins = format!(
        "{AUTHORIZE}?appid=wxtest&redirect_uri={back}&response_type=code&scope=snsapi_base&state="
    );
    let state = target.strip_prefix(&begins).and_then(|rest| rest.strip_suffix("#wechat_redirect"));
    let state = state.unwrap_or_else(|| panic!("{target}"));
    assert!(state.len() <= 128 && state.chars().all(|c| c.is_ascii_alphanumeric()), "{state}");
    state.to_owned()
}

/// Goes through the OAuth redirect with `code`; returns the final location.
async fn log_in(visitor: &mut Visitor, path: &str, code: &str) -> String {
    let state = redirected_to_wechat(visitor, path).await;
    let answer = open(visitor, &format!("/wechat/back?code={code}&state={state}")).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    location(&answer).to_owned()
}

#[apply(on_both)]
async fn one_account_signs_once_on_any_device(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let (api, server) = with_wechat(database, Switch::On).await;
    let signatures = || server.service.counts().signatures;

    // Reading pages, or another browser, needs no login.
    let mut reader = server.visitor();
    for path in ["/", "/privacy", "/progress"] {
        assert_eq!(open(&mut reader, path).await.status(), StatusCode::OK, "{path}");
    }
    assert_eq!(reader.get("/sign").await.status(), StatusCode::OK, "not WeChat's browser");

    let told = open(&mut reader, "/privacy").await.text().await.unwrap();
    assert!(told.contains("微信只告诉我们一个代表您账号的编号"));

    // Two devices of the same person.
    let mut phone = server.visitor();
    assert_eq!(log_in(&mut phone, "/sign", "alice-1").await, "/sign");
    assert_eq!(open(&mut phone, "/sign").await.status(), StatusCode::OK, "asked once");
    assert_eq!(location(&phone.sign().await), "/signed");
    let mut tablet = server.visitor();
    assert_eq!(log_in(&mut tablet, "/sign", "alice-2").await, "/sign");
    assert_eq!(location(&open(&mut tablet, "/sign").await), "/signed", "signed already");
    assert_eq!(location(&tablet.sign().await), "/signed", "once more changes nothing");
    assert_eq!(signatures(), 1);

    // A third device signed and reported before its first login: the earlier signature stays.
    let mut third = server.known_visitor().await;
    third.sign().await;
    let report = third.report("grid-07", &[]).await;
    assert_eq!(signatures(), 2);
    let made = third.post("/recovery/new", &[]).await.text().await.unwrap();
    let phrase = made.split("class=\"phrase\">").nth(1).unwrap().split('<').next().unwrap();
    assert_eq!(log_in(&mut third, "/me", "alice-3").await, "/me");
    assert_eq!(signatures(), 1);
    let card = open(&mut phone, "/signed").await.text().await.unwrap();
    assert!(card.contains("第 <strong>1</strong> 位") || card.contains(">1</strong>"), "{card}");
    let mine = open(&mut phone, "/me").await.text().await.unwrap();
    assert!(mine.contains(&report), "reports are visible on all devices");

    let mut elsewhere = server.known_visitor().await;
    assert_eq!(location(&elsewhere.post("/recovery", &[("phrase", phrase)]).await), "/me");
    let mine = elsewhere.get("/me").await.text().await.unwrap();
    assert!(mine.contains(&report), "the recovery phrase still works");

    // Another account is another visitor, also on a phone that belonged to an account before.
    let mut other = server.visitor();
    log_in(&mut other, "/report", "bob-1").await;
    other.sign().await;
    assert_eq!(signatures(), 2);
    phone.cookies.retain(|(name, _)| name != "wechat");
    log_in(&mut phone, "/sign", "bob-2").await;
    let mine = open(&mut phone, "/me").await.text().await.unwrap();
    assert!(!mine.contains(&report), "the phone belongs to Bob's account now");
    phone.cookies.retain(|(name, _)| name != "wechat");
    log_in(&mut phone, "/sign", "carol-1").await;
    assert_eq!(open(&mut phone, "/sign").await.status(), StatusCode::OK, "Carol has not signed");
    assert_eq!(signatures(), 2);

    // A foreign `state` logs nobody in (login CSRF), and there is no redirect loop.
    let state = redirected_to_wechat(&mut server.visitor(), "/sign").await;
    let mut victim = server.known_visitor().await;
    let answer = open(&mut victim, &format!("/wechat/back?code=alice-9&state={state}")).await;
    assert_eq!(location(&answer), "/");
    for odd in ["", "x", "s", "s1x", "s99999999999999999999x00", "é"] {
        let path = format!("/wechat/back?code=alice-9&state={odd}");
        assert_eq!(location(&open(&mut victim, &path).await), "/", "{odd}");
    }
    assert_eq!(log_in(&mut victim, "/sign", "alice-1").await, "/sign", "the code was used before");
    let policy = open(&mut victim, "/sign").await.headers()["content-security-policy"].clone();
    let policy = policy.to_str().unwrap();
    assert!(policy.contains("form-action 'self' https://open.example;"), "{policy}");
    assert_eq!(
        open(&mut victim, "/sign").await.status(),
        StatusCode::OK,
        "signing works without login"
    );
    let mut late = server.visitor();
    api.broken.store(1, Ordering::SeqCst);
    assert_eq!(log_in(&mut late, "/signed", "dave-1").await, "/signed");
    assert_eq!(location(&open(&mut late, "/signed").await), "/sign", "WeChat does not answer");

    // No second redirect if the first one was not finished; none for the next person at a phone,
    // for requests of the service worker, or for WeCom.
    let mut lost = server.visitor();
    redirected_to_wechat(&mut lost, "/sign").await;
    assert_eq!(open(&mut lost, "/sign").await.status(), StatusCode::OK);
    lost.post("/sign/next", &[]).await;
    assert!(lost.cookies.contains(&("wechat".to_owned(), "lent".to_owned())));
    assert_eq!(open(&mut lost, "/me").await.status(), StatusCode::OK);
    for (name, value) in [
        ("sec-fetch-mode", "cors"),
        ("user-agent", "Mozilla/5.0 wxwork/3.1.16 MicroMessenger/7.0.1"),
    ] {
        let visitor = server.visitor();
        let request = visitor.request(Method::GET, "/sign");
        let agent = (header::USER_AGENT, "Mozilla/5.0 MicroMessenger/8.0.50");
        let request = match name {
            "user-agent" => request.header(name, value),
            _ => request.header(agent.0, agent.1).header(name, value),
        };
        assert_eq!(server.visitor().send(request).await.status(), StatusCode::OK, "{name}");
    }

    // Accounts are stored as hashes only.
    let kept = "SELECT COUNT(*) FROM wechat_identities WHERE length(identity) = 22";
    let named = "SELECT COUNT(*) FROM wechat_identities WHERE identity LIKE '%alice%'";
    let (kept, named) = (server.database.number(kept).await, server.database.number(named).await);
    assert_eq!((kept, named), (3, 0));
}

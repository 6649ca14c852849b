//! The JS-SDK's configuration, against a server that answers as WeChat is documented to.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum::{
    Json, Router,
    extract::{Query, State},
    routing::{get, post},
};
use chuangquan::server::config::WeChatSettings;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use crate::support::{
    database::{Database, Kind, on_both},
    process::{Process, program},
    server::Server,
};

on_both!(a_ticket_is_fetched_once_for_all_and_before_it_ends);

const TICKET: &str = "ticket-of-a-test";

/// Counts how often it was asked; says an error while `broken`.
#[derive(Clone, Default)]
struct Api {
    tokens: Arc<AtomicU32>,
    tickets: Arc<AtomicU32>,
    broken: Arc<AtomicU32>,
}

async fn token(State(api): State<Api>, body: String) -> Json<Value> {
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
    State(api): State<Api>,
    Query(query): Query<std::collections::BTreeMap<String, String>>,
) -> Json<Value> {
    api.tickets.fetch_add(1, Ordering::SeqCst);
    assert_eq!(query["type"], "jsapi");
    if query["access_token"] != "token" {
        return Json(json!({ "errcode": 40001, "errmsg": "invalid credential" }));
    }
    Json(json!({ "errcode": 0, "errmsg": "ok", "ticket": TICKET, "expires_in": 7200 }))
}

async fn start_api() -> (Api, String) {
    let api = Api::default();
    let app = Router::new()
        .route("/cgi-bin/stable_token", post(token))
        .route("/cgi-bin/ticket/getticket", get(ticket))
        .with_state(api.clone());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (api, format!("http://{address}"))
}

const ORIGIN: &str = "https://wenming.example";

async fn a_ticket_is_fetched_once_for_all_and_before_it_ends(database: Database) {
    let (api, address) = start_api().await;
    let secret = database.folder.path().join("wechat-secret");
    std::fs::write(&secret, "secret\n").unwrap();
    let settings = WeChatSettings {
        wechat_app_id: Some("wxtest".into()),
        wechat_secret_file: Some(secret),
        wechat_api: address,
        wechat_verify_file: None,
    };
    let server = Server::with_wechat(database, ORIGIN, &settings).await;
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

    // Near its end it is fetched anew; while WeChat does not answer, the old one serves,
    // and WeChat is not asked again and again.
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
    assert_eq!(api.tickets.load(Ordering::SeqCst), 2, "the new one is kept");

    // With none at all there is no configuration, and the page says its card itself.
    server.database.execute("UPDATE wechat_tickets SET ends_at = 0").await;
    api.broken.store(1, Ordering::SeqCst);
    assert_eq!(visitor.get(&path).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    let page = visitor.get("/").await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("script-src 'self' https://res.wx.qq.com "), "{policy}");
    assert!(page.text().await.unwrap().contains("<script src=\"/wechat.js\" defer"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_an_app_id_there_is_none_of_it() {
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
async fn the_proof_of_the_domain_stands_at_the_root() {
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

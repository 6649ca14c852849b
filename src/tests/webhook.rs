//! Notices to chat robots: which reports, retries, no text of people.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::State, routing::post};
use server::ops::webhook::Webhooks;

use super::injection::{MARK, MARKUP};
use crate::support::{
    database::{Database, Kind, default_campaign},
    server::Server,
};

/// A fake chat robot that refuses the first `refusals` messages: its URL, and all messages.
async fn start_robot(refusals: usize) -> (String, Arc<Mutex<Vec<String>>>) {
    let messages = Arc::new(Mutex::new(Vec::new()));
    let answer = move |State(heard): State<Arc<Mutex<Vec<String>>>>, body: String| async move {
        let mut heard = heard.lock().unwrap();
        heard.push(body);
        if heard.len() <= refusals {
            "{\"errcode\":45009,\"errmsg\":\"api freq out of limit\"}"
        } else {
            "{\"errcode\":0,\"errmsg\":\"ok\"}"
        }
    };
    let router = Router::new().route("/send", post(answer)).with_state(Arc::clone(&messages));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}/send?key=secret"), messages)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn robots_are_notified_of_new_reports_with_retries() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let (address, heard) = start_robot(1).await;
    let file = server.database.folder.path().join("webhooks.toml");
    std::fs::write(&file, format!("[grids]\ngrid-01 = \"{address}\"\n")).unwrap();
    let webhooks =
        Webhooks::read(Some(&file), &default_campaign(), "https://wenming.example.cn").unwrap();
    let mut visitor = server.known_visitor().await;
    let code = visitor.report("grid-01", &[]).await;
    visitor.report("grid-02", &[]).await;
    webhooks.send(&server.service).await.unwrap();
    assert_eq!(heard.lock().unwrap().len(), 1, "only reports of its grid");
    webhooks.send(&server.service).await.unwrap();
    assert_eq!(heard.lock().unwrap().len(), 1, "not retried immediately");
    server.database.execute("UPDATE outbox SET next_at = 1 WHERE next_at IS NOT NULL").await;
    webhooks.send(&server.service).await.unwrap();
    server.database.execute("UPDATE outbox SET next_at = 1 WHERE next_at IS NOT NULL").await;
    webhooks.send(&server.service).await.unwrap();
    let heard = heard.lock().unwrap().clone();
    assert_eq!(heard.len(), 2, "accepted the second time, then not sent again");
    let told: serde_json::Value = serde_json::from_str(&heard[1]).unwrap();
    assert_eq!(told["msgtype"], "markdown");
    let text = told["markdown"]["content"].as_str().unwrap();
    assert!(text.contains("新反映") && text.contains(&code), "{text}");
    assert!(!text.contains("三楼") && !text.contains("3号楼"), "no text of the resident");
    std::fs::write(&file, "[grids]\nnowhere = \"x\"\n").unwrap();
    let unknown = Webhooks::read(Some(&file), &default_campaign(), "").unwrap_err();
    assert!(unknown.contains("nowhere"), "{unknown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn notices_to_robots_contain_no_text_of_people() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let (address, heard) = start_robot(0).await;
    let file = server.database.folder.path().join("webhooks.toml");
    std::fs::write(&file, format!("[grids]\ngrid-01 = \"{address}\"\n")).unwrap();
    let webhooks = Webhooks::read(Some(&file), &default_campaign(), "https://x.example").unwrap();
    let mut visitor = server.known_visitor().await;
    for markup in MARKUP {
        let fields = [
            ("category", "corridor"),
            ("description", markup),
            ("place", markup),
            ("grid", "grid-01"),
            ("contact_name", markup),
            ("consent", "on"),
        ];
        visitor.send(visitor.multipart("/report", &fields, &[])).await;
    }
    webhooks.send(&server.service).await.unwrap();
    let heard = heard.lock().unwrap();
    assert!(!heard.is_empty());
    for told in heard.iter() {
        assert!(!told.contains(MARK) && !told.contains('<'), "{told}");
    }
}

//! Messages (寄语): public only after review, and while nobody hid them.

use reqwest::StatusCode;
use rstest_reuse::apply;

use crate::support::{
    database::{Database, Kind, on_both},
    server::{Server, VALID_SIGNATURE, location},
};

#[apply(on_both)]
async fn a_message_is_public_only_after_review(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    server.add_staff("lead", "branch-lead", &["residential"]).await;
    let mut visitor = server.known_visitor().await;
    let mut fields = VALID_SIGNATURE.to_vec();
    fields.extend([("message", "小节之处显大德"), ("show_name", "on")]);
    visitor.post("/sign", &fields).await;
    let messages_page = async || server.visitor().get("/messages").await.text().await.unwrap();
    assert!(!messages_page().await.contains("小节之处显大德"));

    let mut worker = server.logged_in("worker").await;
    assert_eq!(worker.get("/console/messages").await.status(), StatusCode::FORBIDDEN);
    let barred = worker.post("/console/messages/1", &[("show", "yes")]).await;
    assert_eq!(barred.status(), StatusCode::FORBIDDEN);
    let mut lead = server.logged_in("lead").await;
    let waiting = lead.get("/console/messages").await.text().await.unwrap();
    assert!(waiting.contains("小节之处显大德"));
    lead.post("/console/messages/1", &[("show", "yes")]).await;
    let shown = messages_page().await;
    assert!(
        shown.contains("小节之处显大德") && shown.contains("王**") && !shown.contains("王测试")
    );

    let objected = visitor.post("/messages/1/object", &[("reason", "不合适")]).await;
    assert_eq!(location(&objected), "/messages?thanks=1");
    let waiting = lead.get("/console/messages").await.text().await.unwrap();
    assert!(waiting.contains("人有异议") && waiting.contains("不合适"));
    lead.post("/console/messages/1", &[("show", "no")]).await;
    assert!(!messages_page().await.contains("小节之处显大德"));
    let gone = visitor.post("/messages/1/object", &[]).await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    let none = lead.post("/console/messages/7", &[("show", "yes")]).await;
    assert_eq!(none.status(), StatusCode::NOT_FOUND);
}

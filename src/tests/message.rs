//! Messages (寄语): public only after review, and while nobody hid them. Objections do not starve
//! the review.

use reqwest::{StatusCode, header::RETRY_AFTER};
use rstest_reuse::apply;

use crate::support::{
    database::{Database, Kind, on_both},
    html,
    server::{Server, VALID_SIGNATURE, Visitor, location},
};

/// Messages on a page of the review.
const PAGE: usize = 30;

async fn signed_two_days_ago(server: &Server) {
    server.database.execute("UPDATE signatures SET signed_at = signed_at - 172800000").await;
}

/// Somebody new signs with a message.
async fn sign_with(server: &Server, message: &str) {
    let mut fields = VALID_SIGNATURE.to_vec();
    fields.push(("message", message));
    let signed = server.known_visitor().await.post("/sign", &fields).await;
    assert_eq!(signed.status(), StatusCode::SEE_OTHER);
}

/// `n` messages are on the wall, with the ordinals from 1.
async fn wall_of(server: &Server, n: usize) {
    for number in 1..=n {
        sign_with(server, &format!("共建家园{number}")).await;
    }
    server.database.execute("UPDATE signatures SET message_state = 'shown'").await;
}

async fn object(visitor: &mut Visitor, ordinal: usize) -> StatusCode {
    let answer = visitor.post(&format!("/messages/{ordinal}/object"), &[("reason", "不好")]).await;
    let limited = answer.status() == StatusCode::TOO_MANY_REQUESTS;
    assert_eq!(answer.headers().contains_key(RETRY_AFTER), limited);
    answer.status()
}

/// The messages of a lane, following its pages.
async fn lane(lead: &mut Visitor, first: &str) -> Vec<String> {
    let (mut found, mut next) = (Vec::new(), Some(first.to_owned()));
    while let Some(address) = next {
        let page = lead.get(&address).await.text().await.unwrap();
        found.extend(html::texts(&page, ".wall__text"));
        next = html::attributes(&page, "a[rel=next]", "href").into_iter().next();
    }
    found
}

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
    signed_two_days_ago(&server).await;
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
    let waiting = lead.get("/console/messages?lane=objected").await.text().await.unwrap();
    assert!(waiting.contains("人有异议") && waiting.contains("不合适"));
    lead.post("/console/messages/1", &[("show", "no")]).await;
    assert!(!messages_page().await.contains("小节之处显大德"));
    let gone = visitor.post("/messages/1/object", &[]).await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    let none = lead.post("/console/messages/7", &[("show", "yes")]).await;
    assert_eq!(none.status(), StatusCode::NOT_FOUND);
}

#[apply(on_both)]
async fn objections_hide_no_new_message(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    server.add_staff("lead", "branch-lead", &["residential"]).await;
    wall_of(&server, 2 * PAGE).await;
    server
        .database
        .execute(
            "INSERT INTO objections (ordinal, visitor, at, reason) \
             SELECT ordinal, 'someone', 1700000000000, '' FROM signatures",
        )
        .await;
    sign_with(&server, "今天新写的").await;
    let mut lead = server.logged_in("lead").await;
    assert_eq!(lane(&mut lead, "/console/messages").await, ["今天新写的"]);
    let objected = lane(&mut lead, "/console/messages?lane=objected").await;
    let all: Vec<String> = (1..=2 * PAGE).map(|number| format!("共建家园{number}")).collect();
    assert_eq!(objected, all, "all can be reached, each once");
}

#[apply(on_both)]
async fn an_answered_objection_stays_answered(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    server.add_staff("lead", "branch-lead", &["residential"]).await;
    wall_of(&server, 1).await;
    let mut lead = server.logged_in("lead").await;
    let mut visitor = server.known_visitor().await;
    assert_eq!(object(&mut visitor, 1).await, StatusCode::SEE_OTHER);
    assert_eq!(lane(&mut lead, "/console/messages?lane=objected").await.len(), 1);
    let referer = format!("{}/console/messages?lane=objected", server.url);
    let decided = lead.form("/console/messages/1", &[("show", "yes")]).header("referer", referer);
    let decided = lead.send(decided).await;
    assert_eq!(location(&decided), "/console/messages?lane=objected", "back to the lane");
    assert_eq!(object(&mut visitor, 1).await, StatusCode::SEE_OTHER);
    assert_eq!(lane(&mut lead, "/console/messages?lane=objected").await, [""; 0]);
    let reasons = "SELECT COUNT(*) FROM objections WHERE reason <> ''";
    assert_eq!(server.database.number(reasons).await, 0, "an answered reason is not kept");
    let notes = "SELECT COUNT(*) FROM audit WHERE action = 'message show'";
    assert_eq!(server.database.number(notes).await, 1);

    // Somebody else may still object.
    assert_eq!(object(&mut server.known_visitor().await, 1).await, StatusCode::SEE_OTHER);
    assert_eq!(lane(&mut lead, "/console/messages?lane=objected").await.len(), 1);
}

#[apply(on_both)]
async fn sixty_objections_of_one_visitor_are_five(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    wall_of(&server, 8).await;
    let mut visitor = server.known_visitor().await;
    for ordinal in 1..=5 {
        assert_eq!(object(&mut visitor, ordinal).await, StatusCode::SEE_OTHER);
    }
    assert_eq!(object(&mut visitor, 6).await, StatusCode::TOO_MANY_REQUESTS);
    // Also later, while staff have not answered.
    server.database.execute("DELETE FROM tries").await;
    assert_eq!(object(&mut visitor, 6).await, StatusCode::TOO_MANY_REQUESTS);
    server.database.execute("UPDATE objections SET answered_at = 1 WHERE ordinal = 1").await;
    assert_eq!(object(&mut visitor, 6).await, StatusCode::SEE_OTHER);

    // Many visitors of one network.
    let mut noted = 0;
    for n in 0..40 {
        let mut visitor = server.visitor();
        visitor.address = format!("2001:db8:7:{n:x}::1");
        visitor.get("/messages").await;
        noted += usize::from(object(&mut visitor, 7).await == StatusCode::SEE_OTHER);
    }
    assert_eq!(noted, 30);
}

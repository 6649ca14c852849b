//! Names of signers on public pages: nobody chooses when, where or in which order they appear.

use reqwest::StatusCode;
use rstest_reuse::apply;

use crate::support::{
    database::{Database, Kind, on_both},
    html,
    server::{Server, Visitor},
};

/// Somebody new signs, with a name that may be shown.
async fn sign_as(server: &Server, name: &str, message: Option<&str>) -> Visitor {
    let mut visitor = server.known_visitor().await;
    let mut fields =
        vec![("name", name), ("pledges", "home"), ("consent", "on"), ("show_name", "on")];
    fields.extend(message.map(|message| ("message", message)));
    assert_eq!(visitor.post("/sign", &fields).await.status(), StatusCode::SEE_OTHER);
    visitor
}

/// Moves all signatures back in time.
async fn hours_pass(server: &Server, hours: u64) {
    let sql = format!("UPDATE signatures SET signed_at = signed_at - {}", hours * 3_600_000);
    server.database.execute(sql.leak()).await;
    next_revision(server).await;
}

/// A change, after which no page is kept.
async fn next_revision(server: &Server) {
    let mut other = server.known_visitor().await;
    other.sign().await;
    other.post("/sign/withdraw", &[]).await;
}

async fn names(server: &Server) -> Vec<String> {
    let page = server.visitor().get("/progress").await.text().await.unwrap();
    html::texts(&page, "ul.names li")
}

#[apply(on_both)]
async fn a_slogan_is_not_spelled(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    for letter in "打倒某某不要签名".chars() {
        sign_as(&server, &letter.to_string(), None).await;
    }
    hours_pass(&server, 25).await;
    assert_eq!(names(&server).await, [""; 0], "one letter is no name");

    let signed: Vec<char> = "甲乙丙丁戊己庚辛".chars().collect();
    for letter in &signed {
        sign_as(&server, &format!("{letter}测"), None).await;
    }
    assert_eq!(names(&server).await, [""; 0], "not on the day of signing");
    hours_pass(&server, 25).await;
    let shown = names(&server).await;
    let mut sorted = shown.clone();
    sorted.sort();
    let mut all: Vec<String> = signed.iter().map(|letter| format!("{letter}*")).collect();
    let (forward, backward) = (all.clone(), all.iter().rev().cloned().collect::<Vec<_>>());
    all.sort();
    assert_eq!(sorted, all);
    // By a fixed secret and ordinals, but a date of today: one in 20,160 days has such an order.
    assert!(shown != forward && shown != backward, "{shown:?}");
}

#[apply(on_both)]
async fn a_name_is_shown_a_day_after_signing(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    server.add_staff("lead", "branch-lead", &["residential"]).await;
    let mut visitor = sign_as(&server, "欧阳测试", Some("小节之处显大德")).await;
    server.database.execute("UPDATE signatures SET message_state = 'shown'").await;
    let wall = async || server.visitor().get("/messages").await.text().await.unwrap();
    hours_pass(&server, 23).await;
    assert_eq!(names(&server).await, [""; 0]);
    assert!(wall().await.contains("一位居民") && !wall().await.contains("欧**"));
    hours_pass(&server, 2).await;
    assert_eq!(names(&server).await, ["欧**"]);
    assert!(wall().await.contains("欧**"));
    let board = server.visitor().get("/screen/messages").await.text().await.unwrap();
    assert!(board.contains("欧**"), "{board}");
    visitor.post("/sign/withdraw", &[]).await;
    assert_eq!(names(&server).await, [""; 0], "gone with the signature");
}

#[apply(on_both)]
async fn only_names_of_letters_are_shown(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    for name in ["王1", "✊✊", "王Ⓐ", "1234", "Ａｂ"] {
        sign_as(&server, name, Some("共建家园")).await;
    }
    sign_as(&server, "阿卜杜拉·测试", Some("共建家园")).await;
    server.database.execute("UPDATE signatures SET message_state = 'shown'").await;
    hours_pass(&server, 25).await;
    assert_eq!(names(&server).await, ["阿**"]);
    let wall = server.visitor().get("/messages").await.text().await.unwrap();
    let who = html::texts(&wall, ".wall__who").join(" ");
    assert_eq!(who.matches("一位居民").count(), 5, "{who}");
}

#[apply(on_both)]
async fn staff_take_a_name_away(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    server.add_staff("lead", "branch-lead", &["residential"]).await;
    sign_as(&server, "打倒测试", None).await;
    hours_pass(&server, 25).await;
    assert_eq!(names(&server).await, ["打**"]);
    let revision = server.service.counts().revision;

    let unshow = "/console/signatures/1/unshow";
    let mut worker = server.logged_in("worker").await;
    assert_eq!(worker.post(unshow, &[]).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(names(&server).await, ["打**"]);
    let mut lead = server.logged_in("lead").await;
    let page = lead.get("/console/messages").await.text().await.unwrap();
    assert_eq!(html::attribute(&page, "form[action$=unshow]", "action"), unshow);
    assert_eq!(lead.post(unshow, &[]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(names(&server).await, [""; 0]);
    assert!(server.service.counts().revision > revision, "other nodes drop their pages");
    let notes = "SELECT COUNT(*) FROM audit WHERE action = 'name unshow' AND subject = '1'";
    assert_eq!(server.database.number(notes).await, 1);
    assert_eq!(lead.post(unshow, &[]).await.status(), StatusCode::SEE_OTHER, "pressed twice");
    for gone in ["/console/signatures/99/unshow", "/console/signatures/x/unshow"] {
        assert_eq!(lead.post(gone, &[]).await.status(), StatusCode::NOT_FOUND);
    }
    let signatures = "SELECT COUNT(*) FROM signatures WHERE ordinal = 1 AND state = 'valid'";
    assert_eq!(server.database.number(signatures).await, 1, "it still counts");
}

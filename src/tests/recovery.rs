//! Recovery phrase: gives a visitor's data back to another browser, once.

use reqwest::{StatusCode, header};
use rstest_reuse::apply;

use crate::support::{
    database::{Database, Kind, on_both},
    html,
    server::{Server, Visitor, location},
};

async fn new_phrase(visitor: &mut Visitor) -> String {
    let made = visitor.post("/recovery/new", &[]).await;
    assert_eq!(made.status(), StatusCode::OK);
    assert_eq!(made.headers()[header::CACHE_CONTROL], "no-store");
    let page = made.text().await.unwrap();
    let phrase = html::phrase(&page);
    assert_eq!(phrase.chars().filter(char::is_ascii_digit).count(), 16, "{phrase}");
    phrase
}

#[apply(on_both)]
async fn a_phrase_gives_back_everything_once(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    let mut before = server.known_visitor().await;
    before.sign().await;
    let code = before.report("grid-01", &[]).await;
    let replaced = new_phrase(&mut before).await;
    let phrase = new_phrase(&mut before).await;
    assert_eq!(
        server.database.number("SELECT COUNT(*) FROM recoveries WHERE LENGTH(phrase) = 22").await,
        1,
        "only a hash is kept"
    );

    let mut after = server.known_visitor().await;
    let own = after.report("grid-02", &[]).await;
    assert_eq!(after.get(&format!("/reports/{code}")).await.status(), StatusCode::NOT_FOUND);
    let refused = after.post("/recovery", &[("phrase", &replaced), ("merge", "on")]).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = refused.text().await.unwrap();
    assert!(page.contains("没有这个口令") && page.contains(&replaced), "{page}");

    // Fullwidth digits, as Chinese keyboards type them, are accepted.
    let fullwidth: String = phrase
        .chars()
        .map(|c| c.to_digit(10).map_or(c, |n| char::from_u32(u32::from('０') + n).unwrap()))
        .collect();
    let asked = after.post("/recovery", &[("phrase", &fullwidth)]).await;
    assert_eq!(
        asked.status(),
        StatusCode::UNPROCESSABLE_ENTITY,
        "visitors are merged only on request"
    );
    assert!(asked.text().await.unwrap().contains("并到一起"));
    let before_answer = after.clone();
    let back = after.post("/recovery", &[("phrase", &fullwidth), ("merge", "on")]).await;
    assert_eq!((back.status(), location(&back)), (StatusCode::SEE_OTHER, "/me"));
    let me = after.get("/me").await.text().await.unwrap();
    assert!(me.contains("第 ") && me.contains(&code) && me.contains(&own), "{me}");
    assert_eq!(server.store.counts().signatures, 1);
    assert_eq!(server.store.recount().await.unwrap().len(), 0);

    // If the answer got lost, the same browser can ask again.
    let mut lost = before_answer;
    let back = lost.post("/recovery", &[("phrase", &phrase)]).await;
    assert_eq!(back.status(), StatusCode::SEE_OTHER);
    assert!(lost.get("/me").await.text().await.unwrap().contains(&code));

    let mut third = server.known_visitor().await;
    let again = third.post("/recovery", &[("phrase", &phrase)]).await;
    assert_eq!(again.status(), StatusCode::UNPROCESSABLE_ENTITY, "a phrase works once");
}

#[apply(on_both)]
async fn after_a_merge_the_earlier_signature_stays(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    let mut first = server.known_visitor().await;
    first.sign().await;
    let mut second = server.known_visitor().await;
    second.sign().await;
    let code = {
        let mut reporter = server.known_visitor().await;
        reporter.report("grid-01", &[]).await
    };
    server.database.execute("UPDATE reports SET state = 'accepted', accepted_at = 1").await;
    for visitor in [&mut first, &mut second] {
        let path = format!("/reports/{code}/support");
        assert_eq!(visitor.post(&path, &[]).await.status(), StatusCode::SEE_OTHER);
    }
    assert_eq!(server.database.number("SELECT supporters FROM reports").await, 2);
    // The SQL above bypassed the counters: this drift is expected.
    let drift = server.store.recount().await.unwrap().len();

    let phrase = new_phrase(&mut first).await;
    second.post("/recovery", &[("phrase", &phrase), ("merge", "on")]).await;
    assert_eq!(server.store.counts().signatures, 1);
    let signed = second.get("/signed").await.text().await.unwrap();
    assert!(signed.contains("<strong>1</strong>"), "the earlier one");
    assert_eq!(server.database.number("SELECT supporters FROM reports").await, 1);
    assert_eq!(server.store.recount().await.unwrap().len(), drift);

    // The other way round: the current visitor has signed earlier.
    let mut later = server.known_visitor().await;
    later.sign().await;
    let phrase = new_phrase(&mut later).await;
    second.post("/recovery", &[("phrase", &phrase), ("merge", "on")]).await;
    assert_eq!(server.store.counts().signatures, 1);
    let signed = second.get("/signed").await.text().await.unwrap();
    assert!(signed.contains("<strong>1</strong>"), "the earlier one");
}

#[apply(on_both)]
async fn phrases_cannot_be_guessed(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    let mut visitor = server.known_visitor().await;
    for n in 0..10 {
        let guess = format!("0000 0000 0000 000{n}");
        let refused = visitor.post("/recovery", &[("phrase", &guess)]).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let stopped = visitor.post("/recovery", &[("phrase", "0000 0000 0000 0010")]).await;
    assert_eq!(stopped.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(stopped.headers().contains_key(header::RETRY_AFTER));
}

//! Live counts over HTTP: `/counts.json` and the event stream `/live`.

use std::time::{Duration, Instant};

use domain::counts::Counts;
use reqwest::{Method, Response, StatusCode, header};
use rstest_reuse::apply;
use tokio::time::timeout;

use crate::support::{
    database::{Database, Kind, on_both},
    server::Server,
};

#[apply(on_both)]
async fn counts_carry_their_revision(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    let mut visitor = server.known_visitor().await;
    let before = visitor.get("/counts.json").await;
    assert_eq!(before.headers()[header::ETAG], "\"0\"");
    visitor.sign().await;
    let after = visitor.get("/counts.json").await;
    let tag = after.headers()[header::ETAG].clone();
    assert!(!after.headers().contains_key(header::SET_COOKIE));
    let text = after.text().await.unwrap();
    let counts: Counts = serde_json::from_str(&text).unwrap();
    assert_eq!((counts.signatures, counts.grids["unspecified"], counts.pledges["home"]), (1, 1, 1));
    assert_eq!(counts.pledges["traffic"], 0, "zero counts are included");
    assert_eq!(counts.grids.len(), 38);
    assert_eq!(tag, format!("\"{}\"", counts.revision));
    let as_of: jiff::Timestamp = counts.as_of.parse().unwrap();
    assert!(jiff::Timestamp::now().duration_since(as_of).as_secs() < 60);

    let request = visitor.request(Method::GET, "/counts.json").header(header::IF_NONE_MATCH, tag);
    assert_eq!(visitor.send(request).await.status(), StatusCode::NOT_MODIFIED);
}

async fn next_event(response: &mut Response) -> String {
    let chunk = timeout(Duration::from_secs(5), response.chunk()).await.unwrap().unwrap();
    String::from_utf8(chunk.expect("the stream is still open").to_vec()).unwrap()
}

fn parse_counts(event: &str) -> Counts {
    assert!(event.starts_with("event: counts\n"), "{event}");
    let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    let counts: Counts = serde_json::from_str(data).unwrap();
    assert!(event.contains(&format!("\nid: {}\n", counts.revision)), "{event}");
    counts
}

#[apply(on_both)]
async fn events_follow_commits(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    let mut watcher = server.visitor();
    let mut live = watcher.get("/live").await;
    assert_eq!(live.headers()[header::CONTENT_TYPE], "text/event-stream");
    assert!(!live.headers().contains_key(header::SET_COOKIE));
    assert_eq!(parse_counts(&next_event(&mut live).await).signatures, 0, "the counts on connect");

    let mut signer = server.known_visitor().await;
    let start = Instant::now();
    signer.sign().await;
    assert_eq!(parse_counts(&next_event(&mut live).await).signatures, 1);
    assert!(start.elapsed() < Duration::from_secs(1));

    // Many commits, few events; the last event has the final counts.
    let start = Instant::now();
    let signers: Vec<_> = (0..50)
        .map(|_| {
            let mut visitor = signer.new_visitor();
            tokio::spawn(async move {
                visitor.get("/").await;
                visitor.sign().await;
            })
        })
        .collect();
    for signer in signers {
        signer.await.unwrap();
    }
    let mut events = 0;
    loop {
        let counts = parse_counts(&next_event(&mut live).await);
        events += 1;
        if counts.signatures == 51 {
            break;
        }
    }
    let ticks = start.elapsed().as_millis() / 250 + 2;
    assert!(events <= ticks, "{events} events in {ticks} ticks");

    server.end.send_replace(true);
    assert!(timeout(Duration::from_secs(2), live.chunk()).await.unwrap().unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_quiet_stream_is_kept_open() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let mut live = server.visitor().get("/live").await;
    next_event(&mut live).await;
    let comment = timeout(Duration::from_secs(22), live.chunk()).await.unwrap().unwrap().unwrap();
    assert!(comment.starts_with(b":"));
}

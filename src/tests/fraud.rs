//! Suspect signatures, with the rules on: honest signers behind one address count, those of a script
//! are held, and a manager decides. `proof.rs` has the thousands who work for it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::{Method, StatusCode};
use rstest_reuse::apply;
use serde_json::Value;
use tokio::{sync::Semaphore, time::sleep};

use crate::support::{
    database::{Database, Kind, on_both},
    html,
    process::{Process, add_manager, program, run},
    server::{Visitor, location},
};

/// Address that thousands of phones share (carrier NAT).
const CARRIER: &str = "198.51.100.7";

/// The address of a script.
const SCRIPT: &str = "203.0.113.9";

/// Starts the server; returns it and the manager's password.
fn serve(database: &Database) -> (Process, String) {
    let folder = database.folder.path();
    let password = add_manager(&database.url, folder);
    let mut serve = program(&database.url, folder);
    serve.arg("serve").env("CHUANGQUAN_TRUSTED_PROXIES", "127.0.0.1");
    (Process::serve(serve), password)
}

/// Adds the header that a proxy sends for a client at `from`.
fn forwarded_for(request: reqwest::RequestBuilder, from: &str) -> reqwest::RequestBuilder {
    request.header("x-forwarded-for", from)
}

/// A different name for each `n` < 10,000.
fn name(n: usize) -> String {
    let digits = "甲乙丙丁戊己庚辛壬癸";
    let digit = |n: usize| digits.chars().nth(n % 10).unwrap();
    format!("测{}{}{}{}", digit(n / 1000), digit(n / 100), digit(n / 10), digit(n))
}

/// `n` visitors open the form, wait `dwell`, and sign, 64 at once; returns the redirects.
async fn crowd(server: &Process, n: usize, address: &'static str, dwell: Duration) -> Vec<String> {
    let first = Visitor::new(&server.url);
    let semaphore = Arc::new(Semaphore::new(64));
    let people = (0..n).map(|i| {
        let (mut visitor, at_once) = (first.new_visitor(), Arc::clone(&semaphore));
        tokio::spawn(async move {
            let mut permit = at_once.acquire().await.unwrap();
            visitor.send(forwarded_for(visitor.request(Method::GET, "/sign"), address)).await;
            // A reader leaves the slot while waiting. A script keeps it: if it had to queue for its
            // next request, the time would count as reading.
            if !dwell.is_zero() {
                drop(permit);
                sleep(dwell).await;
                permit = at_once.acquire().await.unwrap();
            }
            let name = name(i);
            let fields = [("name", name.as_str()), ("pledges", "home"), ("consent", "on")];
            // What the client itself wrote into the header is further left.
            let claimed = format!("192.0.2.{}, {address}", i % 250);
            let request = forwarded_for(visitor.form("/sign", &fields), &claimed);
            let to = location(&visitor.send(request).await).to_owned();
            drop(permit);
            to
        })
    });
    let people: Vec<_> = people.collect();
    let mut sent = Vec::new();
    for person in people {
        sent.push(person.await.unwrap());
    }
    sent
}

async fn signatures(server: &Process) -> u64 {
    let counts = Visitor::new(&server.url).get("/counts.json").await.text().await.unwrap();
    serde_json::from_str::<Value>(&counts).unwrap()["signatures"].as_u64().unwrap()
}

/// Waits until there are `n` valid signatures.
async fn wait_for_signatures(server: &Process, n: u64) {
    let begun = Instant::now();
    while signatures(server).await != n {
        assert!(begun.elapsed() < Duration::from_secs(20), "{} of {n}", signatures(server).await);
        sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until the query returns `n`.
async fn wait_for_number(database: &Database, sql: &'static str, n: i64) {
    let begun = Instant::now();
    while database.number(sql).await != n {
        assert!(begun.elapsed() < Duration::from_secs(20), "{} of {n}", database.number(sql).await);
        sleep(Duration::from_millis(50)).await;
    }
}

async fn manager(server: &Process, password: &str) -> Visitor {
    let mut manager = Visitor::new(&server.url);
    manager.get("/").await;
    let fields = [("login", "manager"), ("password", password)];
    assert_eq!(manager.post("/console/login", &fields).await.status(), StatusCode::SEE_OTHER);
    manager
}

/// The first link of a page whose address begins with `start`.
fn link(page: &str, start: &str) -> String {
    html::attribute(page, &format!("a[href^='{start}']"), "href")
}

#[apply(on_both)]
async fn honest_people_behind_one_address_count_and_a_script_does_not(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let (server, password) = serve(&database);
    let begun = Instant::now();
    let sent = crowd(&server, 200, CARRIER, Duration::from_millis(2_100)).await;
    assert!(begun.elapsed() < Duration::from_secs(60), "within one minute");
    assert!(sent.iter().all(|to| to == "/signed"));
    assert_eq!(signatures(&server).await, 200, "without scripts as many count");

    let sent = crowd(&server, 2_000, SCRIPT, Duration::ZERO).await;
    assert!(sent.iter().all(|to| to == "/signed"), "the script cannot see that it is held");
    let moved = signatures(&server).await - 200;
    assert!(moved <= 20, "a script moved the count by {moved}");
    // A slow reader from the same address still counts.
    crowd(&server, 1, SCRIPT, Duration::from_millis(2_100)).await;
    let counted = 200 + moved + 1;
    assert_eq!(signatures(&server).await, counted);

    // A manager sees them, previews the effect of a decision, and takes it.
    let mut manager = manager(&server, &password).await;
    let page = manager.get("/console/signatures").await.text().await.unwrap();
    let held = 2_000 - moved;
    assert!(page.contains("提交过快") && page.contains(&format!("{held}")), "{page}");
    let dismiss = link(&page, "/console/signatures?verdict=dismiss");
    let preview = manager.get(&dismiss).await.text().await.unwrap();
    assert!(preview.contains("会涉及") && preview.contains(&format!("{held}")), "{preview}");
    assert_eq!(signatures(&server).await, counted, "a preview changes nothing");
    let network_hash = dismiss.split("place=").nth(1).unwrap().to_owned();
    let of_script = [("rule", "hasty"), ("place", network_hash.as_str())];
    let verdict = |verdict: &'static str| [&[("verdict", verdict)][..], &of_script].concat();
    let judge = "/console/signatures/judge";
    assert_eq!(manager.post(judge, &verdict("release")).await.status(), StatusCode::SEE_OTHER);
    wait_for_signatures(&server, counted + held).await;
    // The release is undone.
    let page = manager.get("/console/signatures").await.text().await.unwrap();
    let undo = html::attribute(&page, "[action$='/undo'], [formaction$='/undo']", "action");
    assert_eq!(manager.post(&undo, &[]).await.status(), StatusCode::SEE_OTHER);
    wait_for_signatures(&server, counted).await;
    assert_eq!(manager.post(&undo, &[]).await.status(), StatusCode::NOT_FOUND, "undo works once");

    // Valid signatures cannot be invalidated all at once: a filter is required.
    let all = manager.post(judge, &[("verdict", "invalidate")]).await;
    assert_eq!(all.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(all.text().await.unwrap().contains("id=\"error-verdict\""));
    let odd = manager.post(judge, &[("verdict", "dismiss"), ("since", "yesterday")]).await;
    assert_eq!(odd.status(), StatusCode::BAD_REQUEST);
    assert_eq!(manager.post(judge, &verdict("dismiss")).await.status(), StatusCode::SEE_OTHER);
    let begun = Instant::now();
    while !manager.get("/console/signatures").await.text().await.unwrap().contains("没有存疑的签名")
    {
        assert!(begun.elapsed() < Duration::from_secs(20));
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(signatures(&server).await, counted);
    server.terminate();
    server.ended_within(Duration::from_secs(10));
    let (code, said) = run(program(&database.url, database.folder.path()).arg("recount"));
    assert_eq!(code, Some(0), "{said}");
}

#[apply(on_both)]
async fn same_names_and_honeypots_are_held(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let (server, password) = serve(&database);
    let sign = async |name: String, remark: &'static str, place: &'static str| {
        let mut visitor = Visitor::new(&server.url);
        visitor.send(forwarded_for(visitor.request(Method::GET, "/sign"), place)).await;
        sleep(Duration::from_millis(2_100)).await;
        let fields =
            [("name", name.as_str()), ("pledges", "home"), ("consent", "on"), ("remark", remark)];
        let answer = visitor.send(forwarded_for(visitor.form("/sign", &fields), place)).await;
        assert_eq!(location(&answer), "/signed");
        visitor
    };
    // The same name again and again from one network is held, however slow.
    let people = (0..30).map(|_| sign("王测试".into(), "", SCRIPT));
    let namesakes = futures::future::join_all(people).await;
    let counted = signatures(&server).await;
    assert!((15..=20).contains(&counted), "{counted}");
    // The same name from another network counts.
    sign("王测试".into(), "", CARRIER).await;
    assert_eq!(signatures(&server).await, counted + 1);
    // A filled honeypot counts the first times (browsers autofill it), then it is held.
    let people = (0..6).map(|n| sign(name(n), "https://spam.example", CARRIER));
    let mut people = futures::future::join_all(people).await;
    assert_eq!(signatures(&server).await, counted + 3);

    // The manager switches the rule off: signatures held by it count, and new ones too.
    let mut manager = manager(&server, &password).await;
    let off = manager.post("/console/signatures/rules/trap", &[("on", "no")]).await;
    assert_eq!(off.status(), StatusCode::SEE_OTHER);
    wait_for_signatures(&server, counted + 7).await;
    sign(name(7), "https://spam.example", CARRIER).await;
    assert_eq!(signatures(&server).await, counted + 8);
    // Withdrawing a released signature reduces the count once.
    for visitor in &mut people {
        assert_eq!(location(&visitor.post("/sign/withdraw", &[]).await), "/me");
    }
    assert_eq!(signatures(&server).await, counted + 2);

    // The ones with the same name are dismissed. One signer withdraws, another signs again.
    const HELD: &str = "SELECT COUNT(*) FROM signatures WHERE state = 'suspect'";
    let held = database.number(HELD).await;
    assert_eq!(held.unsigned_abs(), 30 - counted);
    let dismiss = [("verdict", "dismiss"), ("rule", "same-name")];
    manager.post("/console/signatures/judge", &dismiss).await;
    wait_for_number(&database, HELD, 0).await;
    let mut dismissed = Vec::new();
    for mut visitor in namesakes {
        if visitor.get("/signed").await.status() == StatusCode::SEE_OTHER {
            dismissed.push(visitor);
        }
    }
    assert_eq!(dismissed.len() as u64, 30 - counted);
    assert_eq!(location(&dismissed[0].post("/sign/withdraw", &[]).await), "/me");
    const INVALID: &str = "SELECT COUNT(*) FROM signatures WHERE state = 'invalid'";
    assert_eq!(
        database.number(INVALID).await,
        held - 1,
        "the withdrawn one is not invalid any more"
    );
    let again = forwarded_for(
        dismissed[1].form("/sign", &crate::support::server::VALID_SIGNATURE),
        "192.0.2.77",
    );
    assert_eq!(location(&dismissed[1].send(again).await), "/signed");
    assert_eq!(signatures(&server).await, counted + 3);
    // Undoing the decision restores neither of the two.
    let page = manager.get("/console/signatures").await.text().await.unwrap();
    let undo = html::attribute(&page, "[action$='/undo'], [formaction$='/undo']", "action");
    assert_eq!(manager.post(&undo, &[]).await.status(), StatusCode::SEE_OTHER);
    wait_for_number(&database, HELD, held - 2).await;
    const NOT_RESTORED: &str = "SELECT COUNT(*) FROM signatures WHERE state = 'invalid' OR \
        (state = 'withdrawn' AND (name <> '' OR visitor <> '' OR place IS NOT NULL))";
    assert_eq!(database.number(NOT_RESTORED).await, 1, "only the one that was signed again");
    assert_eq!(signatures(&server).await, counted + 3);
    server.terminate();
    server.ended_within(Duration::from_secs(10));
    let (code, said) = run(program(&database.url, database.folder.path()).arg("recount"));
    assert_eq!(code, Some(0), "{said}");
}

//! Proofs of signing forms: thousands of honest people behind one address all count, and who sends
//! none is stored, and counts up to 200 an hour.

use std::{sync::Arc, time::Duration};

use reqwest::StatusCode;
use rstest_reuse::apply;
use service::{Effort, work_out};
use tokio::{sync::Semaphore, time::sleep};

use crate::support::{
    database::{Database, Kind, on_both},
    html,
    process::{Process, add_manager, program, run},
    server::{Server, Visitor, location},
};

/// Signatures of one network within an hour that count without a proof.
const UNPROVEN_FREE: i64 = 200;

/// Work that a test can do for thousands.
const LITTLE: Effort = Effort(3);

const VALID: &str = "SELECT COUNT(*) FROM signatures WHERE state = 'valid'";
const UNPROVEN: &str =
    "SELECT COUNT(*) FROM signatures WHERE state = 'suspect' AND rule = 'no-proof'";

/// A different name for each `n` < 10,000.
fn name(n: usize) -> String {
    let digits = "甲乙丙丁戊己庚辛壬癸";
    let digit = |n: usize| digits.chars().nth(n % 10).unwrap();
    format!("测{}{}{}{}", digit(n / 1000), digit(n / 100), digit(n / 10), digit(n))
}

/// Someone with the form before them.
struct Signer {
    visitor: Visitor,
    key: String,
    effort: Effort,
}

impl Signer {
    async fn at(url: &str, address: &str) -> Self {
        Self::new(Visitor::new(url), address).await
    }

    async fn new(mut visitor: Visitor, address: &str) -> Self {
        visitor.address = address.to_owned();
        let page = visitor.get("/sign").await.text().await.unwrap();
        // Thousands are read: a parser of HTML takes longer than the server.
        let of_key = page.split("name=\"key\" value=\"").nth(1).unwrap();
        let (key, rest) = of_key.split_once("\" data-effort=\"").unwrap();
        let effort = rest.split('"').next().unwrap().parse().unwrap();
        Self { visitor, key: key.to_owned(), effort: Effort(effort) }
    }

    fn proof(&self) -> String {
        match self.effort {
            Effort::NONE => String::new(),
            effort => work_out(&self.key, effort),
        }
    }

    async fn sign(&mut self, name: &str, key: &str, proof: &str) {
        let fields = [
            ("name", name),
            ("pledges", "home"),
            ("consent", "on"),
            ("key", key),
            ("proof", proof),
        ];
        let answer = self.visitor.post("/sign", &fields).await;
        assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/signed"));
    }
}

/// `n` people open the form, wait, and sign, each with a proof or without, 64 at once.
async fn crowd(url: &str, n: usize, address: impl Fn(usize) -> String, with_proof: bool) {
    let at_once = Arc::new(Semaphore::new(64));
    let first = Visitor::new(url);
    let people = (0..n).map(|n| {
        let (visitor, address, at_once) = (first.new_visitor(), address(n), Arc::clone(&at_once));
        tokio::spawn(async move {
            let permit = at_once.acquire().await.unwrap();
            let mut signer = Signer::new(visitor, &address).await;
            let proof = if with_proof { signer.proof() } else { String::new() };
            drop(permit);
            sleep(Duration::from_millis(2_100)).await;
            let _permit = at_once.acquire().await.unwrap();
            let key = signer.key.clone();
            signer.sign(&name(n), &key, &proof).await;
        })
    });
    for person in people.collect::<Vec<_>>() {
        person.await.unwrap();
    }
}

#[apply(on_both)]
async fn two_thousand_honest_people_of_one_network_all_count(#[case] kind: Kind) {
    let server = Server::with_proof_effort(Database::new(kind).await, Effort(1)).await;
    crowd(&server.url, 2_000, |_| "198.51.100.7".into(), true).await;
    assert_eq!(server.database.number(VALID).await, 2_000);
}

/// A manager lets those who have no scripts count by one press.
#[apply(on_both)]
async fn without_scripts_all_are_stored_and_two_hundred_count(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let password = add_manager(&database.url, database.folder.path());
    let mut serve = program(&database.url, database.folder.path());
    serve.arg("serve").env("CHUANGQUAN_TRUSTED_PROXIES", "127.0.0.1");
    let server = Process::serve(serve);
    crowd(&server.url, 2_000, |_| "198.51.100.7".into(), false).await;
    assert_eq!(database.number(VALID).await, UNPROVEN_FREE);
    assert_eq!(database.number(UNPROVEN).await, 2_000 - UNPROVEN_FREE);
    // Whoever is elsewhere counts.
    crowd(&server.url, 1, |_| "198.51.100.8".into(), false).await;
    assert_eq!(database.number(VALID).await, UNPROVEN_FREE + 1);

    let mut manager = Visitor::new(&server.url);
    manager.get("/").await;
    manager.post("/console/login", &[("login", "manager"), ("password", &password)]).await;
    let page = manager.get("/console/signatures").await.text().await.unwrap();
    assert!(page.contains("未经手机验证"), "{page}");
    let form = "form.release-group";
    let field = |name: &str| html::attribute(&page, &format!("{form} [name={name}]"), "value");
    let (rule, place, upto) = (field("rule"), field("place"), field("upto"));
    let fields = [("verdict", "release"), ("rule", &*rule), ("place", &*place), ("upto", &*upto)];
    let pressed = manager.post(&html::attribute(&page, form, "action"), &fields).await;
    assert_eq!(pressed.status(), StatusCode::SEE_OTHER);
    for _ in 0..400 {
        if database.number(VALID).await == 2_001 {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(database.number(VALID).await, 2_001);
    server.terminate();
    server.ended_within(Duration::from_secs(10));
    let (code, said) = run(program(&database.url, database.folder.path()).arg("recount"));
    assert_eq!(code, Some(0), "{said}");
}

#[apply(on_both)]
async fn all_of_a_48_is_one_network(#[case] kind: Kind) {
    let server = Server::with_proof_effort(Database::new(kind).await, LITTLE).await;
    crowd(&server.url, 250, |n| format!("2001:db8:7:{n:x}::1"), false).await;
    assert_eq!(server.database.number(VALID).await, UNPROVEN_FREE);
}

/// What is sent in a hurry is held for that, and uses up nothing of the neighbours'.
#[apply(on_both)]
async fn a_hasty_script_does_not_use_up_what_its_neighbours_have(#[case] kind: Kind) {
    let server = Server::with_proof_effort(Database::new(kind).await, LITTLE).await;
    for n in 0..300 {
        let mut script = Signer::at(&server.url, "203.0.113.9").await;
        script.sign(&name(n), "", "").await;
    }
    let before = server.database.number(VALID).await;
    assert!(before <= 20, "{before}");
    crowd(&server.url, 10, |_| "203.0.113.9".into(), false).await;
    assert_eq!(server.database.number(VALID).await, before + 10);
}

/// A network that has used up what counts without a proof.
async fn used_up(kind: Kind, address: &str) -> Server {
    let server = Server::with_proof_effort(Database::new(kind).await, LITTLE).await;
    crowd(&server.url, 31, |_| address.to_owned(), false).await;
    server.database.execute("UPDATE doubts SET n = 1000").await;
    server
}

#[apply(on_both)]
async fn a_proof_is_good_for_its_own_form_only(#[case] kind: Kind) {
    let here = "198.51.100.7";
    let server = used_up(kind, here).await;
    let valid = async || server.database.number(VALID).await;
    let before = valid().await;
    let mut mine = Signer::at(&server.url, here).await;
    let mut other = Signer::at(&server.url, here).await;
    assert_eq!((mine.effort, other.effort), (LITTLE, LITTLE));
    sleep(Duration::from_millis(2_100)).await;
    let (key, proof) = (mine.key.clone(), mine.proof());
    other.sign("李测试", &key, &proof).await;
    assert_eq!(valid().await, before, "a key is its visitor's");
    mine.sign("王测试", &key, &proof).await;
    assert_eq!(valid().await, before + 1);

    // A proof is good once, also for who has withdrawn and signs again.
    assert_eq!(location(&mine.visitor.post("/sign/withdraw", &[]).await), "/me");
    mine.sign("王测试", &key, &proof).await;
    assert_eq!(valid().await, before);
    mine.visitor.post("/signed", &[("key", &*key), ("proof", &*proof)]).await;
    assert_eq!(valid().await, before);

    // The form comes back with its key and what was worked out, and is not hasty at once.
    let mut third = Signer::at(&server.url, here).await;
    let (key, proof) = (third.key.clone(), third.proof());
    sleep(Duration::from_millis(2_100)).await;
    let faulty = [("name", ""), ("pledges", "home"), ("key", &*key), ("proof", &*proof)];
    let page = third.visitor.post("/sign", &faulty).await.text().await.unwrap();
    assert_eq!(html::attribute(&page, "input[name=key]", "value"), key);
    assert_eq!(html::attribute(&page, "input[name=proof]", "value"), proof);
    third.sign("赵测试", &key, &proof).await;
    assert_eq!(valid().await, before + 1);
}

#[apply(on_both)]
async fn a_proof_that_comes_later_counts(#[case] kind: Kind) {
    let here = "198.51.100.7";
    let server = used_up(kind, here).await;
    let valid = async || server.database.number(VALID).await;
    let before = valid().await;
    let mut signer = Signer::at(&server.url, here).await;
    let mut hasty = Signer::at(&server.url, here).await;
    hasty.sign("李测试", "", "").await;
    let key = signer.key.clone();
    sleep(Duration::from_millis(2_100)).await;
    signer.sign("王测试", &key, "").await;
    assert_eq!(valid().await, before, "it waits");

    let page = signer.visitor.get("/signed").await.text().await.unwrap();
    let field = |name: &str| html::attribute(&page, &format!("#proof input[name={name}]"), "value");
    let (key, owner) = (field("key"), field(ui::OWNER_FIELD));
    let proof = work_out(&key, LITTLE);
    let deliver = async |visitor: &mut Visitor, fields: &[(&str, &str)]| {
        let answer = visitor.post("/signed", fields).await;
        assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/signed"));
    };
    deliver(&mut signer.visitor, &[("key", &key), ("proof", "1.2.3"), (ui::OWNER_FIELD, &owner)])
        .await;
    deliver(&mut hasty.visitor, &[("key", &key), ("proof", &proof)]).await;
    assert_eq!(valid().await, before, "a wrong one, and another's");
    let right = [("key", &*key), ("proof", &*proof), (ui::OWNER_FIELD, &*owner)];
    deliver(&mut signer.visitor, &right).await;
    assert_eq!(valid().await, before + 1);
    deliver(&mut signer.visitor, &right).await;
    assert_eq!(valid().await, before + 1, "once");
    let page = signer.visitor.get("/signed").await.text().await.unwrap();
    assert!(!page.contains("id=\"proof\""), "nothing more is asked for");

    // One that another rule holds is not released by a proof.
    server.database.execute("UPDATE signatures SET state = 'suspect', rule = 'hasty'").await;
    deliver(&mut signer.visitor, &right).await;
    assert_eq!(valid().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_network_cannot_fill_the_disk_with_signatures_that_do_not_count() {
    const STORED: usize = 10_000;
    let server = Server::with_proof_effort(Database::new(Kind::Sqlite).await, LITTLE).await;
    let fields = [("name", "王测试"), ("pledges", "home"), ("consent", "on")];
    let presses = |n: usize, address: &'static str| {
        let first = server.visitor();
        async move {
            let mut visitor = first;
            address.clone_into(&mut visitor.address);
            visitor.get("/sign").await;
            let mut last = None;
            for _ in 0..n {
                last = Some(visitor.post("/sign", &fields).await);
            }
            last.unwrap()
        }
    };
    // It counts presses: to let ten thousand sign would take the test a minute.
    let script = (0..50).map(|_| tokio::spawn(presses(STORED / 50, "203.0.113.9")));
    for one in script.collect::<Vec<_>>() {
        assert_eq!(one.await.unwrap().status(), StatusCode::SEE_OTHER);
    }
    let refused = presses(1, "203.0.113.9").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key("retry-after"));
    let page = refused.text().await.unwrap();
    assert!(page.contains("换个网络") && page.contains("value=\"王测试\""), "{page}");
    assert_eq!(presses(1, "203.0.113.10").await.status(), StatusCode::SEE_OTHER);
    // A phone of that network that works out its proof signs as before.
    let mut signer = Signer::new(server.visitor(), "203.0.113.9").await;
    let (key, proof) = (signer.key.clone(), signer.proof());
    assert!(!proof.is_empty());
    signer.sign("李测试", &key, &proof).await;
}

//! Several nodes on one PostgreSQL: each publishes the commits of the others, and jobs run on one
//! node at a time.

use std::{sync::Arc, time::Duration};

use domain::{client_network::ClientNetwork, signature::SignatureForm};
use reqwest::StatusCode;
use service::{SentKey, Service, signature_review::RequestSignals};
use sqlx::postgres::PgListener;
use store::{PhotoStore, Store};
use tokio::time::{sleep, timeout};

use crate::support::{
    database::{Database, Kind, default_campaign, secrets},
    server::Server,
    staff::PASSWORD,
};

/// Timeout of every wait.
const TIMEOUT: Duration = Duration::from_secs(10);

async fn database() -> Database {
    Database::new(Kind::Postgres).await
}

/// Waits until `store` publishes `signatures`.
async fn wait_for_signatures(store: &Store, signatures: u64) {
    let mut counts = store.follow_counts();
    let heard = counts.wait_for(|counts| counts.signatures == signatures);
    timeout(TIMEOUT, heard).await.expect("the other node is notified").unwrap();
}

async fn sign(store: &Store, database: &Database, n: usize) {
    let campaign = Arc::new(default_campaign());
    let photos = database.folder.path().join("photos").display().to_string();
    let pictures = PhotoStore::open(&photos).unwrap();
    let service = Service::new(store.clone(), pictures, campaign, secrets().keys());
    let form = SignatureForm {
        name: "王测试".into(),
        pledges: vec!["home".into()],
        consent: true,
        ..SignatureForm::default()
    };
    let visitor = format!("{n:0>22}");
    let visitor = domain::visitor::VisitorId::parse(&visitor).unwrap();
    let elsewhere = ClientNetwork::unknown();
    let no_key = SentKey::default();
    let signals = RequestSignals {
        client_network: &elsewhere,
        dwell: 10_000,
        key: &no_key,
        has_accounts: false,
        honeypot_filled: false,
    };
    service.sign(&visitor, &form, &signals).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn commits_are_notified_in_batches_to_all_nodes() {
    let database = database().await;
    let (here, there) = (database.store().await, database.store().await);
    let mut notices = PgListener::connect(&database.url).await.unwrap();
    notices.listen("chuangquan_counts").await.unwrap();
    for n in 0..200 {
        sign(&here, &database, n).await;
    }
    wait_for_signatures(&there, 200).await;
    assert_eq!(*here.counts(), *there.counts());
    let mut received = 0;
    let mut last = String::new();
    while let Ok(Ok(notice)) = timeout(Duration::from_millis(500), notices.recv()).await {
        received += 1;
        last = notice.payload().to_owned();
    }
    assert_eq!(last, here.counts().revision.to_string());
    assert!((1..200).contains(&received), "{received} notices for 200 commits");
}

/// Terminates the LISTEN connections of all nodes; returns how many.
async fn terminate_listeners(database: &Database) -> i64 {
    database
        .number(
            "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE application_name = 'chuangquan listening' AND datname = current_database()",
        )
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_without_listener_polls_and_reconnects() {
    let database = database().await;
    let (here, there) = (database.store().await, database.store().await);
    let wait_for_listeners = async || {
        timeout(TIMEOUT, async {
            while database
                .number(
                    "SELECT COUNT(*) FROM pg_stat_activity \
                     WHERE application_name = 'chuangquan listening' AND datname = current_database()",
                )
                .await
                < 2
            {
                sleep(Duration::from_millis(50)).await;
            }
        })
        .await
        .expect("both nodes listen");
    };
    wait_for_listeners().await;
    assert_eq!(terminate_listeners(&database).await, 2);
    sign(&here, &database, 1).await;
    wait_for_signatures(&there, 1).await;
    wait_for_listeners().await;
    sign(&there, &database, 2).await;
    wait_for_signatures(&here, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_node_at_a_time_does_the_periodic_jobs() {
    let database = database().await;
    let (here, there) = (database.store().await, database.store().await);
    let mut lock = here.try_job_lock().await.unwrap().expect("no other node has the lock");
    assert!(lock.holds().await);
    assert!(there.try_job_lock().await.unwrap().is_none());
    assert!(here.try_job_lock().await.unwrap().is_none(), "not twice on one node");
    drop(lock);
    let other = timeout(TIMEOUT, async {
        loop {
            if let Some(lead) = there.try_job_lock().await.unwrap() {
                return lead;
            }
            sleep(Duration::from_millis(20)).await;
        }
    });
    let mut other = other.await.expect("the other node gets the lock");
    // Its connection breaks: it loses the lock, and another node may take it.
    database
        .number(
            "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' \
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        .await;
    assert!(!other.holds().await);
    let again = timeout(TIMEOUT, async {
        while here.try_job_lock().await.unwrap().is_none() {
            sleep(Duration::from_millis(20)).await;
        }
    });
    again.await.expect("the first node gets the lock again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sessions_and_login_limits_are_shared_by_all_nodes() {
    let database = database().await;
    let (here, there) = (Server::start(database.clone()).await, Server::start(database).await);
    here.add_staff("manager", "manager", &[]).await;
    let browser = here.logged_in("manager").await;
    let mut elsewhere = there.visitor();
    elsewhere.cookies = browser.cookies;
    assert_eq!(elsewhere.get("/console").await.status(), StatusCode::OK);

    let mut statuses = Vec::new();
    let (mut guesser, mut guesser_there) = (here.known_visitor().await, there.visitor());
    guesser_there.cookies.clone_from(&guesser.cookies);
    for n in 0..12 {
        let guesser = if n % 2 == 0 { &mut guesser } else { &mut guesser_there };
        let fields = [("login", "manager"), ("password", "wrong wrong wrong")];
        statuses.push(guesser.post("/console/login", &fields).await.status());
    }
    assert_eq!(statuses[..10], [StatusCode::UNPROCESSABLE_ENTITY; 10]);
    assert_eq!(statuses[10..], [StatusCode::TOO_MANY_REQUESTS; 2], "both nodes count together");
    // A device on which the login succeeded before is exempt.
    let fields = [("login", "manager"), ("password", PASSWORD)];
    assert_eq!(elsewhere.post("/console/login", &fields).await.status(), StatusCode::SEE_OTHER);
    let stored = "SELECT COUNT(*) FROM tries WHERE place LIKE '%127.%' OR place LIKE '%manager%'";
    assert_eq!(there.database.number(stored).await, 0, "no address is kept");
}

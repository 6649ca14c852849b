//! Several nodes on one PostgreSQL: what one commits the others tell, and what happens
//! once happens on one of them.

use std::{sync::Arc, time::Duration};

use domain::signature::SignatureForm;
use reqwest::StatusCode;
use service::{Service, signature_review::RequestSignals};
use sqlx::postgres::PgListener;
use store::{PhotoStore, Store};
use tokio::time::{sleep, timeout};

use crate::support::{
    database::{Database, Kind, default_campaign, secrets},
    server::Server,
    staff::PASSWORD,
};

/// Longer than anything here may take.
const PATIENCE: Duration = Duration::from_secs(10);

async fn database() -> Database {
    Database::new(Kind::Postgres).await
}

/// Waits until `store` tells of `signatures`.
async fn hears(store: &Store, signatures: u64) {
    let mut counts = store.follow_counts();
    let heard = counts.wait_for(|counts| counts.signatures == signatures);
    timeout(PATIENCE, heard).await.expect("the other node hears of it").unwrap();
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
    service.sign(&visitor, &form, &RequestSignals::default()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_is_told_once_for_many_and_heard_everywhere() {
    let database = database().await;
    let (here, there) = (database.store().await, database.store().await);
    let mut notices = PgListener::connect(&database.url).await.unwrap();
    notices.listen("chuangquan_counts").await.unwrap();
    for n in 0..200 {
        sign(&here, &database, n).await;
    }
    hears(&there, 200).await;
    assert_eq!(*here.counts(), *there.counts());
    let mut told = 0;
    let mut last = String::new();
    while let Ok(Ok(notice)) = timeout(Duration::from_millis(500), notices.recv()).await {
        told += 1;
        last = notice.payload().to_owned();
    }
    assert_eq!(last, here.counts().revision.to_string());
    assert!((1..200).contains(&told), "{told} notices for 200 commits");
}

/// Ends the connections of the nodes on which they hear of each other; how many.
async fn cut_off(database: &Database) -> i64 {
    database
        .number(
            "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE application_name = 'chuangquan listening' AND datname = current_database()",
        )
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_that_is_cut_off_looks_by_itself_and_hears_again() {
    let database = database().await;
    let (here, there) = (database.store().await, database.store().await);
    let listening = async || {
        timeout(PATIENCE, async {
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
    listening().await;
    assert_eq!(cut_off(&database).await, 2);
    sign(&here, &database, 1).await;
    hears(&there, 1).await;
    listening().await;
    sign(&there, &database, 2).await;
    hears(&here, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_node_at_a_time_does_the_periodic_jobs() {
    let database = database().await;
    let (here, there) = (database.store().await, database.store().await);
    let mut lead = here.try_job_lock().await.unwrap().expect("nobody else leads");
    assert!(lead.holds().await);
    assert!(there.try_job_lock().await.unwrap().is_none());
    assert!(here.try_job_lock().await.unwrap().is_none(), "not twice on one node either");
    drop(lead);
    let other = timeout(PATIENCE, async {
        loop {
            if let Some(lead) = there.try_job_lock().await.unwrap() {
                return lead;
            }
            sleep(Duration::from_millis(20)).await;
        }
    });
    let mut other = other.await.expect("the other node takes over");
    // Its connection breaks: it must not go on, and someone else may.
    database
        .number(
            "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' \
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        .await;
    assert!(!other.holds().await);
    let again = timeout(PATIENCE, async {
        while here.try_job_lock().await.unwrap().is_none() {
            sleep(Duration::from_millis(20)).await;
        }
    });
    again.await.expect("the first node leads again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sessions_and_tries_at_passwords_hold_on_every_node() {
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
    // Whoever is known on this device is not kept out by what others do.
    let fields = [("login", "manager"), ("password", PASSWORD)];
    assert_eq!(elsewhere.post("/console/login", &fields).await.status(), StatusCode::SEE_OTHER);
    let stored = "SELECT COUNT(*) FROM tries WHERE place LIKE '%127.%' OR place LIKE '%manager%'";
    assert_eq!(there.database.number(stored).await, 0, "no address is kept");
}

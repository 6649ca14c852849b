//! Contract of the store, on both databases.

use std::collections::BTreeSet;

use domain::{
    counts::UNSPECIFIED, signature::NewSignature, slug::Slug, text::Name, visitor::VisitorId,
};
use rstest_reuse::apply;
use store::{PhotoStore, SignRequest, Store, StoreError};

use crate::support::database::{Database, Kind, default_campaign, on_both, secrets};

fn visitor(n: usize) -> VisitorId {
    VisitorId::parse(&format!("{n:022}")).unwrap()
}

fn row(n: usize) -> SignRequest {
    let grid = match n % 3 {
        0 => None,
        k => Some(Slug::parse(&format!("grid-{k:02}")).unwrap()),
    };
    let pledges = ["home", "traffic", "neighbours"].iter().take(1 + n % 3);
    SignRequest {
        network_hash: None,
        rule_hits: Vec::new(),
        visitor: visitor(n),
        signature: NewSignature {
            name: Name::parse(&format!("王测试{n}")).unwrap().unwrap(),
            grid,
            pledges: pledges.map(|slug| Slug::parse(slug).unwrap()).collect(),
            message: None,
            show_name: n.is_multiple_of(2),
        },
        consent: "test".into(),
    }
}

async fn sign_all(store: &Store, numbers: impl Iterator<Item = usize>) -> Vec<(u64, bool)> {
    let signs = numbers.map(|n| {
        let store = store.clone();
        tokio::spawn(async move { store.sign(row(n)).await.unwrap() })
    });
    let mut results = Vec::new();
    for sign in signs.collect::<Vec<_>>() {
        let signed = sign.await.unwrap();
        results.push((signed.ordinal, signed.newly_stored));
    }
    results
}

/// Total = sum over grids = valid rows, and `recount` finds no drift.
async fn assert_counts_agree(store: &Store, database: &Database) {
    let counts = store.counts();
    let rows = database.number("SELECT COUNT(*) FROM signatures WHERE state = 'valid'").await;
    assert_eq!(counts.signatures, rows.unsigned_abs());
    assert_eq!(counts.grids.values().sum::<u64>(), counts.signatures);
    assert!(counts.pledges.values().sum::<u64>() >= counts.signatures);
    assert_eq!(store.recount().await.unwrap(), []);
}

#[apply(on_both)]
async fn one_visitor_signs_once_however_often_it_tries(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let store = database.store().await;
    let results = sign_all(&store, std::iter::repeat_n(7, 1000)).await;
    assert_eq!(results.iter().filter(|(_, fresh)| *fresh).count(), 1);
    assert!(results.iter().all(|(ordinal, _)| *ordinal == 1));
    assert_eq!(database.number("SELECT COUNT(*) FROM signatures").await, 1);
    assert_counts_agree(&store, &database).await;
}

#[apply(on_both)]
async fn ordinals_are_unique_and_counts_add_up(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let store = database.store().await;
    let results = sign_all(&store, 0..2000).await;
    let ordinals: BTreeSet<u64> = results.iter().map(|(ordinal, _)| *ordinal).collect();
    assert_eq!(ordinals, (1..=2000).collect());
    assert_counts_agree(&store, &database).await;
    let counts = store.counts();
    assert_eq!(counts.grids[UNSPECIFIED], 667);
    assert_eq!(counts.pledges["home"], 2000);
    assert_eq!(counts.pledges["public-places"], 0);
    assert_eq!(store.showable_ordinals(i64::MAX, 2).await.unwrap().len(), 2);
}

#[apply(on_both)]
async fn a_withdrawal_takes_exactly_one_and_its_ordinal_is_not_used_again(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let store = database.store().await;
    sign_all(&store, 0..3).await;
    let before = store.counts();
    assert!(store.withdraw(visitor(1)).await.unwrap());
    assert!(!store.withdraw(visitor(1)).await.unwrap(), "there is nothing left to withdraw");
    let after = store.counts();
    assert_eq!(after.signatures, before.signatures - 1);
    assert_eq!(after.grids["grid-01"], before.grids["grid-01"] - 1);
    assert_eq!(after.pledges["traffic"], before.pledges["traffic"] - 1);
    assert_eq!(store.signature_of(&visitor(1)).await.unwrap(), None);
    let left = database
        .number("SELECT COUNT(*) FROM signatures WHERE state = 'withdrawn' AND name = '' AND visitor = '' \
                 AND grid IS NULL AND pledges = '[]' AND message IS NULL AND NOT show_name")
        .await;
    assert_eq!(left, 1, "only ordinal and times are kept");

    let again = store.sign(row(1)).await.unwrap();
    assert_eq!((again.ordinal, again.newly_stored), (4, true));
    assert_counts_agree(&store, &database).await;
}

#[apply(on_both)]
async fn requests_of_one_visitor_are_done_in_order(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let store = database.store().await;
    let rounds = (0..40).map(|n| {
        let store = store.clone();
        tokio::spawn(async move {
            for _ in 0..5 {
                store.sign(row(n)).await.unwrap();
                assert!(store.withdraw(visitor(n)).await.unwrap());
            }
            store.sign(row(n)).await.unwrap()
        })
    });
    for round in rounds.collect::<Vec<_>>() {
        assert!(round.await.unwrap().newly_stored);
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM signatures").await, 240);
    assert_eq!(store.counts().signatures, 40);
    assert_counts_agree(&store, &database).await;
}

#[apply(on_both)]
async fn the_revision_only_grows_and_survives_a_restart(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let store = database.store().await;
    let mut last = store.counts().revision;
    for n in 0..5 {
        store.sign(row(n)).await.unwrap();
        let now = store.counts().revision;
        assert!(now > last);
        last = now;
    }
    store.sign(row(0)).await.unwrap();
    assert_eq!(store.counts().revision, last, "nothing changed");
    let before = store.counts();
    store.close().await;
    assert_eq!(database.store().await.counts(), before);
}

#[apply(on_both)]
async fn a_drifted_counter_is_found(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let store = database.store().await;
    sign_all(&store, 0..10).await;
    assert_eq!(store.recount().await.unwrap(), []);
    database
        .execute("UPDATE counters SET n = n + 2 WHERE kind = 'grid' AND slug = 'grid-01'")
        .await;
    let drifts = store.recount().await.unwrap();
    assert_eq!(drifts.len(), 1);
    let said = drifts[0].to_string();
    assert_eq!(said, "grid grid-01: the counter says 5, the rows say 3");
}

#[apply(on_both)]
async fn commits_of_another_process_are_noticed(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let one = database.store().await;
    let other = database.store().await;
    let mut followed = one.follow_counts();
    other.sign(row(1)).await.unwrap();
    let noticed = followed.wait_for(|counts| counts.signatures == 1);
    tokio::time::timeout(std::time::Duration::from_secs(5), noticed).await.unwrap().unwrap();
    assert_eq!(one.counts(), other.counts());
    // Both assign ordinals from one sequence.
    assert_eq!(one.sign(row(2)).await.unwrap().ordinal, 2);
    assert_eq!(other.sign(row(3)).await.unwrap().ordinal, 3);
}

fn photo_store(database: &Database) -> PhotoStore {
    PhotoStore::open(&database.folder.path().join("photos").display().to_string()).unwrap()
}

#[apply(on_both)]
async fn a_copy_is_made_while_others_write(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let store = database.store().await;
    sign_all(&store, 0..1500).await;
    store.withdraw(visitor(3)).await.unwrap();
    let writing = {
        let store = store.clone();
        tokio::spawn(async move { sign_all(&store, 2000..4000).await })
    };
    let folder = database.folder.path().join("copy");
    let copied = store.backup(&photo_store(&database), &folder).await.unwrap();
    writing.await.unwrap();
    assert!(copied.rows >= 1500);

    // A backup can be restored into either database.
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let other = Database::new(kind).await;
        let filled = other.store().await;
        let restored = filled.restore(&photo_store(&other), &folder, false).await.unwrap();
        assert_eq!(restored, copied);
        filled.close().await;
        let filled = other.store().await;
        assert_counts_agree(&filled, &other).await;
        assert!(filled.counts().signatures >= 1499);
        assert_eq!(
            filled.signature_of(&visitor(4)).await.unwrap(),
            store.signature_of(&visitor(4)).await.unwrap()
        );
        assert_eq!(filled.signature_of(&visitor(3)).await.unwrap(), None);
        let next = filled.sign(row(9999)).await.unwrap();
        let stored = other.number("SELECT COUNT(*) FROM signatures").await;
        assert_eq!(next.ordinal, stored.unsigned_abs(), "ordinals continue");
    }
}

#[apply(on_both)]
async fn backup_and_restore_do_not_overwrite(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let store = database.store().await;
    store.sign(row(1)).await.unwrap();
    let folder = database.folder.path().join("copy");
    let photos = photo_store(&database);
    store.backup(&photos, &folder).await.unwrap();
    let refused = store.backup(&photos, &folder).await.unwrap_err().to_string();
    assert!(refused.contains("is not empty"), "{refused}");
    let refused = store.restore(&photos, &folder, false).await.unwrap_err().to_string();
    assert!(refused.contains("not empty"), "{refused}");

    std::fs::write(folder.join("signatures.jsonl"), "").unwrap();
    let other = Database::new(database.kind).await;
    let empty = other.store().await;
    let refused =
        empty.restore(&photo_store(&other), &folder, false).await.unwrap_err().to_string();
    assert!(refused.contains("was changed since the copy was made"), "{refused}");
    assert_eq!(empty.recount().await.unwrap(), []);
    assert!(empty.sign(row(1)).await.unwrap().newly_stored, "nothing was changed");
}

#[apply(on_both)]
async fn closing_answers_what_is_queued(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let store = database.store().await;
    let signs: Vec<_> = (0..500)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.sign(row(n)).await })
        })
        .collect();
    tokio::task::yield_now().await;
    store.close().await;
    let mut acknowledged = 0;
    for sign in signs {
        match sign.await.unwrap() {
            Ok(_) => acknowledged += 1,
            Err(StoreError::Unavailable(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    let rows = database.number("SELECT COUNT(*) FROM signatures").await;
    assert_eq!(rows, acknowledged);
}

#[tokio::test]
async fn a_database_that_would_lose_commits_is_refused() {
    let database = Database::new(Kind::Postgres).await;
    let name = database.url.rsplit('/').next().unwrap().to_owned();
    let mut connection =
        <sqlx::PgConnection as sqlx::Connection>::connect(&database.url).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("ALTER DATABASE {name} SET synchronous_commit = off")))
        .execute(&mut connection)
        .await
        .unwrap();
    let refused = Store::open(&database.url, secrets().seal(), &default_campaign())
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("synchronous_commit"), "{refused}");
}

#[tokio::test]
async fn other_databases_are_refused() {
    for url in ["mysql://x", "", "chuangquan.db"] {
        let refused = Store::open(url, secrets().seal(), &default_campaign()).await.unwrap_err();
        assert!(matches!(refused, StoreError::Setup(_)), "{url}: {refused}");
    }
}

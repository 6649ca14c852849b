//! Migrations: a database of every released schema is migrated, with its data.

use std::path::{Path, PathBuf};

use domain::{message::ReviewLane, report::Audience, visitor::VisitorId};
use reqwest::StatusCode;
use rstest_reuse::apply;
use sqlx::{PgPool, SqlitePool, migrate::Migrator, sqlite::SqliteConnectOptions};

use crate::support::{
    database::{Database, Kind, on_both},
    server::Server,
};

/// Rows written under each schema, in addition to those of the schemas before.
const ROWS: [&[&str]; 6] = [
    &[
        "INSERT INTO signatures (ordinal, visitor, state, name, grid, pledges, message, show_name, consent, signed_at, withdrawn_at) VALUES \
         (1, 'aaaaaaaaaaaaaaaaaaaaaa', 'valid', '王测试', 'grid-01', '[\"home\",\"traffic\"]', NULL, TRUE, '2020-11', 1700000000000, NULL), \
         (2, 'bbbbbbbbbbbbbbbbbbbbbb', 'valid', '李测试', NULL, '[\"home\"]', '大家一起来', FALSE, '2020-11', 1700000000001, NULL), \
         (3, '', 'withdrawn', '', NULL, '[]', NULL, FALSE, '2020-11', 1700000000002, 1700000000003)",
        "INSERT INTO counters (kind, slug, n) VALUES ('signatures', 'all', 2), ('grid', 'grid-01', 1), \
         ('grid', 'unspecified', 1), ('pledge', 'home', 2), ('pledge', 'traffic', 1)",
        // Deleted rows, whose text remains in free pages of the file.
        "WITH RECURSIVE many (n) AS (SELECT 100 UNION ALL SELECT n + 1 FROM many WHERE n < 900) \
         INSERT INTO signatures (ordinal, visitor, state, name, pledges, show_name, consent, signed_at) \
         SELECT n, 'c' || n, 'valid', '钱测试', '[]', FALSE, '2020-11', 1700000000002 FROM many",
        "DELETE FROM signatures WHERE ordinal >= 100",
        "UPDATE ledger SET revision = 4, as_of = 1700000000003, last_ordinal = 3",
    ],
    &[
        "INSERT INTO reports (serial, code, year, visitor, source, state, category, kind, grid, branch, unit, description, place, lat, lon, accuracy, contact_name, contact_phone, rating_comment, consent, hidden, version, level, reopened, supervised, submitted_at, supporters) VALUES \
         (1, 'RRRRRRRRRRRRRRRRRRRRRR', 2026, 'aaaaaaaaaaaaaaaaaaaaaa', 'resident', 'submitted', 'corridor', 'casework', 'grid-01', 'residential', 'property', '三楼堆了旧家具', '测试小区', 31.2987651, 121.5678912, 12, '张测试', '13900139017', '还行', '2020-11', 0, 1, 0, 0, 0, 1700000001000, 0)",
        "INSERT INTO report_events (serial, version, at, what, state, text, audience) VALUES (1, 1, 1700000001000, 'filed', 'submitted', '补充一句', 'reporter')",
        // Dispatched twice; of the staff who worked on it since, one appears twice.
        "INSERT INTO report_events (serial, version, at, staff, what, state, audience) VALUES \
         (1, 2, 1, 4, 'start', 'in_progress', 'public'), (1, 3, 2, 5, 'dispatch', 'dispatched', 'public'), \
         (1, 4, 3, 6, 'start', 'in_progress', 'public'), (1, 5, 4, 7, 'note', 'in_progress', 'staff'), \
         (1, 6, 5, 8, 'extend', 'in_progress', 'staff'), (1, 7, 6, 6, 'finish', 'awaiting_check', 'public'), \
         (1, 8, 7, 9, 'hide', 'awaiting_check', 'staff')",
        "UPDATE reports SET hidden = 1, referred_to = '以前转过' WHERE serial = 1",
        "INSERT INTO objections (ordinal, visitor, at, reason) VALUES (2, 'aaaaaaaaaaaaaaaaaaaaaa', 1700000001000, '这不好')",
        "INSERT INTO counters (kind, slug, n) VALUES ('reports', 'received', 1), ('reports', 'open', 1), ('report-state', 'submitted', 1), ('branch-open', 'residential', 1)",
        "UPDATE ledger SET revision = 5, last_report = 1",
        "UPDATE signatures SET message_state = 'shown' WHERE ordinal = 2",
    ],
    &["INSERT INTO tries (place, n, since) VALUES ('x', 3, 1700000001000)"],
    &[
        "INSERT INTO recoveries (visitor, phrase, made_at) VALUES ('aaaaaaaaaaaaaaaaaaaaaa', 'hash', 1700000001000)",
    ],
    &[
        "INSERT INTO wechat_identities (identity, visitor, linked_at) VALUES ('hash', 'aaaaaaaaaaaaaaaaaaaaaa', 1700000001000)",
    ],
    &["INSERT INTO doubts (place, n, since) VALUES ('x', 3, 1700000001000)"],
];

/// Plain text in these rows, which must be encrypted afterwards.
const PLAINTEXTS: [&str; 11] = [
    "钱测试",
    "王测试",
    "李测试",
    "大家一起来",
    "三楼堆了旧家具",
    "测试小区",
    "31.2987651",
    "张测试",
    "13900139017",
    "补充一句",
    "这不好",
];

/// A folder with the migrations up to `version`, as sqlx reads them.
fn migrations_up_to(kind: Kind, version: usize, folder: &Path) -> PathBuf {
    let dialect = if kind == Kind::Sqlite { "sqlite" } else { "postgres" };
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/sql/migrations").join(dialect);
    let some = folder.join(format!("steps-{version}"));
    std::fs::create_dir(&some).unwrap();
    for file in std::fs::read_dir(all).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        if name[..4].parse::<usize>().unwrap() <= version {
            std::fs::copy(file.path(), some.join(name)).unwrap();
        }
    }
    some
}

/// A database as the release with schema `version` left it.
async fn database_of_schema(kind: Kind, version: usize) -> Database {
    let database = Database::new(kind).await;
    // One schema after another, as in real updates.
    for step in 1..=version {
        let steps =
            Migrator::new(migrations_up_to(kind, step, database.folder.path())).await.unwrap();
        match kind {
            Kind::Sqlite => {
                let options: SqliteConnectOptions = database.url.parse().unwrap();
                let pool = SqlitePool::connect_with(options.create_if_missing(true)).await.unwrap();
                steps.run(&pool).await.unwrap();
                pool.close().await;
            }
            Kind::Postgres => {
                let pool = PgPool::connect(&database.url).await.unwrap();
                steps.run(&pool).await.unwrap();
                pool.close().await;
            }
        }
        for row in ROWS[step - 1] {
            database.execute(row).await;
        }
    }
    database
}

#[apply(on_both)]
async fn every_released_schema_is_brought_up_to_date(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    for version in 1..=ROWS.len() {
        let server = Server::start(database_of_schema(database.kind, version).await).await;
        let drifts = server.store.recount().await.unwrap();
        assert!(drifts.is_empty(), "schema {version}: {drifts:?}");
        assert_eq!(server.service.counts().signatures, 2, "schema {version}");
        let visitor = VisitorId::parse(&"a".repeat(22)).unwrap();
        let mine = server.service.signature_of(&visitor).await.unwrap().unwrap();
        assert_eq!((mine.ordinal, mine.name.as_str()), (1, "王测试"), "schema {version}");
        let (reports, _) = server.service.my_reports(&visitor).await.unwrap();
        assert_eq!(reports.len(), usize::from(version > 1), "schema {version}");
        // Plain text of the old schema is encrypted, can be read, and is nowhere else.
        if let Some(report) = reports.first() {
            let texts = (report.description.as_str(), report.place.as_str());
            assert_eq!(texts, ("三楼堆了旧家具", "测试小区"));
            assert_eq!((report.lat, report.lon), (Some(31.298_765_1), Some(121.567_891_2)));
            assert_eq!(report.accuracy, Some(12));
            assert_eq!(report.contact_name.as_deref(), Some("张测试"));
            assert_eq!(report.contact_phone.as_deref(), Some("13900139017"));
            assert_eq!(report.rating_comment.as_deref(), Some("还行"));
            assert_eq!(report.erased_at, None);
            let mut movers = report.moved_by.clone();
            movers.sort_unstable();
            assert_eq!((movers.as_slice(), report.hidden_by), (&[6, 8][..], Some(9)));
            assert_eq!(report.referred_to, None, "not a pending referral");
            let events = server.store.timeline(1, None, Audience::Staff).await.unwrap().events;
            assert_eq!(events[0].text.as_deref(), Some("补充一句"));
            let objected = ReviewLane::Objected;
            let waiting = server.store.messages_to_review(objected, 0, 9).await.unwrap();
            assert_eq!(waiting[0].message.text, "大家一起来");
            assert_eq!(waiting[0].reasons, ["这不好"]);
        }
        let everything = server.database.all_bytes().await;
        for text in PLAINTEXTS {
            let found = everything.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!found, "schema {version}: {text}");
        }
        // The migrated database works.
        let mut visitor = server.known_visitor().await;
        assert_eq!(visitor.sign().await.status(), StatusCode::SEE_OTHER);
        visitor.report("grid-01", &[]).await;
        assert_eq!(server.service.counts().signatures, 3);
        assert!(server.store.recount().await.unwrap().is_empty(), "schema {version}");
    }
}

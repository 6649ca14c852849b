//! Statistics read what was counted of each day, and say the same as if they had counted now.

use domain::{
    report::{Code, State},
    staff::Staff,
};
use rstest_reuse::apply;
use service::statistics::Days;

use crate::{
    casework::change_report,
    support::{
        database::{Database, Kind, on_both},
        server::Server,
    },
};

const DAY: i64 = 86_400_000;

/// Counts all days that are listed; those of before this is called for the first time are listed by it.
async fn count(server: &Server) {
    for _ in 0..2 {
        server.database.execute("UPDATE report_days SET listed_at = 0").await;
        server.service.count_days().await.unwrap();
    }
}

const NOT_COUNTED: &str = "SELECT COUNT(*) FROM report_days WHERE format = 0";

/// Compares what is read with what is counted now, for everyone and for several spans.
async fn check(server: &Server, staff: &[Staff], step: &str) {
    let today = server.service.days(None, None, 1).to;
    let spans = [(0, 0), (6, 0), (6, 3), (89, 0), (2, 2), (4, -30)];
    let spans = spans.map(|(from, to)| Days {
        from: today.saturating_sub(jiff::ToSpan::days(from)),
        to: today.saturating_sub(jiff::ToSpan::days(to)),
    });
    let read = async || {
        let mut all = Vec::new();
        for days in spans {
            for staff in staff {
                all.push(format!("{:?}", server.service.stats(staff, days).await.unwrap()));
            }
            all.push(format!("{:?}", server.service.weekly(days).await.unwrap().week));
        }
        all
    };
    let counted = read().await;
    // Without any counted day.
    server.database.execute("UPDATE report_days SET format = format - 100").await;
    let fresh = read().await;
    server.database.execute("UPDATE report_days SET format = format + 100").await;
    assert_eq!(counted, fresh, "{step}");
}

#[apply(on_both)]
async fn counted_days_say_what_the_reports_say(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    let staff = [
        server.add_staff("manager", "manager", &[]).await,
        server.add_staff("worker", "grid-worker", &["grid-01", "grid-02"]).await,
        server.add_staff("lead", "branch-lead", &["residential", "city-operation"]).await,
    ];
    // Before there is any report.
    count(&server).await;
    check(&server, &staff, "nothing").await;
    let now = server.service.now();
    // Eight hours after noon is the same day, whenever this runs.
    let today = server.service.days(None, None, 1).to.to_string();
    let noon = server.service.day_begins(&today).unwrap() + DAY / 2;
    let mut codes = Vec::new();
    for n in 0..8 {
        let mut visitor = server.known_visitor().await;
        visitor.sign().await;
        let grid = ["grid-01", "grid-02", "grid-03"][n % 3];
        let code = Code::parse(&visitor.report(grid, &[]).await).unwrap();
        let days = i64::try_from(n).unwrap();
        let at = noon - days * DAY;
        change_report(&server.store, &code, |report| {
            report.submitted_at = at;
            report.promised_at = Some(at + 2 * DAY);
        })
        .await;
        codes.push(code);
    }
    check(&server, &staff, "not listed").await;
    count(&server).await;
    assert!(server.database.number(NOT_COUNTED).await <= 1, "tomorrow is not counted");
    check(&server, &staff, "counted").await;
    // Each of these marks the days that it touches, and no more.
    for (n, code) in codes.iter().enumerate() {
        let days = i64::try_from(n).unwrap();
        change_report(&server.store, code, |report| {
            report.accepted_at = Some(report.submitted_at + DAY / 3);
            report.state = State::Accepted;
        })
        .await;
        let marked = server.database.number(NOT_COUNTED).await;
        assert!((2..=4).contains(&marked), "{marked} days are marked");
        check(&server, &staff, "accepted").await;
        change_report(&server.store, code, |report| {
            report.finished_at = Some(report.submitted_at + days * DAY);
            report.closed_at = Some(now - DAY);
            report.state = State::Closed;
            report.solved = [None, Some(true), Some(false)][n % 3];
            report.reopened = u8::from(n % 2 == 1);
        })
        .await;
        check(&server, &staff, "closed").await;
        if n % 2 == 0 {
            count(&server).await;
            check(&server, &staff, "counted again").await;
        }
    }
    // Taken back on another day than it was closed on.
    change_report(&server.store, &codes[4], |report| {
        report.state = State::InProgress;
        report.closed_at = None;
    })
    .await;
    check(&server, &staff, "opened again").await;
    // Signatures that are taken back leave their hour.
    let mut visitor = server.known_visitor().await;
    visitor.sign().await;
    visitor.post("/sign/withdraw", &[]).await;
    let today = server.service.days(None, None, 1);
    assert_eq!(server.service.weekly(today).await.unwrap().week.signed, 8);
    assert_eq!(server.store.recount().await.unwrap(), []);
}

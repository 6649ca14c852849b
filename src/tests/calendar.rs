//! A calendar of working days that is corrected: open limits are counted anew at the next start, and
//! managers are told.

use domain::{
    campaign::{CalendarYear, Campaign, Day},
    report::{Action, CaseNumber, Code, EventKind, Report, State},
    time::{DAY, Millis},
};
use rstest_reuse::apply;

use super::casework::{act, change_report, command, file_report};
use crate::support::{
    database::{Database, Kind, default_campaign, on_both},
    server::Server,
};

const NO_CASE: CaseNumber = CaseNumber { year: 2026, serial: 99 };

/// Limits are whole minutes.
const ROUNDING: Millis = 120_000;

/// The same campaign, in which today and the next nine days are holidays.
fn with_holidays() -> Campaign {
    let mut campaign = default_campaign();
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let today = zone.to_datetime(jiff::Timestamp::now());
    campaign.calendar.clear();
    for days in 0..10 {
        let date = today.date().checked_add(jiff::Span::new().days(days)).unwrap();
        let day = Day { year: date.year(), month: date.month(), day: date.day() };
        match campaign.calendar.iter_mut().find(|known| known.year == day.year) {
            Some(known) => known.holidays.push(day),
            None => campaign.calendar.push(CalendarYear {
                year: day.year,
                holidays: vec![day],
                working_days: Vec::new(),
            }),
        }
    }
    campaign
}

async fn stored(server: &Server, code: &Code) -> Report {
    server.store.report(code).await.unwrap().unwrap()
}

/// Starts with a calendar, as the program does.
async fn start(database: Database, campaign: Campaign) -> Server {
    let server = Server::with_campaign(database, campaign, "").await;
    server.service.note_calendar().await.unwrap();
    server.service.move_limits().await.unwrap();
    server
}

fn assert_near(found: Option<Millis>, due: Millis, what: &str) {
    let found = found.unwrap();
    assert!((found - due).abs() <= ROUNDING, "{what}: {} minutes off", (found - due) / 60_000);
}

#[apply(on_both)]
async fn open_limits_are_counted_anew_and_managers_are_told(#[case] kind: Kind) {
    let before = start(Database::new(kind).await, default_campaign()).await;
    let worker = before.add_staff("worker", "grid-worker", &["grid-01"]).await;
    before.add_staff("manager", "manager", &[]).await;
    let mut visitor = before.known_visitor().await;
    let mut codes = Vec::new();
    let service = &before.service;
    for orders in [
        vec![],
        vec![Action::Accept],
        vec![Action::Accept, Action::Dispatch, Action::Start, Action::Finish],
        vec![Action::Ask],
        vec![Action::Reject],
    ] {
        let mut report = file_report(&before, &mut visitor, "grid-01").await;
        for action in orders {
            report = act(service, &worker, &report, command(action, NO_CASE)).await.unwrap();
        }
        codes.push(report.code);
    }
    let mut old = Vec::new();
    for code in &codes {
        old.push(stored(&before, code).await);
    }

    let after = start(before.database.clone(), with_holidays()).await;
    let calendar = after.service.calendar();
    let days = &after.service.campaign().deadlines;
    let mut new = Vec::new();
    for code in &codes {
        new.push(stored(&after, code).await);
    }
    assert_near(new[0].due_at, calendar.due(new[0].submitted_at, days.accept), "acceptance");
    let promised = calendar.due(new[1].accepted_at.unwrap(), days.ordinary);
    assert_near(new[1].promised_at, promised, "promise");
    assert_eq!(new[1].due_at, new[1].promised_at);
    assert_near(new[2].due_at, calendar.due(new[2].finished_at.unwrap(), days.check), "check");
    let asked = after.service.events_since(&new[3], 1).await.unwrap()[0].0.at;
    assert_near(new[3].escalate_at, calendar.due(asked, 2), "answer");
    assert_eq!(new[4], old[4], "what has ended stays");
    for (old, new) in old.iter().zip(&new).take(4) {
        assert!(new.due_at > old.due_at, "{:?}", old.state);
        assert_eq!((new.version, new.person_version), (old.version + 1, old.person_version));
        let events = after.service.events_since(new, old.version).await.unwrap();
        assert_eq!(events[0].0.what, EventKind::Rescheduled);
    }
    let told = "4件在办的期限已经随之调整";
    let queue = async |login: &str| {
        let mut desk = after.logged_in(login).await;
        desk.get("/console").await.text().await.unwrap()
    };
    assert!(queue("manager").await.contains(told));
    assert!(!queue("worker").await.contains(told));
    let page = visitor_page(&after, &mut visitor.clone(), &codes[1]).await;
    assert!(page.contains("工作日历有更正，期限随之调整"), "{page}");

    // What comes later counts by the new one already, and nothing moves twice.
    let later = file_report(&after, &mut after.known_visitor().await, "grid-01").await;
    let again = start(before.database.clone(), with_holidays()).await;
    assert_eq!(stored(&again, &later.code).await, later);
    for (code, known) in codes.iter().zip(&new) {
        assert_eq!(stored(&again, code).await, *known);
    }
    assert_eq!(again.store.calendars().await.unwrap().len(), 2);
    // The holidays were a mistake.
    let back = start(before.database.clone(), default_campaign()).await;
    assert_near(stored(&back, &codes[0]).await.due_at, old[0].due_at.unwrap(), "back");
}

async fn visitor_page(
    server: &Server,
    visitor: &mut crate::support::server::Visitor,
    code: &Code,
) -> String {
    let mut here = server.visitor();
    here.cookies.clone_from(&visitor.cookies);
    here.get(&format!("/reports/{code}")).await.text().await.unwrap()
}

#[apply(on_both)]
async fn what_only_seemed_late_is_not_late(#[case] kind: Kind) {
    let before = start(Database::new(kind).await, default_campaign()).await;
    let worker = before.add_staff("worker", "grid-worker", &["grid-01"]).await;
    let mut visitor = before.known_visitor().await;
    let report = file_report(&before, &mut visitor, "grid-01").await;
    let accepted = act(&before.service, &worker, &report, command(Action::Accept, NO_CASE)).await;
    let code = accepted.unwrap().code;
    // It ran out in the first minutes of today, which is to be a holiday.
    let now = before.service.now();
    let calendar = before.service.calendar();
    let begin = calendar.before_minutes(now, 10 * calendar.minutes_per_day());
    change_report(&before.store, &code, |report| {
        (report.accepted_at, report.promised_from) = (Some(begin), Some(begin));
        report.submitted_at = begin - 1;
        let due = calendar.after_minutes(begin, 9 * calendar.minutes_per_day());
        (report.promised_at, report.due_at, report.escalate_at) = (Some(due), Some(due), Some(due));
    })
    .await;
    before.service.escalate_overdue().await.unwrap();
    assert_eq!(stored(&before, &code).await.level, 1);
    let mut holidays = with_holidays();
    let first = before.service.day(begin + DAY).unwrap();
    for calendar in &mut holidays.calendar {
        let mut day = jiff::civil::Date::new(first.year, first.month, first.day).unwrap();
        for _ in 0..20 {
            if day.year() == calendar.year {
                let holiday = Day { year: day.year(), month: day.month(), day: day.day() };
                calendar.holidays.push(holiday);
            }
            day = day.tomorrow().unwrap();
        }
    }
    let after = start(before.database.clone(), holidays).await;
    let report = stored(&after, &code).await;
    assert!(report.due_at.unwrap() > now && report.state == State::Accepted);
    assert_eq!((report.level, report.escalate_at), (0, report.due_at));
}

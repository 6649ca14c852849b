//! Property test: the report state machine keeps its invariants in every sequence of commands.

use std::{collections::BTreeSet, sync::LazyLock};

use domain::{
    campaign::{Campaign, CategoryKind, Day},
    deadline::WorkCalendar,
    report::{
        Action, EventKind, Report, Source, State,
        action::{
            command::Command,
            reschedule::ReplacedCalendar,
            transition::{Evidence, Rules, TransitionError},
        },
        residents::{merge::Others, reporter::ReporterCommand, supporter::Unsolved},
    },
    slug::Slug,
    staff::{Role, Staff},
    time::{DAY, Millis},
    visitor::VisitorId,
};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::state_machine_steps::{Step, steps};
use crate::support::database::default_campaign;

static CAMPAIGN: LazyLock<Campaign> = LazyLock::new(default_campaign);
static CALENDAR: LazyLock<WorkCalendar> =
    LazyLock::new(|| WorkCalendar::new(&CAMPAIGN, TimeZone::get("Asia/Shanghai").unwrap()));

/// The same calendar, with the week after [`START`] off.
static HOLIDAYS: LazyLock<WorkCalendar> = LazyLock::new(|| {
    let mut kept: serde_json::Value = serde_json::from_str(&CALENDAR.to_text()).unwrap();
    for days in 0..7 {
        let date = CALENDAR.civil(START + days * DAY).date();
        let day = Day { year: date.year(), month: date.month(), day: date.day() };
        kept["holidays"].as_array_mut().unwrap().push(serde_json::to_value(day).unwrap());
    }
    WorkCalendar::parse(&kept.to_string()).unwrap()
});

/// Noon of a working day.
const START: Millis = 1_795_579_200_000;

fn slug(text: &str) -> Slug {
    Slug::parse(text).unwrap()
}

fn submitted_report(category: &str) -> Report {
    let category = CAMPAIGN.category(category).unwrap();
    let mut report: Report = serde_json::from_value(serde_json::json!({
        "serial": 1, "code": "AAAAAAAAAAAAAAAAAAAAAA", "year": 2026,
        "visitor": VisitorId::parse("vvvvvvvvvvvvvvvvvvvvvv"), "source": Source::Resident,
        "state": State::Submitted, "category": category.slug, "kind": category.kind,
        "grid": "grid-01", "branch": category.branch, "unit": category.unit,
        "description": "测试", "place": "", "consent": "x", "hidden": 0, "version": 1,
        "level": 0, "reopened": 0, "supervised": 0, "submitted_at": START, "supporters": 0,
        "solved": null,
    }))
    .unwrap();
    Rules { campaign: &CAMPAIGN, calendar: &CALENDAR, now: START }.set_acceptance_due(&mut report);
    report
}

fn staff(id: i64, role: Role) -> Staff {
    Staff {
        id,
        login: format!("staff-{id}"),
        name: "王测试".into(),
        role,
        grids: vec![slug("grid-01")],
        branches: CAMPAIGN.branches.iter().map(|branch| branch.slug.clone()).collect(),
        active: true,
        stand_in: None,
        stand_in_until: None,
    }
}

/// Invariants of every report.
fn check_invariants(report: &Report) -> Result<(), TestCaseError> {
    let has_deadline = matches!(
        report.state,
        State::Submitted
            | State::NeedsInfo
            | State::Accepted
            | State::Dispatched
            | State::InProgress
            | State::AwaitingCheck
            | State::Quarantined
    );
    prop_assert_eq!(
        report.due_at.is_some(),
        has_deadline,
        "a deadline exactly where staff have to act: {:?}",
        report
    );
    prop_assert!(report.soon_at <= report.due_at);
    let has_ended = matches!(report.state, State::Closed | State::Dismissed);
    prop_assert_eq!(report.closed_at.is_some(), has_ended);
    prop_assert!(report.is_set_apart() || !report.state.is_set_apart());
    prop_assert!(!(report.state.is_set_apart() && report.is_public()));
    if report.state == State::Accepted {
        prop_assert!(report.grid.is_some() && report.promised_at.is_some());
    }
    if matches!(report.state, State::InProgress | State::AwaitingCheck) {
        prop_assert!(report.handler.is_some());
    }
    if report.state == State::AwaitingCheck {
        let other = staff(99, Role::Manager);
        prop_assert!(Action::Check.allowed(&other, report).is_ok(), "someone can check it");
    }
    if !report.state.is_open() {
        prop_assert!(report.claimed_by.is_none() && report.extension_days.is_none());
    }
    if report.state == State::Withdrawn {
        prop_assert!(report.description.is_empty() && report.contact_phone.is_none());
    }
    prop_assert!(report.level <= 2);
    if report.state.is_open() && report.accepted_at.is_some() && !report.kind.is_casework() {
        prop_assert!(
            report.state == State::AwaitingCheck && report.corrected_from.is_some(),
            "what was accepted ends without handling after a check only"
        );
    }
    prop_assert!(
        !report.state.is_open() || report.escalate_at.is_some() || report.level > 0,
        "the clock watches it, or a lead has it: {report:?}"
    );
    Ok(())
}

/// What staff do next to bring a report to its end.
fn next_step(report: &Report) -> Command {
    let text = || "测试".to_owned();
    match report.state {
        State::NeedsInfo => Command::Answer { text: text() },
        State::Submitted if report.kind.is_casework() => Command::Accept {
            category: report.category.clone(),
            grid: slug("grid-01"),
            summary: text(),
            public_photos: Vec::new(),
        },
        State::Submitted => Command::Acknowledge { summary: None },
        State::Accepted => Command::Dispatch { unit: slug("property") },
        State::Dispatched => Command::Start,
        State::InProgress => Command::Finish { text: text() },
        State::AwaitingCheck => Command::Check { passed: true, reason: Some(text()) },
        State::Quarantined => Command::Dismiss,
        _ => panic!("it has ended"),
    }
}

/// Two managers who have not seen the report before bring it to its end.
fn check_way_out(report: &Report, now: Millis) -> Result<(), TestCaseError> {
    let rules = Rules { campaign: &CAMPAIGN, calendar: &CALENDAR, now };
    let mut report = report.clone();
    for _ in 0..8 {
        if !report.state.is_open() && report.state != State::Quarantined {
            return Ok(());
        }
        let who = staff(if report.state == State::AwaitingCheck { 98 } else { 99 }, Role::Manager);
        let evidence = Evidence { before: true, after: true, repeated: false, into: None };
        let done = rules.apply_command(&report, &who, &next_step(&report), evidence);
        prop_assert!(done.is_ok(), "stuck: {done:?} {report:?}");
        report = done.unwrap().0;
    }
    prop_assert!(false, "no end: {report:?}");
    Ok(())
}

/// Who was told that a report is late is not forgotten while it is late.
fn check_lateness(before: &Report, after: &Report, now: Millis) -> Result<(), TestCaseError> {
    let is_late = |report: &Report| report.promised_at.is_some_and(|at| at < now);
    let goes_on = before.state.is_open() && after.state.is_open();
    if goes_on && is_late(before) && before.promised_at == after.promised_at {
        prop_assert!(after.level >= before.level, "{before:?} {after:?}");
    }
    if goes_on && before.is_overdue(now) && after.is_overdue(now) {
        prop_assert!(after.level >= before.level, "{before:?} {after:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn every_sequence_of_steps_keeps_the_invariants(
        category in prop_oneof![Just("corridor"), Just("dispute"), Just("jaywalking"), Just("praise")],
        steps in steps(),
        quarantined in prop::bool::weighted(0.2),
        evidence in (any::<bool>(), any::<bool>(), prop::bool::weighted(0.1)),
        others in prop::bool::weighted(0.3),
        other in prop_oneof![Just("corridor"), Just("dispute")],
    ) {
        let mut report = submitted_report(category);
        if quarantined {
            let rules = Rules { campaign: &CAMPAIGN, calendar: &CALENDAR, now: START };
            rules.quarantine(&mut report, "burst".into());
        }
        let other = Report { serial: 2, ..submitted_report(other) };
        let mut now = START;
        // Staff who worked on it since the last dispatch, tracked independently of the rules.
        let mut movers = BTreeSet::new();
        for step in steps {
            now += 3_600_000;
            let rules = Rules { campaign: &CAMPAIGN, calendar: &CALENDAR, now };
            let (had_before, had_after, repeated) = evidence;
            let evidence = Evidence {
                before: had_before,
                after: had_after,
                repeated,
                into: Some(&other),
            };
            let before = report.clone();
            let done = match &step {
                Step::Staff { id, role, command } => {
                    let by = staff(*id, *role);
                    let done = rules.apply_command(&before, &by, command, evidence);
                    if let Ok((after, event)) = &done {
                        prop_assert!(command.action().allowed(&by, &before).is_ok());
                        prop_assert_eq!(event.staff, Some(*id));
                        // Nothing is closed without a check by someone who has not worked on it.
                        let action = command.action();
                        let checked = action == Action::Check && !movers.contains(id);
                        if after.state == State::Closed && before.state != State::Closed {
                            let reminder = action == Action::Acknowledge && !before.kind.is_casework();
                            prop_assert!(checked || reminder, "{step:?}");
                        }
                        if after.state == State::Referred && before.state != State::Referred {
                            let by_lead = action == Action::Refer && *role >= Role::BranchLead;
                            prop_assert!(checked || by_lead, "{step:?}");
                        }
                        if after.state == State::Duplicate && before.state != State::Duplicate {
                            prop_assert_eq!(
                                before.kind == CategoryKind::Private,
                                other.kind == CategoryKind::Private
                            );
                            prop_assert!(!before.hidden && !before.is_public());
                        }
                        let needs_photo = action == Action::Finish || action == Action::Settle;
                        prop_assert!(!(needs_photo && repeated), "identical photos are refused");
                        match action {
                            Action::Dispatch => movers.clear(),
                            Action::Start | Action::Finish | Action::Settle | Action::Extend
                            | Action::Refer => drop(movers.insert(*id)),
                            Action::Correct => {
                                if before.corrected_from.is_none() && after.corrected_from.is_some() {
                                    movers.insert(*id);
                                }
                                let is_longer = after.promised_at > before.promised_at
                                    || (after.state == before.state && after.due_at > before.due_at);
                                prop_assert!(*role >= Role::BranchLead || !is_longer,
                                    "no longer limit: {before:?} {after:?}");
                            }
                            _ => {}
                        }
                    }
                    done
                }
                Step::Reporter(wish) => {
                    let among = Others { share_it: others, under: None };
                    let done = rules.apply_reporter_command(&before, wish, among);
                    if let (Ok((after, _)), ReporterCommand::Withdraw) = (&done, wish) {
                        prop_assert_eq!(after.state == State::Withdrawn, !others);
                        prop_assert!(after.description.is_empty());
                    }
                    done
                }
                Step::Supporters => {
                    let unsolved = Unsolved { people: 3, networks: 2, reopened: false };
                    rules.reopen_for_supporters(&before, unsolved)
                }
                Step::AddsThrough if before.state.is_open() => {
                    Ok(rules.told_of(&before, &other, EventKind::AddedToMerged))
                }
                Step::AddsThrough => Err(TransitionError::State),
                Step::MergedReporter => rules.reopen_for_merged(&before),
                Step::Holidays => {
                    let corrected = Rules { calendar: &HOLIDAYS, ..rules };
                    let old = ReplacedCalendar { calendar: &CALENDAR, until: now };
                    let done = corrected.reschedule(&before, old, START);
                    if let Some((after, _)) = &done {
                        prop_assert!(after.due_at >= before.due_at);
                        prop_assert!(after.promised_at >= before.promised_at);
                        prop_assert_eq!(after.person_version, before.person_version);
                    }
                    done.ok_or(TransitionError::State)
                }
                Step::Parted => rules.part(&before, 2, None).ok_or(TransitionError::State),
                Step::Time => rules.escalate(&before).ok_or(TransitionError::State),
            };
            let Ok((after, event)) = done else { continue };
            prop_assert_eq!(after.version, before.version + 1);
            prop_assert_eq!((event.version, event.state), (after.version, after.state));
            prop_assert_eq!((after.serial, &after.code), (before.serial, &before.code));
            if before.state == State::Withdrawn {
                prop_assert_eq!(event.what, EventKind::Staff(Action::Note), "only notes after a withdrawal");
            }
            if after.state == State::Dispatched && before.state != State::Dispatched {
                movers.clear();
            }
            check_invariants(&after)?;
            check_lateness(&before, &after, now)?;
            check_way_out(&after, now)?;
            // One that was admitted after the job listed it keeps its content.
            let erased = rules.erase_dismissed(&after, Millis::MAX).is_some();
            prop_assert_eq!(erased, after.state == State::Dismissed);
            prop_assert!(rules.erase_dismissed(&after, after.submitted_at).is_none());
            report = after;
        }
    }
}

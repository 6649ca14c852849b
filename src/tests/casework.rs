//! Casework: every role × action × state, and the rules that combine them.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    report::{
        Action, Audience, CaseNumber, Code, Event, EventKind, Report, State,
        action::command::{Command, Correction},
        residents::reporter::ReporterCommand,
    },
    slug::Slug,
    staff::{Role, Staff},
};
use rstest_reuse::apply;
use service::{
    Service,
    report::{ReportError, casework::ActionRequest},
};
use store::{Change, Store};

use crate::support::{
    database::{Database, Kind, on_both},
    server::{Server, Visitor, requester},
};

/// Permission matrix: per action and state the least role that may do it (w worker, l branch lead,
/// m manager), `.` if nobody. State columns: submitted, needs_info, accepted, dispatched,
/// in_progress, awaiting_check, closed, rejected, duplicate, referred, withdrawn, quarantined,
/// dismissed. Last column: the least role for the action.
const MATRIX: &str = "
    accept            w............ w
    acknowledge       ............. w
    reject            ww........... w
    ask               w............ w
    answer            wwwwww....... w
    correct           wwwwww....... w
    duplicate         www.......... w
    refer             w.w.......... w
    dispatch          ..w.......... w
    return            ...ww........ w
    claim             wwwwww....... w
    release           wwwwww....... w
    start             ...w......... w
    settle            w.www........ w
    extend            ..www........ w
    approve_extension ..lll........ l
    supervise         llllll....... l
    note              wwwwwwwwwwwll w
    reply             wwwwwwwwww... w
    finish            ....w........ w
    check             .....w....... w
    revisit           ......w...... w
    reopen            ......llll... l
    hide              wwwwwwwwww... w
    unhide            llllllllll... l
    redact            ..wwwww.ww... w
    admit             ...........ll l
    dismiss           ...........l. l
";

fn parse_role(letter: char) -> Option<Role> {
    match letter {
        'w' => Some(Role::GridWorker),
        'l' => Some(Role::BranchLead),
        'm' => Some(Role::Manager),
        _ => None,
    }
}

/// The matrix by action: least role per state, and least role for the action.
fn matrix() -> BTreeMap<Action, (Vec<Option<Role>>, Role)> {
    let rows = MATRIX.lines().map(str::trim).filter(|line| !line.is_empty());
    rows.map(|row| {
        let [action, cells, role] = row.split_whitespace().collect::<Vec<_>>().try_into().unwrap();
        let cells: Vec<Option<Role>> = cells.chars().map(parse_role).collect();
        assert_eq!(cells.len(), State::ALL.len(), "{row}");
        let role = parse_role(role.chars().next().unwrap()).unwrap();
        (Action::parse(action).unwrap(), (cells, role))
    })
    .collect()
}

/// A valid command for `action`; `other` is the target of a merge.
pub fn command(action: Action, other: CaseNumber) -> Command {
    let slug = |text: &str| Slug::parse(text).unwrap();
    let text = || "测试".to_owned();
    match action {
        Action::Accept => Command::Accept {
            category: slug("corridor"),
            grid: slug("grid-01"),
            summary: text(),
            public_photos: Vec::new(),
        },
        Action::Acknowledge => Command::Acknowledge { summary: None },
        Action::Reject => Command::Reject { reason: text() },
        Action::Ask => Command::Ask { text: text() },
        Action::Answer => Command::Answer { text: text() },
        Action::Correct => Command::Correct(Correction {
            branch: Some(slug("public-services")),
            ..Correction::default()
        }),
        Action::Duplicate => Command::Duplicate { of: other },
        Action::Refer => Command::Refer { to: text(), number: None },
        Action::Dispatch => Command::Dispatch { unit: slug("property") },
        Action::Return => Command::Return { reason: text() },
        Action::Claim => Command::Claim,
        Action::Release => Command::Release,
        Action::Start => Command::Start,
        Action::Settle => Command::Settle { text: text() },
        Action::Extend => Command::Extend { days: 3, reason: text() },
        Action::ApproveExtension => Command::ApproveExtension { approved: true },
        Action::Supervise => Command::Supervise { text: text() },
        Action::Note => Command::Note { text: text() },
        Action::Reply => Command::Reply { text: text() },
        Action::Finish => Command::Finish { text: text() },
        Action::Check => Command::Check { passed: true, reason: Some(text()) },
        Action::Revisit => Command::Revisit { solved: true, text: text() },
        Action::Reopen => Command::Reopen { reason: text() },
        Action::Hide => Command::Hide { reason: text() },
        Action::Unhide => Command::Unhide,
        Action::Redact => Command::Redact { text: text() },
        Action::Admit => Command::Admit,
        Action::Dismiss => Command::Dismiss,
    }
}

/// Changes a report directly in the store, without the domain rules.
pub async fn change_report(
    store: &Store,
    code: &Code,
    change: impl FnOnce(&mut Report) + Send,
) -> Report {
    let changed = store.change(code, |report, _| {
        let mut report = report.clone();
        change(&mut report);
        report.version += 1;
        let event = Event::of(&report, 0, EventKind::Filed, Audience::Staff);
        Ok::<_, ()>(Change::only(report, event))
    });
    changed.await.unwrap()
}

pub async fn act(
    service: &Arc<Service>,
    staff: &Staff,
    report: &Report,
    command: Command,
) -> Result<Report, ReportError> {
    let (needs_before, needs_after) = (
        matches!(command, Command::Settle { .. }),
        matches!(command, Command::Settle { .. } | Command::Finish { .. }),
    );
    // Before and after photos differ: identical ones would be refused.
    let hold_photo = async |wanted: bool, width: u32| match wanted {
        true => {
            let files = vec![super::photos::jpeg(width, 8).into()];
            let held = service.hold_photos(None, files).await.unwrap();
            held.into_iter().map(|photo| photo.id).collect()
        }
        false => Vec::new(),
    };
    let request = ActionRequest {
        code: report.code.clone(),
        version: report.version,
        command,
        before: hold_photo(needs_before, 8).await,
        after: hold_photo(needs_after, 16).await,
    };
    service.act(staff, request).await
}

pub async fn file_report(server: &Server, visitor: &mut Visitor, grid: &str) -> Report {
    let code = visitor.report(grid, &[]).await;
    server.store.report(&Code::parse(&code).unwrap()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_role_every_action_every_state() {
    let matrix = matrix();
    for action in Action::ALL {
        assert!(matrix.contains_key(&action), "{action:?} has no row");
        assert_eq!(matrix[&action].1, action.min_role(), "{action:?}");
    }
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let mut visitor = server.known_visitor().await;
    let report = file_report(&server, &mut visitor, "grid-01").await;
    let other = file_report(&server, &mut visitor, "grid-01").await;
    let colleague = server.add_staff("colleague", "manager", &[]).await;
    let accept = command(Action::Accept, other.number());
    let other = act(&server.service, &colleague, &other, accept).await.unwrap().number();
    let staff = [
        server.add_staff("worker", "grid-worker", &["grid-01"]).await,
        server.add_staff("elsewhere", "grid-worker", &["grid-02"]).await,
        server.add_staff("lead", "branch-lead", &["residential"]).await,
        server.add_staff("other-lead", "branch-lead", &["city-operation"]).await,
        server.add_staff("manager", "manager", &[]).await,
    ];
    let mut cells = 0;
    for (action, (row, lowest)) in &matrix {
        for (state, allowed_role) in State::ALL.into_iter().zip(row) {
            for who in &staff {
                let ready = change_report(&server.store, &report.code, |report| {
                    report.state = state;
                    report.quarantine = state.is_set_apart().then(String::new);
                    report.category = Slug::parse("corridor").unwrap();
                    report.branch = Slug::parse("residential").unwrap();
                    report.grid = Slug::parse("grid-01").ok();
                    report.hidden = *action == Action::Unhide;
                    report.handler = Some(colleague.id);
                    report.moved_by = vec![colleague.id];
                    (report.hidden_by, report.referred_to) = (Some(colleague.id), None);
                    report.claimed_by = (*action == Action::Release).then_some(who.id);
                    report.extension_days = (*action == Action::ApproveExtension).then_some(2);
                    report.extension_by = Some(colleague.id);
                    report.reopened = 0;
                    report.level = 0;
                });
                let ready = ready.await;
                let result = act(&server.service, who, &ready, command(*action, other)).await;
                let got = match result {
                    Ok(_) => "done",
                    Err(ReportError::NotFound) => "404",
                    Err(ReportError::Forbidden(_)) => "403",
                    Err(ReportError::Conflict) => "409",
                    Err(error) => panic!("{action:?} {state:?} {}: {error:?}", who.login),
                };
                let expected = match (who.may_see(&ready), allowed_role) {
                    (false, _) => "404",
                    (true, _) if who.role < *lowest => "403",
                    (true, Some(role)) if who.role >= *role => "done",
                    (true, _) => "409",
                };
                assert_eq!(got, expected, "{action:?} in {state:?} by {}", who.login);
                cells += 1;
            }
        }
    }
    assert_eq!(cells, 28 * 13 * 5);
    assert_eq!(server.store.recount().await.unwrap(), []);
}

#[apply(on_both)]
async fn two_staff_never_change_the_same_version(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    let mut visitor = server.known_visitor().await;
    let report = file_report(&server, &mut visitor, "grid-01").await;
    let worker = server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    let mut tasks = Vec::new();
    for _ in 0..20 {
        let (service, worker, report) =
            (Arc::clone(&server.service), worker.clone(), report.clone());
        tasks.push(tokio::spawn(async move {
            act(&service, &worker, &report, Command::Note { text: "我来".into() }).await.is_ok()
        }));
    }
    let mut done = 0;
    for one in tasks {
        done += usize::from(one.await.unwrap());
    }
    assert_eq!(done, 1);
    let events = server.store.timeline(report.serial, None, Audience::Staff).await.unwrap().events;
    assert_eq!(events.len(), 2, "one row for filing, one for the note");
}

#[apply(on_both)]
async fn a_case_unsolved_twice_goes_to_the_manager(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    let mut visitor = server.known_visitor().await;
    let mut report = file_report(&server, &mut visitor, "grid-01").await;
    let worker = server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    let lead = server.add_staff("lead", "branch-lead", &["residential"]).await;
    let manager = server.add_staff("manager", "manager", &[]).await;
    let (service, number) = (&server.service, report.number());
    let reporter = report.visitor.clone().unwrap();
    let by = requester(&reporter);
    for action in [Action::Accept, Action::Dispatch] {
        report = act(service, &worker, &report, command(action, number)).await.unwrap();
    }
    for round in 1..=2 {
        for action in [Action::Start, Action::Finish] {
            report = act(service, &worker, &report, command(action, number)).await.unwrap();
        }
        let own = act(service, &worker, &report, command(Action::Check, number)).await;
        assert!(matches!(own, Err(ReportError::Forbidden(_))), "nobody checks their own work");
        report = act(service, &lead, &report, command(Action::Check, number)).await.unwrap();
        assert_eq!(report.state, State::Closed);
        let not_solved =
            ReporterCommand::Rate { solved: Some(false), satisfied: None, comment: None };
        report = service.apply_reporter_command(&by, &report.code, &not_solved, &[]).await.unwrap();
        assert_eq!((report.state, report.reopened), (State::Dispatched, round));
    }
    assert_eq!(report.level, 2);
    assert_eq!(report.solved, Some(false), "the rating stays until it is handled again");
    let forbidden = act(service, &worker, &report, command(Action::Start, number)).await;
    assert!(matches!(forbidden, Err(ReportError::Forbidden(_))));
    for action in [Action::Return, Action::Dispatch] {
        report = act(service, &manager, &report, command(action, number)).await.unwrap();
    }
    for action in [Action::Start, Action::Finish] {
        report = act(service, &worker, &report, command(action, number)).await.unwrap();
    }
    report = act(service, &lead, &report, command(Action::Check, number)).await.unwrap();
    assert_eq!(report.solved, None, "no answer counts as 未评价");
    let solved = ReporterCommand::Rate { solved: Some(true), satisfied: None, comment: None };
    report = service.apply_reporter_command(&by, &report.code, &solved, &[]).await.unwrap();
    assert_eq!((report.state, report.solved), (State::Closed, Some(true)));
    assert_eq!(server.store.recount().await.unwrap(), []);
}

#[apply(on_both)]
async fn reminders_and_praise_are_noted_and_closed(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    let mut visitor = server.known_visitor().await;
    let worker = server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    for (category, description) in [("jaywalking", ""), ("praise", "扶老人过马路")] {
        let fields = [
            ("category", category),
            ("description", description),
            ("grid", "grid-01"),
            ("place", "测试路口"),
            ("consent", "on"),
        ];
        let filed = visitor.send(visitor.multipart("/report", &fields, &[])).await;
        let code =
            crate::support::server::location(&filed).trim_start_matches("/reports/").to_owned();
        let report = server.store.report(&Code::parse(&code).unwrap()).await.unwrap().unwrap();
        let accept =
            act(&server.service, &worker, &report, command(Action::Accept, report.number())).await;
        assert!(matches!(accept, Err(ReportError::Conflict)), "{category} is not casework");
        let command = Command::Acknowledge { summary: Some("测试".into()) };
        let closed = act(&server.service, &worker, &report, command).await.unwrap();
        assert_eq!(closed.state, State::Closed);
    }
    let nowhere = [("category", "jaywalking"), ("consent", "on")];
    let refused = visitor.send(visitor.multipart("/report", &nowhere, &[])).await;
    assert_eq!(refused.status(), 422, "a reminder needs a place");
    assert_eq!(server.store.counts().reports.closed, 2);
}

#[apply(on_both)]
async fn an_overdue_case_is_escalated_once_per_level(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    let mut visitor = server.known_visitor().await;
    let report = file_report(&server, &mut visitor, "grid-01").await;
    assert_eq!(server.service.escalate_overdue().await.unwrap(), 0, "nothing is overdue");
    let late = |report: &mut Report| {
        report.due_at = Some(1);
        report.escalate_at = Some(1);
    };
    change_report(&server.store, &report.code, late).await;
    for level in 1..=2 {
        assert_eq!(server.service.escalate_overdue().await.unwrap(), 1);
        assert_eq!(server.service.escalate_overdue().await.unwrap(), 0, "once per level");
        let now = server.store.report(&report.code).await.unwrap().unwrap();
        assert_eq!(now.level, level);
        change_report(&server.store, &report.code, |report| {
            report.escalate_at = report.escalate_at.map(|_| 1);
        })
        .await;
    }
    assert_eq!(server.service.escalate_overdue().await.unwrap(), 0, "level 2 is the highest");
    let page = visitor.get(&format!("/reports/{}", report.code)).await.text().await.unwrap();
    assert!(page.contains("已超过承诺时间"));
}

#[apply(on_both)]
async fn a_form_sent_twice_files_once(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let server = Server::start(database).await;
    let mut visitor = server.known_visitor().await;
    let key = "keykeykeykeykeykeykey0";
    let mut fields = crate::support::server::report_fields("grid-01").to_vec();
    fields.push(("form_key", key));
    let mut found = Vec::new();
    for _ in 0..2 {
        let response = visitor.send(visitor.multipart("/report", &fields, &[])).await;
        found.push(crate::support::server::location(&response).to_owned());
    }
    assert_eq!(found[0], found[1]);
    assert_eq!(server.store.counts().reports.received, 1);
    // The same form key with other content is a new report.
    fields.retain(|(name, _)| *name != "description");
    fields.push(("description", "四楼也有"));
    visitor.send(visitor.multipart("/report", &fields, &[])).await;
    assert_eq!(server.store.counts().reports.received, 2);
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    let mut worker = server.logged_in("worker").await;
    fields.push(("source", "patrol"));
    for _ in 0..2 {
        let entered = worker.send(worker.multipart("/console/new", &fields, &[])).await;
        assert_eq!(entered.status(), 303);
    }
    assert_eq!(server.store.counts().reports.received, 3);
}

//! Merging: every merged report ends in an open report, and its reporters see the progress, also
//! with concurrent or later changes.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    report::{
        Action, Code, Report, State, action::command::Command, residents::reporter::ReporterCommand,
    },
    slug::Slug,
    staff::Staff,
};
use reqwest::StatusCode;
use rstest_reuse::apply;
use service::report::ReportError;

use super::casework::{act, change_report, command, file_report};
use crate::support::{
    database::{Database, Kind, on_both},
    server::{Server, Visitor, location, requester},
};

/// Residents with reports that can be merged.
pub struct Scene {
    pub server: Server,
    pub worker: Staff,
    pub manager: Staff,
    pub people: Vec<Visitor>,
    pub reports: Vec<Report>,
}

impl Scene {
    /// `people` visitors, each with an accepted report.
    pub async fn new(database: Database, people: usize) -> Self {
        let server = Server::start(database).await;
        let worker = server.add_staff("worker", "grid-worker", &["grid-01"]).await;
        let manager = server.add_staff("manager", "manager", &[]).await;
        let mut scene = Self { server, worker, manager, people: vec![], reports: vec![] };
        for _ in 0..people {
            let mut visitor = scene.server.known_visitor().await;
            let report = file_report(&scene.server, &mut visitor, "grid-01").await;
            let accept = command(Action::Accept, report.number());
            let report = act(&scene.server.service, &scene.worker, &report, accept).await.unwrap();
            scene.people.push(visitor);
            scene.reports.push(report);
        }
        scene
    }

    pub async fn merge(&mut self, from: usize, into: usize) -> Result<(), ReportError> {
        let command = Command::Duplicate { of: self.reports[into].number() };
        let report = self.current(from).await;
        act(&self.server.service, &self.worker, &report, command).await.map(drop)
    }

    pub async fn current(&self, which: usize) -> Report {
        let code = &self.reports[which].code;
        self.server.store.report(code).await.unwrap().unwrap()
    }

    /// Every report is open or merged, directly or not, into an open one.
    async fn assert_all_open(&self) {
        for which in 0..self.reports.len() {
            let mut report = self.current(which).await;
            let mut seen = BTreeSet::new();
            while let Some(serial) = report.duplicate_of {
                assert!(seen.insert(serial), "a cycle");
                report = self.server.store.report_of_serial(serial).await.unwrap().unwrap();
            }
            assert!(report.state.is_open(), "{which} ends in {:?}", report.state);
        }
        assert_eq!(self.server.store.recount().await.unwrap(), []);
    }

    pub async fn page(&mut self, who: usize, of: usize) -> String {
        let path = format!("/reports/{}", self.reports[of].code);
        self.people[who].get(&path).await.text().await.unwrap()
    }
}

#[apply(on_both)]
async fn two_merges_at_once_leave_one_to_be_handled(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database, 2).await;
    for round in 0..8 {
        let (x, y) = (scene.current(0).await, scene.current(1).await);
        let mut tasks = Vec::new();
        for (report, of) in [(x.clone(), y.number()), (y.clone(), x.number())] {
            let service = Arc::clone(&scene.server.service);
            let worker = scene.worker.clone();
            tasks.push(tokio::spawn(async move {
                act(&service, &worker, &report, Command::Duplicate { of }).await.is_ok()
            }));
        }
        let mut done = 0;
        for one in tasks {
            done += usize::from(one.await.unwrap());
        }
        assert_eq!(done, 1, "round {round}");
        scene.assert_all_open().await;
        // Undo the merge for the next round.
        for which in 0..2 {
            let report = scene.current(which).await;
            if report.state == State::Duplicate {
                let reopen = command(Action::Reopen, report.number());
                let (service, manager) = (&scene.server.service, &scene.manager);
                let again = act(service, manager, &report, reopen).await.unwrap();
                let accept = command(Action::Accept, again.number());
                act(service, manager, &again, accept).await.unwrap();
            }
        }
    }
    // Into itself, and into a number that does not exist.
    assert!(matches!(scene.merge(0, 0).await, Err(ReportError::Form(_))));
    let report = scene.current(0).await;
    let nowhere = command(Action::Duplicate, domain::report::CaseNumber { year: 2026, serial: 99 });
    let none = act(&scene.server.service, &scene.worker, &report, nowhere).await;
    assert!(matches!(none, Err(ReportError::Form(_))));
}

#[apply(on_both)]
async fn merges_go_only_into_open_and_equally_public_reports(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database, 2).await;
    let store = scene.server.store.clone();
    let private = category_and_kind("dispute");
    let public = category_and_kind("corridor");
    let code = scene.reports[1].code.clone();
    for state in State::ALL {
        for (hidden, kind) in [(false, &public), (true, &public), (false, &private)] {
            change_report(&store, &code, |report| {
                (report.state, report.hidden) = (state, hidden);
                (report.category, report.kind) = kind.clone();
            })
            .await;
            let merged = scene.merge(0, 1).await;
            // The source is public, so the target must be public too.
            let target = scene.current(1).await;
            let fits = state.is_open() && target.is_public();
            assert_eq!(merged.is_ok(), fits, "{state:?} hidden {hidden} {:?}", kind.0);
            if fits {
                let report = scene.current(0).await;
                let reopen = command(Action::Reopen, report.number());
                let manager = scene.manager.clone();
                let again = act(&scene.server.service, &manager, &report, reopen).await.unwrap();
                let accept = command(Action::Accept, again.number());
                act(&scene.server.service, &manager, &again, accept).await.unwrap();
            } else {
                assert!(
                    matches!(merged, Err(ReportError::Form(_))),
                    "an error message at the field"
                );
            }
        }
    }
}

fn category_and_kind(category: &str) -> (Slug, domain::campaign::CategoryKind) {
    let campaign = crate::support::database::default_campaign();
    let category = campaign.category(category).unwrap();
    (category.slug.clone(), category.kind)
}

#[apply(on_both)]
async fn a_withdrawal_keeps_the_case_for_the_others(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database, 3).await;
    // A is merged into B, and B into C: the reporters of A follow.
    scene.merge(0, 1).await.unwrap();
    scene.merge(1, 2).await.unwrap();
    assert_eq!(scene.current(2).await.supporters, 2, "both of them");
    let received = scene.server.store.counts().reports;
    let path = format!("/reports/{}/withdraw", scene.reports[2].code);
    let left = scene.people[2].post(&path, &[]).await;
    assert_eq!(left.status(), StatusCode::SEE_OTHER);
    let report = scene.current(2).await;
    assert_eq!(report.state, State::Accepted, "others reported it too");
    assert!(report.visitor.is_none() && report.description.is_empty() && report.place.is_empty());
    assert_eq!(scene.server.store.counts().reports, received);
    scene.assert_all_open().await;
    // The others see the progress on their report page and on 我的.
    let page = scene.page(0, 0).await;
    assert!(page.contains("合并后的进展：") && page.contains("已受理"), "{page}");
    let page = scene.page(0, 2).await;
    assert!(page.contains("其他居民也反映过，继续办理"), "{page}");
    let code = report.code.to_string();
    let mine = scene.people[0].get("/me").await.text().await.unwrap();
    assert!(mine.contains(&code), "{mine}");
    // A reporter who withdrew cannot act on it any more.
    let again = scene.people[2].post(&path, &[]).await;
    assert_eq!(again.status(), StatusCode::FORBIDDEN);
    // Staff see the merged reports, which still have their texts.
    let mut desk = scene.server.logged_in("worker").await;
    let case = desk.get(&format!("/console/reports/{code}")).await.text().await.unwrap();
    let merged = scene.reports[1].number().to_string();
    assert!(case.contains("合并到本件的") && case.contains(&merged), "{case}");
}

#[apply(on_both)]
async fn erasing_keeps_the_case_for_the_others(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database, 2).await;
    let waiting = change_report(&scene.server.store, &scene.reports[1].code, |report| {
        report.state = State::NeedsInfo;
        report.due_at = None;
    });
    waiting.await;
    // Both are not public: a public report cannot be merged into one that is not.
    change_report(&scene.server.store, &scene.reports[0].code, |report| {
        (report.state, report.accepted_at) = (State::Submitted, None);
    })
    .await;
    change_report(&scene.server.store, &scene.reports[1].code, |report| report.accepted_at = None)
        .await;
    scene.merge(0, 1).await.unwrap();
    let erased = scene.people[1].post("/me/erase", &[("confirm", "on")]).await;
    assert_eq!(erased.status(), StatusCode::SEE_OTHER);
    let report = scene.current(1).await;
    assert_eq!(report.state, State::Submitted, "no reporter is left who could answer");
    assert!(report.due_at.is_some() && report.visitor.is_none() && report.description.is_empty());
    scene.assert_all_open().await;
    let page = scene.page(0, 0).await;
    assert!(page.contains("合并后的进展：") && page.contains("已提交，待受理"), "{page}");
}

#[apply(on_both)]
async fn a_merge_does_not_bypass_the_check(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database, 1).await;
    scene.server.add_staff("second", "grid-worker", &["grid-01"]).await;
    let mut desk = scene.server.logged_in("worker").await;
    // A reminder is closed by one person alone, so it cannot be merged with a case.
    let fields =
        [("category", "noise"), ("grid", "grid-01"), ("place", "测试小区"), ("source", "patrol")];
    let entered = desk.send(desk.multipart("/console/new", &fields, &[])).await;
    let code = location(&entered).trim_start_matches("/console/reports/").to_owned();
    let store = scene.server.store.clone();
    let reminder = store.report(&Code::parse(&code).unwrap()).await.unwrap().unwrap();
    scene.reports.push(reminder);
    assert!(matches!(scene.merge(0, 1).await, Err(ReportError::Form(_))));
    let reminder = scene.current(1).await;
    let into = Command::Duplicate { of: scene.current(0).await.number() };
    let worker = scene.worker.clone();
    let other_way = act(&scene.server.service, &worker, &reminder, into).await;
    assert!(matches!(other_way, Err(ReportError::Form(_))));

    // The before photo stays one after merges: it is refused as after photo.
    let picture = super::photos::jpeg(60, 40);
    let mut visitor = scene.server.known_visitor().await;
    for photos in [std::slice::from_ref(&picture), &[], &[]] {
        let code = visitor.report("grid-01", photos).await;
        let report = store.report(&Code::parse(&code).unwrap()).await.unwrap().unwrap();
        let accept = command(Action::Accept, report.number());
        scene.reports.push(act(&scene.server.service, &worker, &report, accept).await.unwrap());
    }
    scene.merge(2, 3).await.unwrap();
    scene.merge(3, 4).await.unwrap();
    let target = scene.current(4).await;
    let (version, path) = (target.version.to_string(), format!("/console/reports/{}", target.code));
    let fields = [("version", version.as_str()), ("text", "已清走")];
    let files = [("before", "b.jpg", super::photos::jpeg(90, 20)), ("photos", "a.jpg", picture)];
    let settle = desk.multipart(&format!("{path}/settle"), &fields, &files);
    let refused = desk.send(settle).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().await.unwrap().contains("是同一张，请重新拍一张"));
}

#[apply(on_both)]
async fn reporters_of_a_merged_report_see_why_it_was_rejected(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database, 1).await;
    let (store, worker) = (scene.server.store.clone(), scene.worker.clone());
    change_report(&store, &scene.reports[0].code, |report| {
        (report.state, report.accepted_at) = (State::Submitted, None);
    })
    .await;
    let mut other = scene.server.known_visitor().await;
    let second = file_report(&scene.server, &mut other, "grid-01").await;
    scene.reports.push(second);
    scene.merge(0, 1).await.unwrap();
    let target = scene.current(1).await;
    let reject = Command::Reject { reason: "这里由物业管，请打物业电话".into() };
    act(&scene.server.service, &worker, &target, reject).await.unwrap();
    let page = scene.page(0, 0).await;
    assert!(page.contains("合并后的进展：") && page.contains("请打物业电话"), "{page}");
    // What its reporter sent is looked at by itself.
    let parted = scene.current(0).await;
    assert_eq!((parted.state, parted.duplicate_of), (State::Submitted, None));
    assert!(parted.due_at.is_some());
    let mut desk = scene.server.logged_in("worker").await;
    let queue = desk.get("/console").await.text().await.unwrap();
    assert!(queue.contains(parted.code.as_str()));
    let stranger = scene.server.known_visitor().await.get("/reports").await.text().await.unwrap();
    assert!(!stranger.contains("物业电话"));
}

#[apply(on_both)]
async fn a_sole_reporter_withdraws_the_whole_report(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database, 1).await;
    let reporter = scene.reports[0].visitor.clone().unwrap();
    let (service, code) = (&scene.server.service, scene.reports[0].code.clone());
    // A merged second report of the same visitor is not another reporter.
    let mut own = scene.people[0].clone();
    let second = file_report(&scene.server, &mut own, "grid-01").await;
    let merge = Command::Duplicate { of: scene.reports[0].number() };
    act(service, &scene.worker, &second, merge).await.unwrap();
    let by = requester(&reporter);
    let withdraw = ReporterCommand::Withdraw;
    let gone = service.apply_reporter_command(&by, &code, &withdraw, &[]).await.unwrap();
    assert_eq!(gone.state, State::Withdrawn);
    scene.reports.clear();
}

#[apply(on_both)]
async fn supports_and_a_merge_at_once_lose_nobody(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database, 2).await;
    let mut tasks = Vec::new();
    for _ in 0..12 {
        let mut visitor = scene.server.known_visitor().await;
        let code = scene.reports[1].code.to_string();
        tasks.push(tokio::spawn(async move {
            visitor.post(&format!("/reports/{code}/support"), &[]).await.status()
        }));
    }
    scene.merge(0, 1).await.unwrap();
    for one in tasks {
        assert_eq!(one.await.unwrap(), StatusCode::SEE_OTHER);
    }
    let supports = "SELECT COUNT(*) FROM supports WHERE serial = 2";
    assert_eq!(scene.server.database.number(supports).await, 13);
    assert_eq!(scene.current(1).await.supporters, 13);
    assert_eq!(Code::parse(scene.reports[1].code.as_str()).unwrap(), scene.current(1).await.code);
}

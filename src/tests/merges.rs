//! Merging: a report that goes on under another is in somebody's queue, and its people hear of
//! it, whatever happens at the same moment or afterwards.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    report::{Action, Code, Report, State, action::command::Command, reporter::ReporterCommand},
    slug::Slug,
    staff::Staff,
};
use reqwest::StatusCode;
use service::report::ReportError;

use super::casework::{act, command, filed, set};
use crate::support::{
    database::{Database, Kind, on_both},
    server::{Server, Visitor, location},
};
use rstest_reuse::apply;

struct Scene {
    server: Server,
    worker: Staff,
    manager: Staff,
    people: Vec<Visitor>,
    reports: Vec<Report>,
}

impl Scene {
    /// As many people as are wanted, each with a report that was accepted.
    async fn new(database: Database, people: usize) -> Self {
        let server = Server::start(database).await;
        let worker = server.add_staff("worker", "grid-worker", &["grid-01"]).await;
        let manager = server.add_staff("manager", "manager", &[]).await;
        let mut scene = Self { server, worker, manager, people: vec![], reports: vec![] };
        for _ in 0..people {
            let mut visitor = scene.server.known_visitor().await;
            let report = filed(&scene.server, &mut visitor, "grid-01").await;
            let accept = command(Action::Accept, report.number());
            let report = act(&scene.server.service, &scene.worker, &report, accept).await.unwrap();
            scene.people.push(visitor);
            scene.reports.push(report);
        }
        scene
    }

    async fn merge(&mut self, from: usize, into: usize) -> Result<(), ReportError> {
        let command = Command::Duplicate { of: self.reports[into].number() };
        let report = self.now(from).await;
        act(&self.server.service, &self.worker, &report, command).await.map(drop)
    }

    async fn now(&self, which: usize) -> Report {
        let code = &self.reports[which].code;
        self.server.store.report(code).await.unwrap().unwrap()
    }

    /// Nobody is out of sight: what is merged ends in something that is handled.
    async fn nothing_is_lost(&self) {
        for which in 0..self.reports.len() {
            let mut report = self.now(which).await;
            let mut seen = BTreeSet::new();
            while let Some(serial) = report.duplicate_of {
                assert!(seen.insert(serial), "a circle");
                report = self.server.store.report_of_serial(serial).await.unwrap().unwrap();
            }
            assert!(report.state.is_open(), "{which} ends in {:?}", report.state);
        }
        assert_eq!(self.server.store.recount().await.unwrap(), []);
    }

    async fn page(&mut self, who: usize, of: usize) -> String {
        let path = format!("/reports/{}", self.reports[of].code);
        self.people[who].get(&path).await.text().await.unwrap()
    }
}

#[apply(on_both)]
async fn two_merges_at_once_leave_one_to_be_handled(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database, 2).await;
    for round in 0..8 {
        let (x, y) = (scene.now(0).await, scene.now(1).await);
        let mut tries = Vec::new();
        for (report, of) in [(x.clone(), y.number()), (y.clone(), x.number())] {
            let service = Arc::clone(&scene.server.service);
            let worker = scene.worker.clone();
            tries.push(tokio::spawn(async move {
                act(&service, &worker, &report, Command::Duplicate { of }).await.is_ok()
            }));
        }
        let mut done = 0;
        for one in tries {
            done += usize::from(one.await.unwrap());
        }
        assert_eq!(done, 1, "round {round}");
        scene.nothing_is_lost().await;
        // Once more from the beginning.
        for which in 0..2 {
            let report = scene.now(which).await;
            if report.state == State::Duplicate {
                let reopen = command(Action::Reopen, report.number());
                let (service, manager) = (&scene.server.service, &scene.manager);
                let again = act(service, manager, &report, reopen).await.unwrap();
                let accept = command(Action::Accept, again.number());
                act(service, manager, &again, accept).await.unwrap();
            }
        }
    }
    // Into itself, and into nothing.
    assert!(matches!(scene.merge(0, 0).await, Err(ReportError::Form(_))));
    let report = scene.now(0).await;
    let nowhere = command(Action::Duplicate, domain::report::CaseNumber { year: 2026, serial: 99 });
    let none = act(&scene.server.service, &scene.worker, &report, nowhere).await;
    assert!(matches!(none, Err(ReportError::Form(_))));
}

#[apply(on_both)]
async fn only_what_is_handled_and_as_open_is_merged_into(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database, 2).await;
    let store = scene.server.store.clone();
    let private = default_kind("dispute");
    let public = default_kind("corridor");
    let code = scene.reports[1].code.clone();
    for state in State::ALL {
        for (hidden, kind) in [(false, &public), (true, &public), (false, &private)] {
            set(&store, &code, |report| {
                (report.state, report.hidden) = (state, hidden);
                (report.category, report.kind) = kind.clone();
            })
            .await;
            let merged = scene.merge(0, 1).await;
            // The first one is public: its people must go on seeing it.
            let target = scene.now(1).await;
            let fits = state.is_open() && target.is_public();
            assert_eq!(merged.is_ok(), fits, "{state:?} hidden {hidden} {:?}", kind.0);
            if fits {
                let report = scene.now(0).await;
                let reopen = command(Action::Reopen, report.number());
                let manager = scene.manager.clone();
                let again = act(&scene.server.service, &manager, &report, reopen).await.unwrap();
                let accept = command(Action::Accept, again.number());
                act(&scene.server.service, &manager, &again, accept).await.unwrap();
            } else {
                assert!(matches!(merged, Err(ReportError::Form(_))), "a sentence beside its field");
            }
        }
    }
}

fn default_kind(category: &str) -> (Slug, domain::campaign::CategoryKind) {
    let campaign = crate::support::database::default_campaign();
    let category = campaign.category(category).unwrap();
    (category.slug.clone(), category.kind)
}

#[apply(on_both)]
async fn whoever_leaves_takes_only_themselves(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database, 3).await;
    // A goes on under B, and B under C: A's people follow.
    scene.merge(0, 1).await.unwrap();
    scene.merge(1, 2).await.unwrap();
    assert_eq!(scene.now(2).await.supporters, 2, "both of them");
    let received = scene.server.store.counts().reports;
    let path = format!("/reports/{}/withdraw", scene.reports[2].code);
    let left = scene.people[2].post(&path, &[]).await;
    assert_eq!(left.status(), StatusCode::SEE_OTHER);
    let report = scene.now(2).await;
    assert_eq!(report.state, State::Accepted, "it is the others' as well");
    assert!(report.visitor.is_none() && report.description.is_empty() && report.place.is_empty());
    assert_eq!(scene.server.store.counts().reports, received);
    scene.nothing_is_lost().await;
    // Those who stay hear how far it has come, by their own page and by 我的.
    let page = scene.page(0, 0).await;
    assert!(page.contains("合并后的进展：") && page.contains("已受理"), "{page}");
    let page = scene.page(0, 2).await;
    assert!(page.contains("其他居民也反映过，继续办理"), "{page}");
    let code = report.code.to_string();
    let mine = scene.people[0].get("/me").await.text().await.unwrap();
    assert!(mine.contains(&code), "{mine}");
    // Who left has no more to say about it.
    let again = scene.people[2].post(&path, &[]).await;
    assert_eq!(again.status(), StatusCode::FORBIDDEN);
    // Staff find whose words there still are.
    let mut desk = scene.server.logged_in("worker").await;
    let case = desk.get(&format!("/console/reports/{code}")).await.text().await.unwrap();
    let merged = scene.reports[1].number().to_string();
    assert!(case.contains("合并到本件的") && case.contains(&merged), "{case}");
}

#[apply(on_both)]
async fn all_of_mine_is_erased_and_the_others_case_goes_on(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database, 2).await;
    let waiting = set(&scene.server.store, &scene.reports[1].code, |report| {
        report.state = State::NeedsInfo;
        report.due_at = None;
    });
    waiting.await;
    // One that waits for a word and is not public takes no public one.
    set(&scene.server.store, &scene.reports[0].code, |report| {
        (report.state, report.accepted_at) = (State::Submitted, None);
    })
    .await;
    set(&scene.server.store, &scene.reports[1].code, |report| report.accepted_at = None).await;
    scene.merge(0, 1).await.unwrap();
    let erased = scene.people[1].post("/me/erase", &[("confirm", "on")]).await;
    assert_eq!(erased.status(), StatusCode::SEE_OTHER);
    let report = scene.now(1).await;
    assert_eq!(report.state, State::Submitted, "nobody is left who could answer");
    assert!(report.due_at.is_some() && report.visitor.is_none() && report.description.is_empty());
    scene.nothing_is_lost().await;
    let page = scene.page(0, 0).await;
    assert!(page.contains("合并后的进展：") && page.contains("已提交，待受理"), "{page}");
}

#[apply(on_both)]
async fn a_merge_spares_nobody_the_check(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database, 1).await;
    scene.server.add_staff("second", "grid-worker", &["grid-01"]).await;
    let mut desk = scene.server.logged_in("worker").await;
    // A reminder is closed by one person alone: no case goes on under it.
    let fields =
        [("category", "noise"), ("grid", "grid-01"), ("place", "测试小区"), ("source", "patrol")];
    let entered = desk.send(desk.multipart("/console/new", &fields, &[])).await;
    let code = location(&entered).trim_start_matches("/console/reports/").to_owned();
    let store = scene.server.store.clone();
    let reminder = store.report(&Code::parse(&code).unwrap()).await.unwrap().unwrap();
    scene.reports.push(reminder);
    assert!(matches!(scene.merge(0, 1).await, Err(ReportError::Form(_))));
    let reminder = scene.now(1).await;
    let into = Command::Duplicate { of: scene.now(0).await.number() };
    let worker = scene.worker.clone();
    let other_way = act(&scene.server.service, &worker, &reminder, into).await;
    assert!(matches!(other_way, Err(ReportError::Form(_))));

    // The picture from before stays one, under whatever number the case goes on.
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
    let target = scene.now(4).await;
    let (version, path) = (target.version.to_string(), format!("/console/reports/{}", target.code));
    let fields = [("version", version.as_str()), ("text", "已清走")];
    let files = [("before", "b.jpg", super::photos::jpeg(90, 20)), ("photos", "a.jpg", picture)];
    let settle = desk.multipart(&format!("{path}/settle"), &fields, &files);
    let refused = desk.send(settle).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().await.unwrap().contains("是同一张，请重新拍一张"));
}

#[apply(on_both)]
async fn whose_case_is_not_taken_under_another_number_hears_why(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database, 1).await;
    let (store, worker) = (scene.server.store.clone(), scene.worker.clone());
    set(&store, &scene.reports[0].code, |report| {
        (report.state, report.accepted_at) = (State::Submitted, None);
    })
    .await;
    let mut other = scene.server.known_visitor().await;
    let second = filed(&scene.server, &mut other, "grid-01").await;
    scene.reports.push(second);
    scene.merge(0, 1).await.unwrap();
    let target = scene.now(1).await;
    let reject = Command::Reject { reason: "这里由物业管，请打物业电话".into() };
    act(&scene.server.service, &worker, &target, reject).await.unwrap();
    let page = scene.page(0, 0).await;
    assert!(page.contains("合并后的进展：") && page.contains("请打物业电话"), "{page}");
    let stranger = scene.server.known_visitor().await.get("/reports").await.text().await.unwrap();
    assert!(!stranger.contains("物业电话"));
}

#[apply(on_both)]
async fn who_is_alone_takes_it_all_back(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database, 1).await;
    let reporter = scene.reports[0].visitor.clone().unwrap();
    let (service, code) = (&scene.server.service, scene.reports[0].code.clone());
    // One's own second report of the same is no other person.
    let mut own = scene.people[0].clone();
    let second = filed(&scene.server, &mut own, "grid-01").await;
    let merge = Command::Duplicate { of: scene.reports[0].number() };
    act(service, &scene.worker, &second, merge).await.unwrap();
    let gone = service
        .apply_reporter_command(&reporter, &code, &ReporterCommand::Withdraw, &[])
        .await
        .unwrap();
    assert_eq!(gone.state, State::Withdrawn);
    scene.reports.clear();
}

#[apply(on_both)]
async fn supports_and_a_merge_at_once_lose_nobody(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database, 2).await;
    let mut tries = Vec::new();
    for _ in 0..12 {
        let mut visitor = scene.server.known_visitor().await;
        let code = scene.reports[1].code.to_string();
        tries.push(tokio::spawn(async move {
            visitor.post(&format!("/reports/{code}/support"), &[]).await.status()
        }));
    }
    scene.merge(0, 1).await.unwrap();
    for one in tries {
        assert_eq!(one.await.unwrap(), StatusCode::SEE_OTHER);
    }
    let supports = "SELECT COUNT(*) FROM supports WHERE serial = 2";
    assert_eq!(scene.server.database.number(supports).await, 13);
    assert_eq!(scene.now(1).await.supporters, 13);
    assert_eq!(Code::parse(scene.reports[1].code.as_str()).unwrap(), scene.now(1).await.code);
}

//! What was got wrong is put right: corrections, questions that nobody answers, and what the reporter
//! says when they are asked.

use domain::{
    report::{
        Action, Audience, CaseNumber, Code, EventKind, Report, State,
        action::command::{Command, Correction},
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
    server::{Server, Visitor, location, report_fields},
};

const NO_CASE: CaseNumber = CaseNumber { year: 2026, serial: 99 };

/// A working day has passed many times.
const LONG_AGO: i64 = 1;

struct Scene {
    server: Server,
    reporter: Visitor,
    worker: Staff,
    next_door: Staff,
    lead: Staff,
    manager: Staff,
    report: Report,
}

fn slug(text: &str) -> Slug {
    Slug::parse(text).unwrap()
}

fn to_category(to: &str) -> Command {
    Command::Correct(Correction { category: Some(slug(to)), ..Correction::default() })
}

fn to_grid(to: &str, reason: Option<&str>) -> Command {
    let reason = reason.map(str::to_owned);
    Command::Correct(Correction { grid: Some(slug(to)), reason, ..Correction::default() })
}

impl Scene {
    async fn new(kind: Kind) -> Self {
        let server = Server::start(Database::new(kind).await).await;
        let mut reporter = server.known_visitor().await;
        let report = file_report(&server, &mut reporter, "grid-01").await;
        let worker = server.add_staff("worker", "grid-worker", &["grid-01"]).await;
        let next_door = server.add_staff("next-door", "grid-worker", &["grid-02"]).await;
        let lead = server.add_staff("lead", "branch-lead", &["residential"]).await;
        let manager = server.add_staff("manager", "manager", &[]).await;
        Self { server, reporter, worker, next_door, lead, manager, report }
    }

    async fn filed_as(kind: Kind, category: &str) -> Self {
        let mut scene = Self::new(kind).await;
        let mut fields = report_fields("grid-01").to_vec();
        fields.retain(|(name, _)| *name != "category");
        fields.extend([("category", category), ("place", "测试路口")]);
        fields.dedup_by_key(|(name, _)| *name);
        let filed = scene.reporter.send(scene.reporter.multipart("/report", &fields, &[])).await;
        let code = location(&filed).trim_start_matches("/reports/").to_owned();
        scene.report = scene.stored(&Code::parse(&code).unwrap()).await;
        scene
    }

    async fn stored(&self, code: &Code) -> Report {
        self.server.store.report(code).await.unwrap().unwrap()
    }

    async fn order(&mut self, by: &Staff, command: Command) -> Result<(), ReportError> {
        self.report = act(&self.server.service, by, &self.report, command).await?;
        Ok(())
    }

    async fn act_as(&mut self, by: &Staff, actions: &[Action]) {
        for action in actions {
            self.order(by, command(*action, NO_CASE)).await.unwrap();
        }
    }

    async fn status_page(&mut self) -> String {
        let path = format!("/reports/{}", self.report.code);
        self.reporter.get(&path).await.text().await.unwrap()
    }

    async fn notices(&self) -> Vec<String> {
        let pending = self.server.service.pending_notices(50).await.unwrap();
        pending.into_iter().map(|notice| notice.kind).collect()
    }

    /// Its time runs out, and the clock sees it.
    async fn time_passes(&mut self) {
        let code = self.report.code.clone();
        change_report(&self.server.store, &code, |report| report.escalate_at = Some(LONG_AGO))
            .await;
        assert_eq!(self.server.service.escalate_overdue().await.unwrap(), 1);
        self.report = self.stored(&code).await;
    }
}

#[apply(on_both)]
async fn rubbish_filed_as_a_good_deed_becomes_casework(#[case] kind: Kind) {
    for category in ["praise", "jaywalking"] {
        let mut scene = Scene::filed_as(kind, category).await;
        let worker = scene.worker.clone();
        let (code, due) = (scene.report.code.clone(), scene.report.due_at);
        let mut desk = scene.server.logged_in("worker").await;
        let version = scene.report.version.to_string();
        let path = format!("/console/reports/{code}/correct");
        let sent = desk.post(&path, &[("version", &version), ("category", "litter")]).await;
        assert_eq!(sent.status(), StatusCode::SEE_OTHER);
        scene.report = scene.stored(&code).await;
        assert_eq!(scene.report.category.as_str(), "litter");
        assert!(scene.report.due_at <= due, "no longer limit");
        let case = desk.get(&format!("/console/reports/{code}")).await.text().await.unwrap();
        assert!(case.contains("更正了分类") && case.contains("改为"), "{case}");
        assert!(scene.status_page().await.contains("更正了分类"));
        scene.act_as(&worker, &[Action::Accept]).await;
        assert_eq!(scene.server.store.recount().await.unwrap(), []);
    }
}

#[apply(on_both)]
async fn praise_accepted_as_litter_is_closed_by_another_person(#[case] kind: Kind) {
    let mut scene = Scene::new(kind).await;
    let (worker, manager) = (scene.worker.clone(), scene.manager.clone());
    scene.act_as(&worker, &[Action::Accept]).await;
    let was = scene.report.category.clone();
    scene.order(&worker, to_category("praise")).await.unwrap();
    assert_eq!(scene.report.state, State::AwaitingCheck);
    let own = scene.order(&worker, command(Action::Check, NO_CASE)).await;
    assert!(matches!(own, Err(ReportError::Forbidden(_))), "{own:?}");
    let mut desk = scene.server.logged_in("manager").await;
    let path = format!("/console/reports/{}", scene.report.code);
    let page = desk.get(&path).await.text().await.unwrap();
    assert!(page.contains("不需要处理。通过后办结"), "{page}");
    let check = desk.get("/console/check").await.text().await.unwrap();
    assert!(check.contains("不需要处理。通过后办结"), "{check}");

    let back = Command::Check { passed: false, reason: Some("确实有垃圾".into()) };
    scene.order(&manager, back).await.unwrap();
    assert_eq!((scene.report.state, &scene.report.category), (State::Accepted, &was));
    scene.order(&worker, to_category("praise")).await.unwrap();
    scene.order(&manager, Command::Check { passed: true, reason: None }).await.unwrap();
    assert_eq!(scene.report.state, State::Closed);
    assert_eq!(scene.server.store.recount().await.unwrap(), []);
}

#[apply(on_both)]
async fn a_private_quarrel_accepted_as_public_becomes_private(#[case] kind: Kind) {
    let mut scene = Scene::new(kind).await;
    let (worker, manager) = (scene.worker.clone(), scene.manager.clone());
    scene.act_as(&worker, &[Action::Accept, Action::Dispatch]).await;
    let path = format!("/reports/{}", scene.report.code);
    let mut stranger = scene.server.known_visitor().await;
    assert_eq!(stranger.get(&path).await.status(), StatusCode::OK);
    let promised = scene.report.promised_at;
    scene.order(&worker, to_category("dispute")).await.unwrap();
    assert!(!scene.report.is_public());
    assert_eq!(stranger.get(&path).await.status(), StatusCode::NOT_FOUND);
    assert!(!stranger.get("/reports").await.text().await.unwrap().contains(&path));
    assert!(scene.report.promised_at <= promised, "a worker makes no limit longer");
    // Back in public, a lead looks first.
    scene.order(&manager, to_category("corridor")).await.unwrap();
    assert!(scene.report.hidden);
    assert_eq!(stranger.get(&path).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(scene.server.store.recount().await.unwrap(), []);
}

#[apply(on_both)]
async fn a_case_in_the_wrong_grid_moves_and_its_worker_hears(#[case] kind: Kind) {
    let mut scene = Scene::new(kind).await;
    let (worker, next_door) = (scene.worker.clone(), scene.next_door.clone());
    scene.act_as(&worker, &[Action::Accept, Action::Claim]).await;
    let silent = scene.order(&worker, to_grid("grid-02", None)).await;
    assert!(
        matches!(&silent, Err(ReportError::Form(fields)) if fields[0].0 == "reason"),
        "{silent:?}"
    );
    scene.order(&worker, to_grid("grid-02", Some("在路的另一边"))).await.unwrap();
    assert!(!worker.may_see(&scene.report) && next_door.may_see(&scene.report));
    assert_eq!(scene.report.claimed_by, None);
    assert!(scene.notices().await.contains(&"moved".to_owned()));
    assert_eq!(scene.report.level, 0);

    scene.order(&next_door, to_grid("grid-01", Some("不在我们这边"))).await.unwrap();
    assert_eq!(scene.report.level, 1, "the second time it goes to the lead");
    let mut lead = scene.server.logged_in("lead").await;
    let raised = lead.get("/console?raised=1").await.text().await.unwrap();
    assert!(raised.contains(&scene.report.number().to_string()), "{raised}");
    let third = scene.order(&worker, to_grid("grid-02", Some("是那边的"))).await;
    assert!(matches!(&third, Err(ReportError::Form(fields)) if fields[0].0 == "grid"), "{third:?}");
    let by_lead = scene.lead.clone();
    scene.order(&by_lead, to_grid("grid-02", Some("归第二网格"))).await.unwrap();
    assert!(next_door.may_see(&scene.report));
    assert_eq!(scene.server.store.recount().await.unwrap(), []);
}

#[apply(on_both)]
async fn a_correction_says_what_is_wrong_with_it(#[case] kind: Kind) {
    let mut scene = Scene::new(kind).await;
    let (worker, manager) = (scene.worker.clone(), scene.manager.clone());
    let nothing = scene.order(&worker, Command::Correct(Correction::default())).await;
    assert!(matches!(nothing, Err(ReportError::Form(_))), "{nothing:?}");
    let same = scene.order(&worker, to_category(&scene.report.category.to_string())).await;
    assert!(matches!(same, Err(ReportError::Form(_))), "{same:?}");
    scene.act_as(&manager, &[Action::Claim]).await;
    let of_another = scene.order(&worker, to_category("litter")).await;
    assert!(matches!(of_another, Err(ReportError::Forbidden(_))), "{of_another:?}");

    let mut desk = scene.server.logged_in("manager").await;
    let path = format!("/console/reports/{}/correct", scene.report.code);
    let version = scene.report.version.to_string();
    let forged = desk.post(&path, &[("version", &version), ("grid", "no-such")]).await;
    assert_eq!(forged.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(forged.text().await.unwrap().contains("没有这一项"));
}

#[apply(on_both)]
async fn a_question_that_nobody_answers_comes_back(#[case] kind: Kind) {
    let mut scene = Scene::new(kind).await;
    let (worker, due) = (scene.worker.clone(), scene.report.due_at);
    scene.act_as(&worker, &[Action::Ask]).await;
    assert_eq!(scene.report.state, State::NeedsInfo);
    assert!(scene.report.due_at > due, "the clock is paused");
    assert!(scene.status_page().await.contains("还没有收到，就按现有内容办理"));
    scene.time_passes().await;
    assert_eq!((scene.report.state, scene.report.level), (State::Submitted, 1));
    assert!(scene.notices().await.contains(&"unanswered".to_owned()));
    assert!(scene.status_page().await.contains("两个工作日没有收到答复"));

    // Asked again, the clock goes on.
    let due = scene.report.due_at;
    scene.act_as(&worker, &[Action::Ask]).await;
    assert_eq!(scene.report.due_at, due, "it is paused once");
    scene.act_as(&worker, &[Action::Answer]).await;
    assert_eq!((scene.report.state, scene.report.due_at), (State::Submitted, due));
    assert_eq!(scene.report.level, 1);
    scene.act_as(&worker, &[Action::Accept]).await;
}

#[apply(on_both)]
async fn what_the_resident_says_by_telephone_goes_on(#[case] kind: Kind) {
    let mut scene = Scene::new(kind).await;
    let (worker, due) = (scene.worker.clone(), scene.report.due_at);
    scene.act_as(&worker, &[Action::Ask, Action::Answer]).await;
    assert_eq!(scene.report.state, State::Submitted);
    assert!(
        scene.report.due_at <= due.map(|due| due + 60_000),
        "what was waited is added, no more"
    );
    let told = scene.status_page().await;
    assert!(told.contains("记下了反映人的答复"), "{told}");
    // One that staff entered has nobody who could answer on-line.
    let code = scene.report.code.clone();
    scene.report = change_report(&scene.server.store, &code, |report| report.visitor = None).await;
    let asked = scene.order(&worker, command(Action::Ask, NO_CASE)).await;
    assert!(matches!(asked, Err(ReportError::Conflict)), "{asked:?}");
}

#[apply(on_both)]
async fn the_clock_makes_no_form_stale(#[case] kind: Kind) {
    let mut scene = Scene::new(kind).await;
    let worker = scene.worker.clone();
    let seen = scene.report.clone();
    scene.time_passes().await;
    scene.report = Report { version: seen.version, ..scene.report.clone() };
    scene.act_as(&worker, &[Action::Note]).await;
    let late = Report { version: seen.version, ..scene.report.clone() };
    let note = command(Action::Note, NO_CASE);
    let stale = act(&scene.server.service, &worker, &late, note).await;
    assert!(matches!(stale, Err(ReportError::Stale(_))), "a colleague's deed does: {stale:?}");
}

#[apply(on_both)]
async fn late_stays_late_when_it_is_sent_on(#[case] kind: Kind) {
    let mut scene = Scene::new(kind).await;
    let worker = scene.worker.clone();
    scene.act_as(&worker, &[Action::Accept]).await;
    let code = scene.report.code.clone();
    let late = |report: &mut Report| {
        (report.due_at, report.promised_at) = (Some(LONG_AGO), Some(LONG_AGO));
    };
    change_report(&scene.server.store, &code, late).await;
    scene.time_passes().await;
    for action in [Action::Dispatch, Action::Return, Action::Dispatch, Action::Start] {
        scene.act_as(&worker, &[action]).await;
        assert_eq!(scene.report.level, 1, "{action:?}");
    }
    let mut lead = scene.server.logged_in("lead").await;
    let raised = lead.get("/console?raised=1").await.text().await.unwrap();
    assert!(raised.contains(&scene.report.number().to_string()), "{raised}");
}

#[apply(on_both)]
async fn not_solved_by_telephone_reopens_as_on_the_page(#[case] kind: Kind) {
    let mut scene = Scene::new(kind).await;
    let (worker, lead, manager) = (scene.worker.clone(), scene.lead.clone(), scene.manager.clone());
    scene.act_as(&worker, &[Action::Accept, Action::Dispatch, Action::Start, Action::Finish]).await;
    scene.act_as(&lead, &[Action::Check]).await;
    let no = Command::Revisit { solved: false, text: "电话里说还在".into() };
    scene.order(&manager, no).await.unwrap();
    let report = &scene.report;
    assert_eq!((report.state, report.reopened), (State::Dispatched, 1));
    assert_eq!((report.solved, report.rated_by), (Some(false), Some(manager.id)));
    assert!(scene.notices().await.contains(&"reopened".to_owned()));
    let page = scene.status_page().await;
    assert!(page.contains("社区回访时您说：没解决"), "{page}");
    let timeline = scene.server.store.timeline(scene.report.serial, None, Audience::Staff).await;
    let last = timeline.unwrap().events.pop().unwrap();
    assert_eq!((last.what, last.staff), (EventKind::Staff(Action::Revisit), Some(manager.id)));
    let span = (0, i64::MAX);
    assert_eq!(scene.server.store.happened(span).await.unwrap().reopened, 1);

    // Noted as solved, the resident may still say otherwise; after the days the page says what to do.
    scene.act_as(&worker, &[Action::Start, Action::Finish]).await;
    scene.act_as(&lead, &[Action::Check]).await;
    scene.act_as(&manager, &[Action::Revisit]).await;
    assert!(scene.status_page().await.contains("没解决</button>"));
    let code = scene.report.code.clone();
    change_report(&scene.server.store, &code, |report| {
        (report.closed_at, report.solved, report.rated_by) = (Some(LONG_AGO), None, None);
    })
    .await;
    let page = scene.status_page().await;
    assert!(page.contains("还没有解决的话，请再报一次") && page.contains("再报一次</a>"), "{page}");
}

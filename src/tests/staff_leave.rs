//! Somebody leaves, moves or is away: their cases go to a colleague or back to the grid, and whoever
//! stands in for a colleague who stands in has both.

use domain::{
    report::{Action, CaseNumber, Code, EventKind, Report},
    staff::Staff,
};
use reqwest::StatusCode;
use rstest_reuse::apply;
use service::staff::{BACK_TO_GRID, StaffUpdate};

use super::casework::{act, command, file_report};
use crate::support::{
    database::{Database, Kind, on_both},
    server::{Server, Visitor},
};

const NO_CASE: CaseNumber = CaseNumber { year: 2026, serial: 99 };

struct Scene {
    server: Server,
    manager: Staff,
    desk: Visitor,
    claimed: Vec<Code>,
}

impl Scene {
    /// A worker of two grids, with a claimed case in each.
    async fn new(kind: Kind) -> Self {
        let server = Server::start(Database::new(kind).await).await;
        let worker = server.add_staff("worker", "grid-worker", &["grid-01", "grid-02"]).await;
        server.add_staff("colleague", "grid-worker", &["grid-01", "grid-02"]).await;
        server.add_staff("elsewhere", "grid-worker", &["grid-02"]).await;
        let manager = server.add_staff("manager", "manager", &[]).await;
        let desk = server.logged_in("manager").await;
        let mut visitor = server.known_visitor().await;
        let mut claimed = Vec::new();
        for grid in ["grid-01", "grid-02"] {
            let report = file_report(&server, &mut visitor, grid).await;
            let claim = command(Action::Claim, NO_CASE);
            claimed.push(act(&server.service, &worker, &report, claim).await.unwrap().code);
        }
        Self { server, manager, desk, claimed }
    }

    async fn report(&self, which: usize) -> Report {
        self.server.store.report(&self.claimed[which]).await.unwrap().unwrap()
    }

    async fn holder(&self, which: usize) -> Option<String> {
        let id = self.report(which).await.claimed_by?;
        let staff = self.server.store.staff().await.unwrap();
        staff.into_iter().find(|one| one.id == id).map(|one| one.login)
    }

    async fn send(&mut self, what: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let answer = self.desk.post(&format!("/console/staff/worker/{what}"), fields).await;
        (answer.status(), answer.text().await.unwrap())
    }

    async fn is_active(&self) -> bool {
        let staff = self.server.store.staff().await.unwrap();
        staff.iter().any(|one| one.login == "worker" && one.active)
    }
}

#[apply(on_both)]
async fn disabling_asks_what_becomes_of_their_cases(#[case] kind: Kind) {
    let mut scene = Scene::new(kind).await;
    let page = scene.desk.get("/console/staff").await.text().await.unwrap();
    assert!(page.contains("手上认领的2件交给"), "{page}");
    let stale = scene.report(0).await.version;
    for (cases, said) in [
        ("", "手上还有2件，请选择交给谁，或放回网格"),
        ("nobody", "请选择一位在岗的同事"),
        ("worker", "请选择一位在岗的同事"),
        ("elsewhere", "有1件不归"),
    ] {
        let (status, page) = scene.send("active", &[("active", "off"), ("cases", cases)]).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{cases}");
        assert!(page.contains(said), "{cases}: {page}");
        assert!(scene.is_active().await, "{cases}");
    }
    let (status, _) = scene.send("active", &[("active", "off"), ("cases", "colleague")]).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(!scene.is_active().await);
    for which in 0..2 {
        assert_eq!(scene.holder(which).await.as_deref(), Some("colleague"));
        let report = scene.report(which).await;
        let events = scene.server.service.events_since(&report, stale).await.unwrap();
        assert_eq!(events.last().unwrap().0.what, EventKind::HandedOver);
        assert_eq!(events.last().unwrap().0.staff, Some(scene.manager.id));
    }
    let mut reader = scene.server.logged_in("colleague").await;
    let path = format!("/console/reports/{}", scene.claimed[0]);
    let case = reader.get(&path).await.text().await.unwrap();
    assert!(case.contains("认领的同事离开或调岗，交给"), "{case}");
}

#[apply(on_both)]
async fn moving_asks_for_what_is_left_behind_only(#[case] kind: Kind) {
    let mut scene = Scene::new(kind).await;
    let (status, page) = scene.send("scope", &[("grids", "grid-02")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("手上还有1件"), "{page}");
    let fields = [("grids", "grid-02"), ("cases", BACK_TO_GRID)];
    assert_eq!(scene.send("scope", &fields).await.0, StatusCode::SEE_OTHER);
    assert_eq!(scene.holder(0).await, None);
    assert_eq!(scene.holder(1).await.as_deref(), Some("worker"));
}

#[apply(on_both)]
async fn nothing_is_claimed_by_someone_who_is_gone(#[case] kind: Kind) {
    let scene = Scene::new(kind).await;
    // The node ended between the two, or a claim came at the same moment.
    scene.server.database.execute("UPDATE staff SET active = 0 WHERE login = 'worker'").await;
    scene.server.service.release_claims_of_the_gone().await.unwrap();
    for which in 0..2 {
        assert_eq!(scene.holder(which).await, None);
    }
}

#[apply(on_both)]
async fn a_stand_in_keeps_and_returns_what_they_claimed(#[case] kind: Kind) {
    let scene = Scene::new(kind).await;
    let second = scene.server.add_staff("second", "grid-worker", &["grid-09"]).await;
    scene.server.database.execute("UPDATE reports SET claimed_by = 5 WHERE serial = 1").await;
    assert_eq!(second.id, 5);
    let manage = async |change: StaffUpdate| {
        let by = Some(&scene.manager);
        scene.server.service.manage_staff(by, "second", change).await
    };
    let stand_in = StaffUpdate::StandIn { login: "second".into(), until: String::new() };
    let by = Some(&scene.manager);
    scene.server.service.manage_staff(by, "worker", stand_in).await.unwrap();
    scene.server.service.release_claims_out_of_sight().await.unwrap();
    assert_eq!(scene.holder(0).await.as_deref(), Some("second"));
    manage(StaffUpdate::Password("a long enough phrase of words".into())).await.unwrap();
    let grids = vec!["grid-08".to_owned()];
    let moves = StaffUpdate::Scope { grids, branches: Vec::new(), cases: String::new() };
    manage(moves).await.unwrap();
    assert_eq!(scene.holder(0).await.as_deref(), Some("second"), "still as a stand-in");
    scene.server.database.execute("UPDATE staff SET stand_in_until = 1").await;
    scene.server.service.release_claims_out_of_sight().await.unwrap();
    assert_eq!(scene.holder(0).await, None);
    assert_eq!(scene.holder(1).await.as_deref(), Some("worker"));
}

/// Whether the queue of `login` has the first case.
async fn sees(scene: &Scene, login: &str) -> bool {
    let mut desk = scene.server.logged_in(login).await;
    let queue = desk.get("/console").await.text().await.unwrap();
    queue.contains(scene.claimed[0].as_str())
}

#[apply(on_both)]
async fn stand_ins_of_stand_ins_work_and_end(#[case] kind: Kind) {
    let scene = Scene::new(kind).await;
    let staff = ["second", "third"];
    for login in staff {
        scene.server.add_staff(login, "grid-worker", &["grid-09"]).await;
    }
    let stand_in = async |whose: &str, who: &str, until: &str| {
        let change = StaffUpdate::StandIn { login: who.into(), until: until.into() };
        scene.server.service.manage_staff(Some(&scene.manager), whose, change).await
    };
    assert!(!sees(&scene, "third").await);
    stand_in("worker", "second", "").await.unwrap();
    stand_in("second", "third", "").await.unwrap();
    // In a circle it ends, too.
    stand_in("third", "worker", "").await.unwrap();
    assert!(sees(&scene, "second").await && sees(&scene, "third").await);
    for wrong in ["2020-01-01", "31.12.2026", "9999-12-31"] {
        assert!(stand_in("worker", "second", wrong).await.is_err(), "{wrong}");
    }
    let today = scene.server.service.day(scene.server.service.now()).unwrap();
    let today = format!("{:04}-{:02}-{:02}", today.year, today.month, today.day);
    stand_in("worker", "second", &today).await.unwrap();
    assert!(sees(&scene, "third").await, "until the end of today");
    scene
        .server
        .database
        .execute("UPDATE staff SET stand_in_until = 1 WHERE login = 'worker'")
        .await;
    assert!(!sees(&scene, "second").await && !sees(&scene, "third").await);
    let mut desk = scene.desk.clone();
    let page = desk.get("/console/staff").await.text().await.unwrap();
    assert_eq!(page.matches("请假中").count(), 2, "the two others");
}

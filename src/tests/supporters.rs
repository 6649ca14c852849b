//! Residents who have met the same say 没解决: three of them, from two networks, open it again, once.

use domain::report::{Action, CaseNumber, Code, Report, State};
use reqwest::StatusCode;
use rstest_reuse::apply;

use super::casework::{act, change_report, command, file_report};
use crate::support::{
    database::{Database, Kind, on_both},
    server::{Server, Visitor},
};

const NO_CASE: CaseNumber = CaseNumber { year: 2026, serial: 99 };

struct Scene {
    server: Server,
    report: Report,
    supporters: Vec<Visitor>,
}

impl Scene {
    /// An accepted report with four supporters: two of one network, two of another.
    async fn new(kind: Kind) -> Self {
        let server = Server::start(Database::new(kind).await).await;
        server.add_staff("worker", "grid-worker", &["grid-01"]).await;
        server.add_staff("manager", "manager", &[]).await;
        let mut reporter = server.known_visitor().await;
        let report = file_report(&server, &mut reporter, "grid-01").await;
        let mut scene = Self { server, report, supporters: Vec::new() };
        scene.work(&[("worker", Action::Accept), ("worker", Action::Dispatch)]).await;
        for address in ["192.0.2.1", "192.0.2.1", "192.0.2.1", "198.51.100.1"] {
            scene.add_supporter(address).await;
        }
        scene
    }

    async fn add_supporter(&mut self, address: &str) {
        let mut visitor = self.server.known_visitor().await;
        visitor.address = address.to_owned();
        let path = format!("/reports/{}/support", self.report.code);
        assert_eq!(visitor.post(&path, &[]).await.status(), StatusCode::SEE_OTHER);
        self.supporters.push(visitor);
    }

    async fn work(&mut self, orders: &[(&str, Action)]) {
        let staff = self.server.store.staff().await.unwrap();
        for (login, action) in orders {
            let by = staff.iter().find(|staff| staff.login == *login).unwrap();
            let order = command(*action, NO_CASE);
            self.report = act(&self.server.service, by, &self.report, order).await.unwrap();
        }
    }

    /// What was given to a unit is done and checked.
    async fn close(&mut self) {
        self.work(&[
            ("worker", Action::Start),
            ("worker", Action::Finish),
            ("manager", Action::Check),
        ])
        .await;
    }

    async fn say(&mut self, who: usize) -> StatusCode {
        let path = format!("/reports/{}/unsolved", self.report.code);
        self.supporters[who].post(&path, &[]).await.status()
    }

    async fn page(&mut self, who: usize) -> String {
        let path = format!("/reports/{}", self.report.code);
        self.supporters[who].get(&path).await.text().await.unwrap()
    }

    async fn stored(&mut self) -> Report {
        self.report = stored(&self.server, &self.report.code).await;
        self.report.clone()
    }
}

async fn stored(server: &Server, code: &Code) -> Report {
    server.store.report(code).await.unwrap().unwrap()
}

#[apply(on_both)]
async fn three_of_two_networks_open_it_again_once(#[case] kind: Kind) {
    let mut scene = Scene::new(kind).await;
    assert_eq!(scene.say(0).await, StatusCode::CONFLICT, "it is still handled");
    scene.close().await;
    assert!(scene.page(0).await.contains("/unsolved"));
    for who in [0, 1, 2, 2] {
        assert_eq!(scene.say(who).await, StatusCode::SEE_OTHER);
        assert_eq!(scene.stored().await.state, State::Closed, "all of them are of one network");
    }
    let said = scene.page(0).await;
    assert!(said.contains("您说：没解决") && !said.contains("/unsolved"), "{said}");
    assert_eq!(scene.say(3).await, StatusCode::SEE_OTHER);
    let again = scene.stored().await;
    assert_eq!((again.state, again.reopened, again.solved), (State::Dispatched, 1, None));
    let page = scene.page(0).await;
    assert!(page.contains("4位也遇到过的居民表示：没解决"), "{page}");
    let notices = scene.server.service.pending_notices(50).await.unwrap();
    assert!(notices.iter().any(|notice| notice.kind == "reopened"));
    let week = domain::time::DAY * 7;
    let now = scene.server.service.now();
    let span = (now - week, now + week);
    let happened = scene.server.store.happened(span).await.unwrap();
    assert_eq!(happened.reopened, 1);

    // A second time, it is for staff and the reporter to say.
    scene.close().await;
    for who in [0, 1, 2, 3] {
        assert_eq!(scene.say(who).await, StatusCode::CONFLICT);
    }
    assert_eq!(scene.stored().await.state, State::Closed);
    let page = scene.page(0).await;
    assert!(page.contains("已经让它重新办理过一次") && !page.contains("/unsolved"), "{page}");
}

#[apply(on_both)]
async fn only_who_knew_it_before_and_counts_is_heard(#[case] kind: Kind) {
    let mut scene = Scene::new(kind).await;
    // One came when it had been handled, and was waiting for its check.
    scene.work(&[("worker", Action::Start), ("worker", Action::Finish)]).await;
    scene.add_supporter("203.0.113.1").await;
    scene.work(&[("manager", Action::Check)]).await;
    assert_eq!(scene.say(4).await, StatusCode::CONFLICT);
    assert!(!scene.page(4).await.contains("/unsolved"));
    // One is quarantined, another has not said that they met it.
    let waits = "UPDATE supports SET quarantine = 'burst' WHERE visitor = (SELECT visitor FROM \
                 supports ORDER BY at LIMIT 1)";
    scene.server.database.execute(waits).await;
    let mut stranger = scene.server.known_visitor().await;
    let path = format!("/reports/{}/unsolved", scene.report.code);
    assert_eq!(stranger.post(&path, &[]).await.status(), StatusCode::FORBIDDEN);
    for who in [0, 1, 3] {
        assert_eq!(scene.say(who).await, StatusCode::SEE_OTHER);
    }
    assert_eq!(scene.stored().await.state, State::Closed, "two of the three count");
    assert_eq!(scene.say(2).await, StatusCode::SEE_OTHER);
    assert_eq!(scene.stored().await.state, State::Dispatched);
}

#[apply(on_both)]
async fn the_days_for_it_end_and_the_networks_are_forgotten(#[case] kind: Kind) {
    let mut scene = Scene::new(kind).await;
    scene.close().await;
    assert_eq!(scene.say(0).await, StatusCode::SEE_OTHER);
    let known = "SELECT COUNT(*) FROM supports WHERE unsolved_from IS NOT NULL";
    scene.server.service.forget_networks_of_supporters().await.unwrap();
    assert_eq!(scene.server.database.number(known).await, 1);
    scene
        .server
        .database
        .execute("UPDATE supports SET unsolved_at = unsolved_at - unsolved_at + 5, at = 1")
        .await;
    change_report(&scene.server.store, &scene.report.code, |report| {
        (report.finished_at, report.closed_at) = (Some(3), Some(4));
    })
    .await;
    scene.server.service.forget_networks_of_supporters().await.unwrap();
    assert_eq!(scene.server.database.number(known).await, 0);
    assert_eq!(scene.say(1).await, StatusCode::CONFLICT);
    let page = scene.page(1).await;
    assert!(page.contains("再报一次") || page.contains("您说：没解决"), "{page}");
}

//! After a merge: whoever handles the one sees what came with the other, and the reporter of the other
//! adds through their own page, reads there how it goes on, and may say 没解决.

use domain::{
    report::{
        Action, CaseNumber, EventKind, State,
        action::command::{Command, Correction},
    },
    slug::Slug,
};
use reqwest::StatusCode;
use rstest_reuse::apply;

use super::{
    casework::{act, change_report, command},
    merges::Scene,
};
use crate::support::{
    database::{Database, Kind, on_both},
    html,
};

const NO_CASE: CaseNumber = CaseNumber { year: 2026, serial: 99 };

impl Scene {
    /// The second report is brought to its end.
    async fn close_second(&mut self) {
        let (worker, manager) = (self.worker.clone(), self.manager.clone());
        let mut report = self.current(1).await;
        for (by, action) in [
            (&worker, Action::Dispatch),
            (&worker, Action::Start),
            (&worker, Action::Finish),
            (&manager, Action::Check),
        ] {
            report =
                act(&self.server.service, by, &report, command(action, NO_CASE)).await.unwrap();
        }
        assert_eq!(report.state, State::Closed);
    }

    async fn events_of_second(&self) -> Vec<EventKind> {
        let serial = self.reports[1].serial;
        let readers = domain::report::Audience::Staff;
        let timeline = self.server.store.timeline(serial, None, readers).await.unwrap();
        timeline.events.into_iter().map(|event| event.what).collect()
    }
}

#[apply(on_both)]
async fn who_handles_it_sees_what_came_with_the_merged_one(#[case] kind: Kind) {
    let mut scene = Scene::new(Database::new(kind).await, 2).await;
    let first = change_report(&scene.server.store, &scene.reports[0].code, |report| {
        report.description = "两袋装修垃圾".into();
        report.contact_name = Some("王测试".into());
        report.contact_phone = Some("13800000001".into());
    });
    first.await;
    scene.merge(0, 1).await.unwrap();
    assert_eq!(
        scene.events_of_second().await.last(),
        Some(&EventKind::Merged),
        "the target learns"
    );
    // The other one is handled in a grid whose worker never saw the first.
    let far = Command::Correct(Correction {
        grid: Some(Slug::parse("grid-02").unwrap()),
        reason: Some("在隔壁".into()),
        ..Correction::default()
    });
    let second = scene.current(1).await;
    act(&scene.server.service, &scene.manager, &second, far).await.unwrap();
    let add = [("text", "又多了一袋")];
    let files = [("photos", "b.jpg", super::photos::jpeg(40, 30))];
    let path = format!("/reports/{}/add", scene.reports[0].code);
    let form = scene.people[0].multipart(&path, &add, &files);
    assert_eq!(scene.people[0].send(form).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(scene.events_of_second().await.last(), Some(&EventKind::AddedToMerged));

    scene.server.add_staff("next-door", "grid-worker", &["grid-02"]).await;
    scene.server.add_staff("elsewhere", "grid-worker", &["grid-03"]).await;
    let (first, second) = (&scene.reports[0], &scene.reports[1]);
    let mut desk = scene.server.logged_in("next-door").await;
    let case = desk.get(&format!("/console/reports/{}", second.code)).await.text().await.unwrap();
    for shown in ["两袋装修垃圾", "又多了一袋", &first.number().to_string()] {
        assert!(case.contains(shown), "{shown}: {case}");
    }
    let photo = format!("/photos/{}", html::photo_ids(&case).first().unwrap());
    assert_eq!(desk.get(&photo).await.status(), StatusCode::OK);
    let contact = format!("/console/contact/{}", first.code);
    let shown = desk.post(&contact, &[]).await.text().await.unwrap();
    assert!(shown.contains("13800000001"), "{shown}");
    let noted = "SELECT COUNT(*) FROM audit WHERE action = 'contact'";
    assert_eq!(scene.server.database.number(noted).await, 1);
    let page = desk.get(&format!("/console/reports/{}", first.code)).await.text().await.unwrap();
    assert!(!page.contains("form-note"), "no form that would be refused");
    // It is theirs to read, not to change; and for nobody else.
    let version = scene.current(0).await.version.to_string();
    let reopen = format!("/console/reports/{}/note", first.code);
    let refused = desk.post(&reopen, &[("version", &version), ("text", "不是我的")]).await;
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    let mut other = scene.server.logged_in("elsewhere").await;
    for path in [format!("/console/reports/{}", first.code), photo] {
        assert_eq!(other.get(&path).await.status(), StatusCode::NOT_FOUND);
    }
    assert_eq!(other.post(&contact, &[]).await.status(), StatusCode::NOT_FOUND);
}

#[apply(on_both)]
async fn the_reporter_of_a_merged_report_follows_it_to_its_end(#[case] kind: Kind) {
    let mut scene = Scene::new(Database::new(kind).await, 2).await;
    scene.merge(0, 1).await.unwrap();
    let (add, unsolved) = (
        format!("/reports/{}/add", scene.reports[0].code),
        format!("/reports/{}/unsolved", scene.reports[0].code),
    );
    let early = scene.people[0].post(&unsolved, &[]).await;
    assert_eq!(early.status(), StatusCode::CONFLICT, "it is not closed yet");
    scene.close_second().await;
    let page = scene.page(0, 0).await;
    assert!(page.contains("派单给物业") && page.contains(&unsolved), "{page}");
    assert!(!page.contains(&add), "nobody handles it any more");
    let late = scene.people[0].post(&add, &[("text", "还有")]).await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
    let stranger = scene.server.known_visitor().await.post(&unsolved, &[]).await;
    assert_eq!(stranger.status(), StatusCode::FORBIDDEN);
    for _ in 0..2 {
        // Sent twice, it is opened once.
        let said = scene.people[0].post(&unsolved, &[]).await.status();
        assert!(matches!(said, StatusCode::SEE_OTHER | StatusCode::CONFLICT), "{said}");
    }
    let second = scene.current(1).await;
    assert_eq!((second.state, second.reopened), (State::Dispatched, 1));
    let notices = scene.server.service.pending_notices(50).await.unwrap();
    assert!(notices.iter().any(|notice| notice.kind == "reopened"));
    // The days for it end for both of them.
    scene.server.database.execute("UPDATE reports SET state = 'closed', closed_at = 1").await;
    let over = scene.people[0].post(&unsolved, &[]).await;
    assert_eq!(over.status(), StatusCode::CONFLICT);
    scene.server.database.execute("UPDATE reports SET state = 'duplicate' WHERE serial = 1").await;
    assert!(scene.page(0, 0).await.contains("再报一次"));
}

#[apply(on_both)]
async fn the_number_of_a_case_that_is_not_public_stands_nowhere(#[case] kind: Kind) {
    let mut scene = Scene::new(Database::new(kind).await, 2).await;
    scene.merge(0, 1).await.unwrap();
    let number = scene.reports[1].number().to_string();
    let path = format!("/reports/{}", scene.reports[0].code);
    let mut stranger = scene.server.known_visitor().await;
    assert!(stranger.get(&path).await.text().await.unwrap().contains(&number));
    let private = Command::Correct(Correction {
        category: Some(Slug::parse("dispute").unwrap()),
        ..Correction::default()
    });
    let second = scene.current(1).await;
    act(&scene.server.service, &scene.manager, &second, private).await.unwrap();
    let page = stranger.get(&path).await.text().await.unwrap();
    assert!(page.contains("合并到另一件办理") && !page.contains(&number), "{page}");
    let own = scene.page(0, 0).await;
    assert!(own.contains("合并后的进展：") && !own.contains(&number), "{own}");
    // What is written of somebody's private case is not for the reporter of another one.
    let second = scene.current(1).await;
    let dispatched = act(
        &scene.server.service,
        &scene.manager,
        &second,
        Command::Settle { text: "已与王测试家谈妥".into() },
    );
    dispatched.await.unwrap();
    let own = scene.page(0, 0).await;
    assert!(own.contains("现场处理完毕") && !own.contains("谈妥"), "{own}");
}

#[apply(on_both)]
async fn a_number_is_named_by_the_report_it_is_of(#[case] kind: Kind) {
    let mut scene = Scene::new(Database::new(kind).await, 3).await;
    scene.merge(0, 1).await.unwrap();
    scene.merge(1, 2).await.unwrap();
    let between = scene.reports[1].number().to_string();
    change_report(&scene.server.store, &scene.reports[1].code, |report| report.hidden = true).await;
    for page in [scene.page(0, 0).await, scene.page(2, 0).await] {
        assert!(!page.contains(&between), "{page}");
    }
}

#[apply(on_both)]
async fn a_withdrawal_lets_go_what_the_same_person_sent(#[case] kind: Kind) {
    let mut scene = Scene::new(Database::new(kind).await, 1).await;
    let mut own = scene.people[0].clone();
    let second = super::casework::file_report(&scene.server, &mut own, "grid-01").await;
    let accept = command(Action::Accept, NO_CASE);
    let second = act(&scene.server.service, &scene.worker, &second, accept).await.unwrap();
    scene.reports.push(second);
    scene.merge(0, 1).await.unwrap();
    let path = format!("/reports/{}/withdraw", scene.reports[1].code);
    assert_eq!(own.post(&path, &[]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(scene.current(1).await.state, State::Withdrawn);
    assert_eq!(scene.current(0).await.state, State::Submitted, "it can be withdrawn, too");
}

#[apply(on_both)]
async fn what_nobody_sent_any_more_does_not_come_back(#[case] kind: Kind) {
    let mut scene = Scene::new(Database::new(kind).await, 2).await;
    scene.merge(0, 1).await.unwrap();
    let erased = scene.people[0].post("/me/erase", &[("confirm", "on")]).await;
    assert_eq!(erased.status(), StatusCode::SEE_OTHER);
    let second = change_report(&scene.server.store, &scene.reports[1].code, |report| {
        (report.state, report.accepted_at) = (State::Submitted, None);
    })
    .await;
    let reject = command(Action::Reject, NO_CASE);
    act(&scene.server.service, &scene.worker, &second, reject).await.unwrap();
    scene.server.service.part_forgotten().await.unwrap();
    assert_eq!(scene.current(0).await.state, State::Duplicate);
}

#[apply(on_both)]
async fn what_was_left_half_parted_is_parted_later(#[case] kind: Kind) {
    let mut scene = Scene::new(Database::new(kind).await, 3).await;
    scene.merge(0, 2).await.unwrap();
    scene.merge(1, 2).await.unwrap();
    // The node ended between the decision and what follows from it.
    change_report(&scene.server.store, &scene.reports[2].code, |report| {
        (report.state, report.accepted_at) = (State::Rejected, None);
        (report.due_at, report.escalate_at) = (None, None);
    })
    .await;
    scene.server.service.part_forgotten().await.unwrap();
    for which in 0..2 {
        assert_eq!(scene.current(which).await.state, State::Submitted);
    }
}

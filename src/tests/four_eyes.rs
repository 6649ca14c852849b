//! Four-eyes rule: nobody closes a case that they have worked on, in any way.

use std::io::Cursor;

use domain::{
    report::{Action, CaseNumber, Report, State, action::command::Command},
    staff::Staff,
};
use image::{DynamicImage, ImageFormat, RgbImage, imageops::FilterType};
use reqwest::StatusCode;
use rstest_reuse::apply;
use scraper::Html;
use service::report::ReportError;

use super::{
    casework::{act, change_report, command, file_report},
    photos::jpeg,
};
use crate::support::{
    database::{Database, Kind, on_both},
    forms::all,
    server::{Server, Visitor, report_fields},
};

/// Two workers of one grid, a lead and a manager, and a dispatched report.
struct Scene {
    server: Server,
    reporter: Visitor,
    first: Staff,
    second: Staff,
    lead: Staff,
    manager: Staff,
    report: Report,
}

const NO_CASE: CaseNumber = CaseNumber { year: 2026, serial: 99 };

impl Scene {
    async fn new(database: Database) -> Self {
        let server = Server::start(database).await;
        let mut reporter = server.known_visitor().await;
        let report = file_report(&server, &mut reporter, "grid-01").await;
        let first = server.add_staff("first", "grid-worker", &["grid-01"]).await;
        let second = server.add_staff("second", "grid-worker", &["grid-01"]).await;
        let lead = server.add_staff("lead", "branch-lead", &["residential"]).await;
        let manager = server.add_staff("manager", "manager", &[]).await;
        let mut scene = Self { server, reporter, first, second, lead, manager, report };
        for action in [Action::Accept, Action::Dispatch] {
            scene.act_as(&scene.first.clone(), action).await;
        }
        scene
    }

    async fn try_action(&mut self, by: &Staff, command: Command) -> Result<(), ReportError> {
        self.report = act(&self.server.service, by, &self.report, command).await?;
        Ok(())
    }

    async fn act_as(&mut self, by: &Staff, action: Action) {
        self.try_action(by, command(action, NO_CASE)).await.unwrap();
    }

    async fn assert_forbidden(&mut self, by: &Staff, action: Action) {
        let result = self.try_action(by, command(action, NO_CASE)).await;
        assert!(matches!(result, Err(ReportError::Forbidden(_))), "{action:?}: {result:?}");
    }
}

#[apply(on_both)]
async fn who_worked_on_a_case_cannot_check_it(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database).await;
    let (first, second, lead) = (scene.first.clone(), scene.second.clone(), scene.lead.clone());
    scene.act_as(&first, Action::Start).await;
    scene.act_as(&second, Action::Finish).await;
    for own in [&first, &second] {
        scene.assert_forbidden(own, Action::Check).await;
    }
    // Sent back and finished by the other worker, it still counts as work of both.
    let back = Command::Check { passed: false, reason: Some("没有清干净".into()) };
    scene.try_action(&lead, back).await.unwrap();
    scene.act_as(&second, Action::Finish).await;
    scene.assert_forbidden(&first, Action::Check).await;
    scene.act_as(&lead, Action::Check).await;
    assert_eq!(scene.report.state, State::Closed);
    for own in [&first, &second] {
        scene.assert_forbidden(own, Action::Revisit).await;
    }
}

#[apply(on_both)]
async fn extending_counts_as_work_and_dispatching_or_a_note_does_not(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database).await;
    let (first, second, lead) = (scene.first.clone(), scene.second.clone(), scene.lead.clone());
    // Dispatching, a note, a reply or a claim does not count as work: they may check.
    for action in [Action::Note, Action::Reply, Action::Claim, Action::Release] {
        scene.act_as(&first, action).await;
    }
    scene.act_as(&lead, Action::Extend).await;
    scene.act_as(&second, Action::Start).await;
    scene.act_as(&second, Action::Finish).await;
    scene.assert_forbidden(&lead, Action::Check).await;
    scene.act_as(&first, Action::Check).await;
    assert_eq!(scene.report.state, State::Closed);
}

#[apply(on_both)]
async fn dispatching_again_clears_who_worked_on_it(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database).await;
    let (first, second) = (scene.first.clone(), scene.second.clone());
    for action in [Action::Start, Action::Return, Action::Dispatch] {
        scene.act_as(&first, action).await;
    }
    for action in [Action::Start, Action::Finish] {
        scene.act_as(&second, action).await;
    }
    scene.act_as(&first, Action::Check).await;
    assert_eq!(scene.report.state, State::Closed);
}

#[apply(on_both)]
async fn a_settled_case_is_checked_by_another(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database).await;
    let (first, second) = (scene.first.clone(), scene.second.clone());
    scene.act_as(&first, Action::Settle).await;
    scene.assert_forbidden(&first, Action::Check).await;
    let back = Command::Check { passed: false, reason: Some("再看".into()) };
    scene.try_action(&second, back).await.unwrap();
    scene.act_as(&second, Action::Finish).await;
    scene.assert_forbidden(&first, Action::Check).await;
    scene.assert_forbidden(&second, Action::Check).await;
}

#[apply(on_both)]
async fn a_referral_by_a_worker_is_checked(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database).await;
    let (first, second, lead) = (scene.first.clone(), scene.second.clone(), scene.lead.clone());
    scene.act_as(&first, Action::Return).await;
    scene.act_as(&first, Action::Refer).await;
    assert_eq!(scene.report.state, State::AwaitingCheck);
    let path = format!("/reports/{}", scene.report.code);
    let page = scene.reporter.get(&path).await.text().await.unwrap();
    assert!(page.contains("拟转给测试，待核实") && !page.contains("已转给"), "{page}");
    scene.assert_forbidden(&first, Action::Check).await;
    // The checker refuses: the case returns to its state before.
    let back = Command::Check { passed: false, reason: Some("是我们的".into()) };
    scene.try_action(&second, back).await.unwrap();
    assert_eq!((scene.report.state, &scene.report.referred_to), (State::Accepted, &None));
    assert_eq!(scene.report.due_at, scene.report.promised_at);
    scene.act_as(&first, Action::Refer).await;
    scene.act_as(&second, Action::Check).await;
    assert_eq!(scene.report.state, State::Referred);
    let page = scene.reporter.get(&path).await.text().await.unwrap();
    assert!(page.contains("已转给测试") && page.contains("核实通过，已转办"), "{page}");
    // A lead refers without a check.
    scene.act_as(&lead, Action::Reopen).await;
    scene.act_as(&lead, Action::Refer).await;
    assert_eq!(scene.report.state, State::Referred);
    // A case that was never accepted returns to submitted.
    scene.act_as(&lead, Action::Reopen).await;
    assert_eq!(scene.report.state, State::Submitted);
    let fresh = file_report(&scene.server, &mut scene.reporter, "grid-01").await;
    scene.report = fresh;
    scene.act_as(&first, Action::Refer).await;
    assert!(!scene.report.is_public());
    let back = Command::Check { passed: false, reason: Some("是我们的".into()) };
    scene.try_action(&second, back).await.unwrap();
    assert_eq!(scene.report.state, State::Submitted);
    assert!(scene.report.due_at.is_some());
    assert_eq!(scene.server.store.recount().await.unwrap(), []);
}

#[apply(on_both)]
async fn hiding_has_a_reason_and_its_own_way_back(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database).await;
    let (first, second, lead) = (scene.first.clone(), scene.second.clone(), scene.lead.clone());
    let mut desk = scene.server.logged_in("first").await;
    let path = format!("/console/reports/{}", scene.report.code);
    let version = scene.report.version.to_string();
    let without_reason = desk.post(&format!("{path}/hide"), &[("version", &version)]).await;
    assert_eq!(without_reason.status(), StatusCode::UNPROCESSABLE_ENTITY, "a reason is required");
    scene.act_as(&first, Action::Hide).await;
    assert!(scene.report.hidden);
    scene.assert_forbidden(&second, Action::Unhide).await;
    scene.act_as(&first, Action::Unhide).await;
    assert!(!scene.report.hidden && scene.report.hidden_by.is_none());
    scene.act_as(&second, Action::Hide).await;
    scene.assert_forbidden(&first, Action::Unhide).await;
    scene.act_as(&lead, Action::Unhide).await;
    let page = desk.get(&path).await.text().await.unwrap();
    assert!(page.contains("不再公开") && page.contains("测试"), "staff see the reason");
}

#[apply(on_both)]
async fn an_escalated_case_is_changed_by_managers_only(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database).await;
    let (first, lead, manager) = (scene.first.clone(), scene.lead.clone(), scene.manager.clone());
    let (store, code) = (scene.server.store.clone(), scene.report.code.clone());
    for action in Action::ALL {
        // What is set apart was never accepted, so nobody said that it is not solved.
        for state in action.allowed_states().iter().filter(|state| !state.is_set_apart()) {
            scene.report = change_report(&store, &code, |report| {
                report.state = *state;
                (report.reopened, report.level, report.managed) = (2, 2, true);
                report.hidden = action == Action::Unhide;
                report.hidden_by = Some(first.id);
                report.claimed_by = (action == Action::Release).then_some(first.id);
                report.extension_days = (action == Action::ApproveExtension).then_some(2);
                (report.moved_by, report.extension_by) = (Vec::new(), None);
            })
            .await;
            let only_text = matches!(action, Action::Note | Action::Reply | Action::Answer);
            for by in [&first, &lead] {
                if !only_text {
                    scene.assert_forbidden(by, action).await;
                }
            }
        }
    }
    scene.report = change_report(&store, &code, |report| report.state = State::Dispatched).await;
    scene.act_as(&manager, Action::Hide).await;
}

/// A synthetic photo of a place: light and dark spots, brighter by `bright`.
fn place_photo(bright: u8) -> DynamicImage {
    let spots: [(f32, f32, f32, f32); 6] = [
        (40.0, 60.0, 35.0, 90.0),
        (140.0, 40.0, 25.0, -80.0),
        (250.0, 90.0, 45.0, 70.0),
        (90.0, 170.0, 40.0, -70.0),
        (190.0, 190.0, 30.0, 80.0),
        (290.0, 200.0, 30.0, -60.0),
    ];
    RgbImage::from_fn(320, 240, |x, y| {
        let light = spots.iter().fold(110.0, |light, (at_x, at_y, size, more)| {
            let (right, down) = (x as f32 - at_x, y as f32 - at_y);
            light + more * (-(right * right + down * down) / (2.0 * size * size)).exp()
        });
        let value = (light.clamp(0.0, 200.0) as u8).saturating_add(bright);
        image::Rgb([value, value, value / 2])
    })
    .into()
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Addresses of the photos on a page.
fn photo_links(page: &str) -> Vec<String> {
    let page = Html::parse_document(page);
    let found = all(&page, "a[href^=\"/photos/\"]");
    found.iter().map(|link| link.value().attr("href").unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_before_photo_is_refused_as_after_photo() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    for login in ["first", "second"] {
        server.add_staff(login, "grid-worker", &["grid-01"]).await;
    }
    let before = encoded(&place_photo(0), ImageFormat::Png);
    let mut reporter = server.known_visitor().await;
    let code = reporter.report("grid-01", std::slice::from_ref(&before)).await;
    let mut desk = server.logged_in("first").await;
    let path = format!("/console/reports/{code}");
    let accept =
        [("version", "1"), ("category", "corridor"), ("grid", "grid-01"), ("summary", "堆物")];
    desk.post(&format!("{path}/accept"), &accept).await;
    desk.post(&format!("{path}/dispatch"), &[("version", "2"), ("unit", "property")]).await;
    desk.post(&format!("{path}/start"), &[("version", "3")]).await;

    // Identical content: the same file, the same pixels in another format, and the stored version.
    let shown = photo_links(&desk.get(&path).await.text().await.unwrap());
    let shown = desk.get(&shown[0]).await.bytes().await.unwrap().to_vec();
    let same = [before.clone(), encoded(&place_photo(0), ImageFormat::WebP), shown];
    let fields = [("version", "4"), ("text", "已清走")];
    for (i, again) in same.into_iter().enumerate() {
        for action in ["finish", "settle"] {
            let file = [("photos", "after.jpg", again.clone())];
            let to = format!("{path}/{action}");
            let answer = desk.send(desk.multipart(&to, &fields, &file)).await;
            assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{action} {i}");
            let page = answer.text().await.unwrap();
            assert!(page.contains("是同一张，请重新拍一张") && page.contains("已清走"), "{i}");
        }
    }
    // A new report that is settled at once with the same photo before and after is refused.
    let received = server.store.counts().reports.received;
    let fields = [&report_fields("grid-01")[..], &[("settle", "on"), ("text", "已清走")]].concat();
    let files = [("before", "a.png", before.clone()), ("photos", "b.png", before.clone())];
    let answer = desk.send(desk.multipart("/console/new", &fields, &files)).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(server.store.counts().reports.received, received, "nothing was entered");

    // A scaled, brightened, turned, mirrored, cropped or framed copy is accepted, and the checker
    // gets a warning; a different photo gets none.
    let picture = place_photo(0);
    let mut framed = DynamicImage::new_rgb8(380, 300);
    framed.as_mut_rgb8().unwrap().fill(255);
    image::imageops::overlay(&mut framed, &picture, 30, 30);
    let mut other = server.logged_in("second").await;
    let mut version = 4;
    for (what, after, warned) in [
        ("smaller", picture.resize_exact(300, 225, FilterType::Triangle), true),
        ("lighter", place_photo(20), true),
        ("mirrored", picture.fliph(), true),
        ("turned", picture.rotate90(), true),
        ("cropped", picture.crop_imm(20, 20, 280, 200), true),
        ("framed", framed, true),
        ("another", image::load_from_memory(&jpeg(300, 200)).unwrap(), false),
    ] {
        let number = version.to_string();
        let fields = [("version", number.as_str()), ("text", "已清走")];
        let file = [("photos", "after.jpg", encoded(&after, ImageFormat::Jpeg))];
        let done = desk.send(desk.multipart(&format!("{path}/finish"), &fields, &file)).await;
        assert_eq!(done.status(), StatusCode::SEE_OTHER, "{what}");
        for page in [path.as_str(), "/console/check"] {
            let page = other.get(page).await.text().await.unwrap();
            assert_eq!(page.contains("处理后的照片和处理前的几乎一样"), warned, "{what}");
        }
        let number = (version + 1).to_string();
        let back = [("version", number.as_str()), ("result", "no"), ("reason", "请重拍")];
        let sent = other.post(&format!("{path}/check"), &back).await;
        assert_eq!(sent.status(), StatusCode::SEE_OTHER);
        // Remove the after photos of this round.
        let photos = "DELETE FROM photos WHERE role = 'after'";
        server.database.execute(photos).await;
        version += 2;
    }
}

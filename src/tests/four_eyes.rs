//! Four eyes: nobody ends what they have moved themselves, by whatever way.

use std::io::Cursor;

use domain::{
    report::{Action, CaseNumber, Report, State, action::command::Command},
    staff::Staff,
};
use image::{DynamicImage, ImageFormat, RgbImage, imageops::FilterType};
use reqwest::StatusCode;
use scraper::Html;
use service::report::ReportError;

use super::{
    casework::{act, command, filed, set},
    photos::jpeg,
};
use crate::support::{
    database::{Database, Kind, on_both},
    forms::all,
    server::{Server, Visitor, report_fields},
};
use rstest_reuse::apply;

/// A street with two workers of one grid, a lead and a manager, and a report that waits to be
/// started.
struct Scene {
    server: Server,
    reporter: Visitor,
    first: Staff,
    second: Staff,
    lead: Staff,
    manager: Staff,
    report: Report,
}

const NOBODY: CaseNumber = CaseNumber { year: 2026, serial: 99 };

impl Scene {
    async fn new(database: Database) -> Self {
        let server = Server::start(database).await;
        let mut reporter = server.known_visitor().await;
        let report = filed(&server, &mut reporter, "grid-01").await;
        let first = server.add_staff("first", "grid-worker", &["grid-01"]).await;
        let second = server.add_staff("second", "grid-worker", &["grid-01"]).await;
        let lead = server.add_staff("lead", "branch-lead", &["residential"]).await;
        let manager = server.add_staff("manager", "manager", &[]).await;
        let mut scene = Self { server, reporter, first, second, lead, manager, report };
        for action in [Action::Accept, Action::Dispatch] {
            scene.done(&scene.first.clone(), action).await;
        }
        scene
    }

    async fn tried(&mut self, by: &Staff, command: Command) -> Result<(), ReportError> {
        self.report = act(&self.server.service, by, &self.report, command).await?;
        Ok(())
    }

    async fn done(&mut self, by: &Staff, action: Action) {
        self.tried(by, command(action, NOBODY)).await.unwrap();
    }

    async fn barred(&mut self, by: &Staff, action: Action) {
        let tried = self.tried(by, command(action, NOBODY)).await;
        assert!(matches!(tried, Err(ReportError::Forbidden(_))), "{action:?}: {tried:?}");
    }
}

#[apply(on_both)]
async fn whoever_moved_it_does_not_check_it(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database).await;
    let (first, second, lead) = (scene.first.clone(), scene.second.clone(), scene.lead.clone());
    scene.done(&first, Action::Start).await;
    scene.done(&second, Action::Finish).await;
    for own in [&first, &second] {
        scene.barred(own, Action::Check).await;
    }
    // Sent back and handled by the other one, it is still both of theirs.
    let back = Command::Check { passed: false, reason: Some("没有清干净".into()) };
    scene.tried(&lead, back).await.unwrap();
    scene.done(&second, Action::Finish).await;
    scene.barred(&first, Action::Check).await;
    scene.done(&lead, Action::Check).await;
    assert_eq!(scene.report.state, State::Closed);
    for own in [&first, &second] {
        scene.barred(own, Action::Revisit).await;
    }
}

#[apply(on_both)]
async fn asking_for_days_moves_it_and_dispatching_or_a_note_does_not(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database).await;
    let (first, second, lead) = (scene.first.clone(), scene.second.clone(), scene.lead.clone());
    // Who dispatched it, wrote a note, an answer, or took it on for a while, may check.
    for action in [Action::Note, Action::Reply, Action::Claim, Action::Release] {
        scene.done(&first, action).await;
    }
    scene.done(&lead, Action::Extend).await;
    scene.done(&second, Action::Start).await;
    scene.done(&second, Action::Finish).await;
    scene.barred(&lead, Action::Check).await;
    scene.done(&first, Action::Check).await;
    assert_eq!(scene.report.state, State::Closed);
}

#[apply(on_both)]
async fn dispatched_anew_it_is_nobodys_again(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database).await;
    let (first, second) = (scene.first.clone(), scene.second.clone());
    for action in [Action::Start, Action::Return, Action::Dispatch] {
        scene.done(&first, action).await;
    }
    for action in [Action::Start, Action::Finish] {
        scene.done(&second, action).await;
    }
    scene.done(&first, Action::Check).await;
    assert_eq!(scene.report.state, State::Closed);
}

#[apply(on_both)]
async fn what_was_settled_at_once_is_checked_by_another(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database).await;
    let (first, second) = (scene.first.clone(), scene.second.clone());
    scene.done(&first, Action::Settle).await;
    scene.barred(&first, Action::Check).await;
    let back = Command::Check { passed: false, reason: Some("再看".into()) };
    scene.tried(&second, back).await.unwrap();
    scene.done(&second, Action::Finish).await;
    scene.barred(&first, Action::Check).await;
    scene.barred(&second, Action::Check).await;
}

#[apply(on_both)]
async fn a_worker_passes_nothing_on_alone(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database).await;
    let (first, second, lead) = (scene.first.clone(), scene.second.clone(), scene.lead.clone());
    scene.done(&first, Action::Return).await;
    scene.done(&first, Action::Refer).await;
    assert_eq!(scene.report.state, State::AwaitingCheck);
    let path = format!("/reports/{}", scene.report.code);
    let page = scene.reporter.get(&path).await.text().await.unwrap();
    assert!(page.contains("拟转给测试，待核实") && !page.contains("已转给"), "{page}");
    scene.barred(&first, Action::Check).await;
    // Another one disagrees: it goes on where it was.
    let back = Command::Check { passed: false, reason: Some("是我们的".into()) };
    scene.tried(&second, back).await.unwrap();
    assert_eq!((scene.report.state, &scene.report.referred_to), (State::Accepted, &None));
    assert_eq!(scene.report.due_at, scene.report.promised_at);
    scene.done(&first, Action::Refer).await;
    scene.done(&second, Action::Check).await;
    assert_eq!(scene.report.state, State::Referred);
    let page = scene.reporter.get(&path).await.text().await.unwrap();
    assert!(page.contains("已转给测试") && page.contains("核实通过，已转办"), "{page}");
    // A lead needs nobody.
    scene.done(&lead, Action::Reopen).await;
    scene.done(&lead, Action::Refer).await;
    assert_eq!(scene.report.state, State::Referred);
    // What was not accepted yet waits to be accepted again.
    scene.done(&lead, Action::Reopen).await;
    assert_eq!(scene.report.state, State::Submitted);
    let fresh = filed(&scene.server, &mut scene.reporter, "grid-01").await;
    scene.report = fresh;
    scene.done(&first, Action::Refer).await;
    assert!(!scene.report.is_public());
    let back = Command::Check { passed: false, reason: Some("是我们的".into()) };
    scene.tried(&second, back).await.unwrap();
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
    let bare = desk.post(&format!("{path}/hide"), &[("version", &version)]).await;
    assert_eq!(bare.status(), StatusCode::UNPROCESSABLE_ENTITY, "a reason is needed");
    scene.done(&first, Action::Hide).await;
    assert!(scene.report.hidden);
    scene.barred(&second, Action::Unhide).await;
    scene.done(&first, Action::Unhide).await;
    assert!(!scene.report.hidden && scene.report.hidden_by.is_none());
    scene.done(&second, Action::Hide).await;
    scene.barred(&first, Action::Unhide).await;
    scene.done(&lead, Action::Unhide).await;
    let page = desk.get(&path).await.text().await.unwrap();
    assert!(page.contains("不再公开") && page.contains("测试"), "colleagues read why");
}

#[apply(on_both)]
async fn what_is_the_managers_is_changed_by_nobody_else(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut scene = Scene::new(database).await;
    let (first, lead, manager) = (scene.first.clone(), scene.lead.clone(), scene.manager.clone());
    let (store, code) = (scene.server.store.clone(), scene.report.code.clone());
    for action in Action::ALL {
        for state in action.from() {
            scene.report = set(&store, &code, |report| {
                report.state = *state;
                (report.reopened, report.level) = (2, 2);
                report.hidden = action == Action::Unhide;
                report.hidden_by = Some(first.id);
                report.claimed_by = (action == Action::Release).then_some(first.id);
                report.extension_days = (action == Action::ApproveExtension).then_some(2);
                (report.moved_by, report.extension_by) = (Vec::new(), None);
            })
            .await;
            let says = matches!(action, Action::Note | Action::Reply);
            for by in [&first, &lead] {
                if !says {
                    scene.barred(by, action).await;
                }
            }
        }
    }
    scene.report = set(&store, &code, |report| report.state = State::Dispatched).await;
    scene.done(&manager, Action::Hide).await;
}

/// A place with some darker and some lighter things in it, as in no two places alike.
fn street(bright: u8) -> DynamicImage {
    let things: [(f32, f32, f32, f32); 6] = [
        (40.0, 60.0, 35.0, 90.0),
        (140.0, 40.0, 25.0, -80.0),
        (250.0, 90.0, 45.0, 70.0),
        (90.0, 170.0, 40.0, -70.0),
        (190.0, 190.0, 30.0, 80.0),
        (290.0, 200.0, 30.0, -60.0),
    ];
    RgbImage::from_fn(320, 240, |x, y| {
        let light = things.iter().fold(110.0, |light, (at_x, at_y, size, more)| {
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

/// The addresses of the pictures on a page.
fn pictures(page: &str) -> Vec<String> {
    let page = Html::parse_document(page);
    let found = all(&page, "a[href^=\"/photos/\"]");
    found.iter().map(|link| link.value().attr("href").unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_picture_from_before_shows_nothing_that_was_done() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    for login in ["first", "second"] {
        server.add_staff(login, "grid-worker", &["grid-01"]).await;
    }
    let before = encoded(&street(0), ImageFormat::Png);
    let mut reporter = server.known_visitor().await;
    let code = reporter.report("grid-01", std::slice::from_ref(&before)).await;
    let mut desk = server.logged_in("first").await;
    let path = format!("/console/reports/{code}");
    let accept =
        [("version", "1"), ("category", "corridor"), ("grid", "grid-01"), ("summary", "堆物")];
    desk.post(&format!("{path}/accept"), &accept).await;
    desk.post(&format!("{path}/dispatch"), &[("version", "2"), ("unit", "property")]).await;
    desk.post(&format!("{path}/start"), &[("version", "3")]).await;

    // The same file, the same pixels in another kind of file, and what the page itself shows.
    let shown = pictures(&desk.get(&path).await.text().await.unwrap());
    let shown = desk.get(&shown[0]).await.bytes().await.unwrap().to_vec();
    let same = [before.clone(), encoded(&street(0), ImageFormat::WebP), shown];
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
    // Once with both, found and handled at once: nothing is entered.
    let received = server.store.counts().reports.received;
    let fields = [&report_fields("grid-01")[..], &[("settle", "on"), ("text", "已清走")]].concat();
    let files = [("before", "a.png", before.clone()), ("photos", "b.png", before.clone())];
    let answer = desk.send(desk.multipart("/console/new", &fields, &files)).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(server.store.counts().reports.received, received, "nothing was entered");

    // What was made smaller, lighter, turned, mirrored, cut or framed is another picture, and
    // the checker is told; another one of the same place is none of it.
    let picture = street(0);
    let mut framed = DynamicImage::new_rgb8(380, 300);
    framed.as_mut_rgb8().unwrap().fill(255);
    image::imageops::overlay(&mut framed, &picture, 30, 30);
    let mut other = server.logged_in("second").await;
    let mut version = 4;
    for (what, after, told) in [
        ("smaller", picture.resize_exact(300, 225, FilterType::Triangle), true),
        ("lighter", street(20), true),
        ("mirrored", picture.fliph(), true),
        ("turned", picture.rotate90(), true),
        ("cut", picture.crop_imm(20, 20, 280, 200), true),
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
            assert_eq!(page.contains("处理后的照片和处理前的几乎一样"), told, "{what}");
        }
        let number = (version + 1).to_string();
        let back = [("version", number.as_str()), ("result", "no"), ("reason", "请重拍")];
        let sent = other.post(&format!("{path}/check"), &back).await;
        assert_eq!(sent.status(), StatusCode::SEE_OTHER);
        // It was another round's.
        let photos = "DELETE FROM photos WHERE role = 'after'";
        server.database.execute(photos).await;
        version += 2;
    }
}

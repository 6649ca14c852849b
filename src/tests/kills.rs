//! Killed again and again at all moments of a busy evening, and started again: what was
//! acknowledged is there, once; no picture is shown that is nobody's; counters are right.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use reqwest::{Method, StatusCode};
use rstest_reuse::apply;
use tokio::{task::JoinSet, time::sleep};

use crate::support::{
    database::{Database, Kind, on_both},
    html,
    process::{Process, program, run},
    server::{GOOD, Visitor, location, report_fields},
    times,
};

/// Longest start, in seconds.
const START: Duration = Duration::from_secs(2);

/// What was acknowledged.
#[derive(Default)]
struct Told {
    signed: Vec<Visitor>,
    withdrawn: Vec<Visitor>,
    reports: Vec<(Visitor, String)>,
    accepted: Vec<String>,
}

type Shared = Arc<Mutex<Told>>;

/// A visitor of the server that is there now.
async fn arrive(url: &str) -> Option<Visitor> {
    let mut visitor = Visitor::new(url);
    let first = visitor.request(Method::GET, "/");
    visitor.try_send(first).await.ok()?;
    Some(visitor)
}

async fn sent_to(visitor: &mut Visitor, request: reqwest::RequestBuilder) -> Option<String> {
    let answer = visitor.try_send(request).await.ok()?;
    (answer.status() == StatusCode::SEE_OTHER).then(|| location(&answer).to_owned())
}

/// Signs and now and then takes it back, until the server is gone.
async fn sign(url: String, told: Shared) -> Option<()> {
    for n in 0.. {
        let mut visitor = arrive(&url).await?;
        let form = visitor.form("/sign", &GOOD);
        if sent_to(&mut visitor, form).await? != "/signed" {
            return None;
        }
        if n % 3 != 2 {
            told.lock().unwrap().signed.push(visitor);
            continue;
        }
        // Until it is answered nobody knows whether it is taken back.
        let form = visitor.form("/sign/withdraw", &[]);
        sent_to(&mut visitor, form).await?;
        told.lock().unwrap().withdrawn.push(visitor);
    }
    None
}

/// Files reports with a photo.
async fn report(url: String, told: Shared) -> Option<()> {
    loop {
        let mut visitor = arrive(&url).await?;
        let photo = ("photos", "photo.jpg", super::access::photo());
        let form = visitor.multipart("/report", &report_fields("grid-01"), &[photo]);
        let to = sent_to(&mut visitor, form).await?;
        let code = to.strip_prefix("/reports/")?.to_owned();
        told.lock().unwrap().reports.push((visitor, code));
    }
}

/// Accepts what was filed.
async fn accept(url: String, staff: Vec<(String, String)>, told: Shared) -> Option<()> {
    let mut manager = Visitor::new(&url);
    manager.cookies = staff;
    loop {
        let next = {
            let told = told.lock().unwrap();
            let mut open = told.reports.iter().map(|(_, code)| code);
            open.find(|code| !told.accepted.contains(code)).cloned()
        };
        let Some(code) = next else {
            // There may be nothing to do because nobody is there any more.
            let alive = manager.request(Method::GET, "/healthz");
            manager.try_send(alive).await.ok()?;
            sleep(Duration::from_millis(5)).await;
            continue;
        };
        let fields = [
            ("category", "corridor"),
            ("grid", "grid-01"),
            ("summary", "楼道堆物"),
            ("version", "1"),
        ];
        let form = manager.form(&format!("/console/reports/{code}/accept"), &fields);
        let answer = manager.try_send(form).await.ok()?;
        // One that was accepted just before the kill, and not acknowledged, is so already.
        let taken = [StatusCode::SEE_OTHER, StatusCode::CONFLICT].contains(&answer.status());
        assert!(taken, "{}", answer.status());
        told.lock().unwrap().accepted.push(code);
    }
}

#[apply(on_both)]
async fn kills_lose_nothing_acknowledged(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let folder = database.folder.path();
    let mut add = program(&database.url, folder);
    let (code, said) =
        run(add.args(["staff", "add", "boss", "--name", "王测试", "--role", "manager"]));
    assert_eq!(code, Some(0), "{said}");
    let password = said.split("password: ").nth(1).unwrap().trim().to_owned();
    let serve = || {
        let mut command = program(&database.url, folder);
        // Nobody signs as fast as this; here each counts.
        command.arg("serve").env("CHUANGQUAN_LIMITS", "off");
        let begun = Instant::now();
        let server = Process::serve(command);
        assert!(begun.elapsed() < START, "it started in {:?}", begun.elapsed());
        server
    };
    let server = serve();
    let mut manager = Visitor::new(&server.url);
    manager.get("/").await;
    let fields = [("login", "boss"), ("password", password.as_str())];
    assert_eq!(manager.post("/console/login", &fields).await.status(), StatusCode::SEE_OTHER);
    server.kill();

    let told = Shared::default();
    let kills = times(30, 100);
    for kill in 0..kills {
        let server = serve();
        let mut busy = JoinSet::new();
        for _ in 0..4 {
            busy.spawn(sign(server.url.clone(), Arc::clone(&told)));
        }
        for _ in 0..2 {
            busy.spawn(report(server.url.clone(), Arc::clone(&told)));
        }
        busy.spawn(accept(server.url.clone(), manager.cookies.clone(), Arc::clone(&told)));
        // From a few milliseconds after the start to well into it.
        sleep(Duration::from_millis(5 + kill * 37 % 300)).await;
        server.kill();
        busy.join_all().await;
    }

    let server = serve();
    let told = std::mem::take(&mut *told.lock().unwrap());
    let Told { signed, withdrawn, reports, accepted } = told;
    let much = |told: usize, of_ten: u64| told as u64 > kills * of_ten / 10;
    assert!(
        much(signed.len(), 10) && much(withdrawn.len(), 3),
        "{} and {}",
        signed.len(),
        withdrawn.len()
    );
    assert!(
        much(reports.len(), 5) && much(accepted.len(), 2),
        "{} and {}",
        reports.len(),
        accepted.len()
    );
    let at = |visitor: &Visitor| {
        let mut now = Visitor::new(&server.url);
        now.cookies.clone_from(&visitor.cookies);
        now
    };
    for visitor in &signed {
        assert_eq!(at(visitor).get("/signed").await.status(), StatusCode::OK, "signed");
    }
    for visitor in &withdrawn {
        assert_eq!(at(visitor).get("/signed").await.status(), StatusCode::SEE_OTHER, "withdrawn");
    }
    let mut stranger = Visitor::new(&server.url);
    for (visitor, code) in &reports {
        let mut reporter = at(visitor);
        let page = reporter.get(&format!("/reports/{code}")).await;
        assert_eq!(page.status(), StatusCode::OK, "{code}");
        let page = page.text().await.unwrap();
        let photo = html::photo_ids(&page).into_iter().next().expect("its photo is there");
        let picture = reporter.get(&format!("/photos/{photo}")).await;
        assert_eq!(picture.status(), StatusCode::OK, "{photo} of {code}");
    }
    for code in &accepted {
        let page = stranger.get(&format!("/reports/{code}")).await;
        assert_eq!(page.status(), StatusCode::OK, "{code} was accepted");
    }
    // What lies in the folder: none of it is public, whether or not it is anybody's.
    let mut pictures = 0;
    for below in std::fs::read_dir(folder.join("photos")).unwrap() {
        let Ok(files) = std::fs::read_dir(below.unwrap().path()) else { continue };
        for file in files {
            let name = file.unwrap().file_name().into_string().unwrap();
            let Some(id) = name.strip_suffix(".jpg").filter(|id| !id.ends_with(".thumb")) else {
                continue;
            };
            let picture = stranger.get(&format!("/photos/{id}")).await;
            assert_eq!(picture.status(), StatusCode::NOT_FOUND, "{id}");
            pictures += 1;
        }
    }
    assert!(pictures >= reports.len());
    server.terminate();
    server.ended_within(Duration::from_secs(10));
    let (code, said) = run(program(&database.url, folder).arg("recount"));
    assert_eq!(code, Some(0), "{said}");
}

//! The server is killed (SIGKILL) many times under load and restarted: acknowledged writes exist
//! once, photos without a report are not served, counters are right.

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
    repetitions,
    server::{VALID_SIGNATURE, Visitor, location, report_fields},
};

/// Maximum time of a start.
const MAX_START: Duration = Duration::from_secs(2);

/// Acknowledged writes.
#[derive(Default)]
struct Acknowledged {
    signed: Vec<Visitor>,
    withdrawn: Vec<Visitor>,
    reports: Vec<(Visitor, String)>,
    accepted: Vec<String>,
}

type Shared = Arc<Mutex<Acknowledged>>;

/// A new visitor of the running server; `None` if it is gone.
/// Someone else by the connections of `first`: to make a client takes longer than to sign.
async fn new_visitor(first: &Visitor) -> Option<Visitor> {
    let mut visitor = first.new_visitor();
    let first = visitor.request(Method::GET, "/");
    visitor.try_send(first).await.ok()?;
    Some(visitor)
}

async fn redirect_of(visitor: &mut Visitor, request: reqwest::RequestBuilder) -> Option<String> {
    let answer = visitor.try_send(request).await.ok()?;
    (answer.status() == StatusCode::SEE_OTHER).then(|| location(&answer).to_owned())
}

/// Signs in a loop; every third signer withdraws. Ends when the server is gone.
async fn sign(url: String, told: Shared) -> Option<()> {
    let first = Visitor::new(&url);
    for n in 0.. {
        let mut visitor = new_visitor(&first).await?;
        let form = visitor.form("/sign", &VALID_SIGNATURE);
        if redirect_of(&mut visitor, form).await? != "/signed" {
            return None;
        }
        if n % 3 != 2 {
            told.lock().unwrap().signed.push(visitor);
            continue;
        }
        // An unanswered withdrawal may be stored or not: such a visitor is not checked.
        let form = visitor.form("/sign/withdraw", &[]);
        redirect_of(&mut visitor, form).await?;
        told.lock().unwrap().withdrawn.push(visitor);
    }
    None
}

/// Files reports with a photo, until the server is gone.
async fn report(url: String, told: Shared) -> Option<()> {
    let first = Visitor::new(&url);
    loop {
        let mut visitor = new_visitor(&first).await?;
        let photo = ("photos", "photo.jpg", super::access::photo());
        let form = visitor.multipart("/report", &report_fields("grid-01"), &[photo]);
        let to = redirect_of(&mut visitor, form).await?;
        let code = to.strip_prefix("/reports/")?.to_owned();
        told.lock().unwrap().reports.push((visitor, code));
    }
}

/// Accepts filed reports, until the server is gone.
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
            // There may be no new reports because the server is gone: check that.
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
        // 409: accepted just before a kill, without an answer.
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
        // Rules off: so many signatures of one address would be held.
        command.arg("serve").env("CHUANGQUAN_LIMITS", "off");
        let begun = Instant::now();
        let server = Process::serve(command);
        assert!(begun.elapsed() < MAX_START, "it started in {:?}", begun.elapsed());
        server
    };
    let server = serve();
    let mut manager = Visitor::new(&server.url);
    manager.get("/").await;
    let fields = [("login", "boss"), ("password", password.as_str())];
    assert_eq!(manager.post("/console/login", &fields).await.status(), StatusCode::SEE_OTHER);
    server.kill();

    let told = Shared::default();
    let kills = repetitions(30, 100);
    // On a busy machine little is done before a kill: then there are more kills, and later.
    let enough = |told: usize, tenths: u64| told as u64 > kills * tenths / 10;
    let is_enough = |told: &Acknowledged| {
        enough(told.signed.len(), 10)
            && enough(told.withdrawn.len(), 3)
            && enough(told.reports.len(), 5)
            && enough(told.accepted.len(), 2)
    };
    for kill in 0..4 * kills {
        if kill >= kills && is_enough(&told.lock().unwrap()) {
            break;
        }
        let server = serve();
        let mut tasks = JoinSet::new();
        for _ in 0..4 {
            tasks.spawn(sign(server.url.clone(), Arc::clone(&told)));
        }
        for _ in 0..2 {
            tasks.spawn(report(server.url.clone(), Arc::clone(&told)));
        }
        tasks.spawn(accept(server.url.clone(), manager.cookies.clone(), Arc::clone(&told)));
        // Between 5 and 304 milliseconds after the start, then up to twice, thrice, four times that.
        let longest = 300 * (1 + kill / kills);
        sleep(Duration::from_millis(5 + kill * 37 % longest)).await;
        server.kill();
        tasks.join_all().await;
    }

    let server = serve();
    let told = std::mem::take(&mut *told.lock().unwrap());
    let done = [told.signed.len(), told.withdrawn.len(), told.reports.len(), told.accepted.len()];
    assert!(is_enough(&told), "too little was done before the kills: {done:?}");
    let Acknowledged { signed, withdrawn, reports, accepted } = told;
    let with_cookies_of = |visitor: &Visitor| {
        let mut now = Visitor::new(&server.url);
        now.cookies.clone_from(&visitor.cookies);
        now
    };
    for visitor in &signed {
        assert_eq!(
            with_cookies_of(visitor).get("/signed").await.status(),
            StatusCode::OK,
            "signed"
        );
    }
    for visitor in &withdrawn {
        assert_eq!(
            with_cookies_of(visitor).get("/signed").await.status(),
            StatusCode::SEE_OTHER,
            "withdrawn"
        );
    }
    let mut stranger = Visitor::new(&server.url);
    for (visitor, code) in &reports {
        let mut reporter = with_cookies_of(visitor);
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
    // No photo file in the folder is public, whether it belongs to a report or not.
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

//! Access matrix: every route of the route table, requested by every kind of caller, returns the
//! status in the table; every other method returns 405.

use reqwest::{Method, StatusCode};
use server::routes::{Caller, Route, table};

use crate::support::{
    database::{Database, Kind},
    html,
    server::{Server, VALID_SIGNATURE, Visitor, report_fields},
    staff::PASSWORD,
};

/// Grid of the worker, and grid of the other worker.
const GRIDS: (&str, &str) = ("grid-01", "grid-20");

/// Staff accounts: caller, login, role, scope (grids or branches).
const STAFF: [(Caller, &str, &str, &[&str]); 5] = [
    (Caller::Worker, "worker", "grid-worker", &[GRIDS.0]),
    (Caller::OtherGridWorker, "elsewhere", "grid-worker", &[GRIDS.1]),
    (Caller::Lead, "lead", "branch-lead", &["residential"]),
    (Caller::Manager, "manager", "manager", &[]),
    (Caller::Deactivated, "gone", "manager", &[]),
];

/// A server with data for the matrix, and a session cookie for each staff caller.
struct Scene {
    server: Server,
    sessions: Vec<(Caller, (String, String))>,
    /// Ordinal of a published 寄语.
    message: String,
}

/// A caller's browser and the data for one request: a report, its photo, a recovery phrase.
struct RequestData {
    browser: Visitor,
    code: String,
    photo: String,
    phrase: String,
}

fn login_of(who: Caller) -> &'static str {
    STAFF.iter().find(|staff| staff.0 == who).map_or("nobody", |staff| staff.1)
}

async fn log_in(server: &Server, who: Caller) -> (String, String) {
    let browser = server.logged_in(login_of(who)).await;
    browser.cookies.into_iter().find(|(name, _)| name == "staff").unwrap()
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start(Database::new(Kind::Sqlite).await).await;
        let mut sessions = Vec::new();
        for (who, login, role, scope) in STAFF {
            server.add_staff(login, role, scope).await;
            sessions.push((who, log_in(&server, who).await));
        }
        server.add_staff("target", "grid-worker", &[GRIDS.1]).await;
        let mut manager = server.logged_in("manager").await;
        let inactive = [("active", "off")];
        assert_eq!(manager.post("/console/staff/gone/active", &inactive).await.status(), 303);

        let mut signer = server.known_visitor().await;
        let fields = [&VALID_SIGNATURE[..], &[("message", "大家一起来")]].concat();
        signer.post("/sign", &fields).await;
        let message = "1".to_owned();
        let shown = manager.post("/console/messages/1", &[("show", "yes")]).await;
        assert_eq!(shown.status(), StatusCode::SEE_OTHER);
        Self { server, sessions, message }
    }

    /// A new browser of `who`.
    async fn browser(&self, who: Caller) -> Visitor {
        let mut browser = match who {
            Caller::Anonymous => self.server.visitor(),
            _ => self.server.known_visitor().await,
        };
        let session = self.sessions.iter().find(|(of, _)| *of == who);
        browser.cookies.extend(session.map(|(_, cookie)| cookie.clone()));
        browser
    }

    /// A new browser of `who`, with fresh data for `row`.
    async fn prepare(&self, row: &Route, who: Caller) -> RequestData {
        let mut data = RequestData {
            browser: self.browser(who).await,
            code: String::new(),
            photo: String::new(),
            phrase: String::new(),
        };
        let needs_report = ["{code}", "{id}", "/bulk"].iter().any(|part| row.path.contains(part));
        if needs_report || who == Caller::Reporter {
            let mut reporter = self.server.known_visitor().await;
            data.code = reporter.report(GRIDS.0, &[photo()]).await;
            let page = reporter.get(&format!("/reports/{}", data.code)).await;
            data.photo = html::photo_ids(&page.text().await.unwrap()).remove(0);
            if who == Caller::Reporter {
                data.browser = reporter;
            }
        }
        if row.path == "/recovery" && row.method == "POST" {
            let mut other = self.server.known_visitor().await;
            other.report(GRIDS.0, &[]).await;
            let made = other.post("/recovery/new", &[]).await.text().await.unwrap();
            data.phrase = html::phrase(&made);
        }
        data
    }

    /// Sends a request for `row` as `who`; returns the status.
    async fn status_of(&mut self, row: &Route, who: Caller) -> StatusCode {
        let mut data = self.prepare(row, who).await;
        let RequestData { browser, code, photo, phrase } = &mut data;
        let of_code = format!("{code}:1");
        let grid = if who == Caller::OtherGridWorker { GRIDS.1 } else { GRIDS.0 };
        let report = report_fields(grid);
        let path = row.path.replace("{code}", code).replace("{id}", photo);
        let path = path.replace("{ordinal}", &self.message);
        let get = Method::GET;
        let request = match (row.method, row.path) {
            ("GET", "/pledges/{slug}") => browser.request(get, "/pledges/home"),
            ("GET", "/g/{grid}") => browser.request(get, "/g/grid-04"),
            ("GET", "/console/export/{file}") => {
                browser.request(get, "/console/export/reports.csv")
            }
            ("GET", _) => browser.request(get, &path),
            (_, "/sign") => browser.form(&path, &VALID_SIGNATURE),
            (_, "/recovery") => browser.form(&path, &[("phrase", phrase), ("merge", "on")]),
            (_, "/me/erase") => browser.form(&path, &[("confirm", "on")]),
            (_, "/report" | "/report/similar") => browser.multipart(&path, &report, &[]),
            (_, "/report/photos") => {
                browser.multipart(&path, &[], &[("photos", "a.jpg", self::photo())])
            }
            (_, "/reports/{code}/{wish}") => browser.form(&path.replace("{wish}", "withdraw"), &[]),
            (_, "/console/login") => {
                let login = if login_of(who) == "nobody" { "manager" } else { login_of(who) };
                let login = if who == Caller::Deactivated { "manager" } else { login };
                browser.form(&path, &[("login", login), ("password", PASSWORD)])
            }
            (_, "/console/account") => browser.form(&path, &[("old", PASSWORD), ("new", PASSWORD)]),
            (_, "/console/new") => {
                let found = [&report[..], &[("source", "patrol")]].concat();
                browser.multipart(&path, &found, &[])
            }
            (_, "/console/reports/{code}/{action}") => {
                let accept = [
                    ("version", "1"),
                    ("category", "corridor"),
                    ("grid", GRIDS.0),
                    ("summary", "楼道堆物"),
                ];
                browser.form(&path.replace("{action}", "accept"), &accept)
            }
            (_, "/console/reports/bulk") => {
                // Workers of another grid need a report of that grid.
                let own = match who {
                    Caller::OtherGridWorker => {
                        self.server.known_visitor().await.report(GRIDS.1, &[]).await + ":1"
                    }
                    _ => of_code,
                };
                browser.form(&path, &[("action", "accept"), ("codes", &own)])
            }
            (_, "/console/messages/{ordinal}") => browser.form(&path, &[("show", "yes")]),
            (_, "/console/signatures/judge") => browser.form(&path, &[("verdict", "release")]),
            (_, "/console/signatures/rules/{rule}") => {
                browser.form("/console/signatures/rules/trap", &[("on", "yes")])
            }
            (_, "/console/staff") => {
                let login = format!("new-{who:?}").to_lowercase();
                let fields = [
                    ("login", login.as_str()),
                    ("name", "新测试"),
                    ("role", "manager"),
                    ("password", PASSWORD),
                ];
                browser.form(&path, &fields)
            }
            (_, "/console/account/factor/{what}") => {
                browser.form("/console/account/factor/enrol", &[])
            }
            (_, "/console/staff/{login}/{what}") => {
                browser.form("/console/staff/target/active", &[("active", "on")])
            }
            _ => browser.form(&path, &[]),
        };
        let status = browser.send(request).await.status();
        // These end the session or other sessions of the account: log in again for the next row.
        if matches!(
            (row.method, row.path),
            ("POST", "/console/logout" | "/console/login" | "/console/account")
        ) {
            for (of, cookie) in &mut self.sessions {
                if *of == who && who != Caller::Deactivated {
                    *cookie = log_in(&self.server, who).await;
                }
            }
        }
        status
    }
}

/// A small JPEG.
pub fn photo() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(32, 24, image::Rgb([200, 180, 160]));
    picture.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everyone_is_answered_what_the_table_says() {
    let mut street = Scene::new().await;
    let mut wrong = Vec::new();
    for row in table() {
        for (who, expected) in Caller::ALL.into_iter().zip(row.answers) {
            let status = street.status_of(&row, who).await.as_u16();
            if status != expected {
                wrong.push(format!(
                    "{} {} as {who:?}: {status}, not {expected}",
                    row.method, row.path
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_other_method_is_answered() {
    let mut street = Scene::new().await;
    let rows = table();
    for row in &rows {
        let methods: Vec<&str> =
            rows.iter().filter(|other| other.path == row.path).map(|other| other.method).collect();
        for who in [Caller::Anonymous, Caller::Visitor, Caller::Manager, Caller::Deactivated] {
            let browser = street.browser(who).await;
            for method in
                ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]
            {
                let method_of = if method == "HEAD" { "GET" } else { method };
                if methods.contains(&method_of) {
                    continue;
                }
                let path = row.path.replace(['{', '}'], "");
                let request = browser.request(method.parse().unwrap(), &path);
                let status = browser.clone().send(request).await.status();
                assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path} as {who:?}");
            }
        }
    }
    // HEAD returns the same status as GET.
    for row in rows.iter().filter(|row| row.method == "GET" && !row.path.contains('{')) {
        let mut browser = street.browser(Caller::Manager).await;
        let head = browser.send(browser.request(Method::HEAD, row.path)).await;
        let status = street.status_of(row, Caller::Manager).await;
        assert_eq!(head.status(), status, "HEAD {}", row.path);
    }
}

#[test]
fn every_page_has_a_row() {
    let app = std::fs::read_to_string("src/ui/app.rs").unwrap();
    let paths = app.split("path!(\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let mut pages = 0;
    for path in paths {
        let parts = path.split('/').map(|part| match part.strip_prefix(':') {
            Some(name) => format!("{{{name}}}"),
            None => part.to_owned(),
        });
        let path = parts.collect::<Vec<_>>().join("/");
        assert!(table().iter().any(|row| row.method == "GET" && row.path == path), "{path}");
        pages += 1;
    }
    assert!(pages > 20);
}

//! Injection test: markup in every text field of every form, by every role, must come back as text
//! on every page and in every file, as read by a real HTML parser.
//!
//! Forms and commands are not listed by hand, so that a new one cannot be forgotten: pages come
//! from the route table, forms from the pages, commands from `Action`.

use std::{collections::BTreeSet, io::Cursor};

use calamine::{Reader, Xlsx};
use domain::{
    report::{Action, Code, Report, State},
    slug::Slug,
};
use reqwest::{StatusCode, header};
use scraper::{Html, Node};
use server::routes::table;
use ui::HONEYPOT_FIELD;

use crate::{
    casework::change_report,
    support::{
        database::{Database, Kind as DatabaseKind, default_campaign},
        forms::{Form, all, forms, route_path, value},
        server::{Server, VALID_SIGNATURE, Visitor},
        staff::PASSWORD,
    },
};

/// Element and attribute name that only the injected markup contains.
pub const MARK: &str = "x-sent";

/// Markup that closes each context in which text can be, followed by an element and attributes;
/// shorter ones for short fields.
pub const MARKUP: [&str; 8] = [
    "</textarea></title></style></script></noscript></select>--><x-sent a=\"'>\" x-sent=\"' x-sent='&lt;x-sent>",
    "</textarea><x-sent>",
    "\"><x-sent>",
    "'><x-sent>",
    "\" x-sent=\"",
    "' x-sent='",
    "</title>--><x-sent>",
    "&lt;x-sent>&#60;x-sent>",
];

/// Roles that fill in forms: name, role, scope.
const ROLES: [(&str, &str, &[&str]); 4] = [
    ("resident", "", &[]),
    ("worker", "grid-worker", &["grid-01"]),
    ("lead", "branch-lead", &["residential"]),
    ("manager", "manager", &[]),
];

/// A valid value for a field that refuses markup.
fn valid_value(name: &str, n: usize) -> String {
    match name {
        "contact_phone" => "13800000000".into(),
        "password" | "new" | "old" => PASSWORD.into(),
        "login" => format!("new-{n}"),
        "days" => "3".into(),
        "lat" => "31.22".into(),
        "lon" => "121.44".into(),
        "accuracy" => "20".into(),
        "from" | "to" => "2026-01-01".into(),
        _ => "测试".into(),
    }
}

struct Walk {
    server: Server,
    browsers: Vec<(&'static str, Visitor)>,
    /// The report to which commands are applied.
    code: Code,
    /// Number of a report into which it can be merged.
    other: String,
    sent: usize,
    /// Routes of the forms that were found.
    found: BTreeSet<String>,
    /// Where the markup was seen as text.
    shown: BTreeSet<String>,
}

/// Panics if markup became an element, attribute or comment; returns whether it is text.
fn contains_mark_as_text(whole: &str, at: &str) -> bool {
    let page = Html::parse_document(whole);
    for node in page.tree.values() {
        match node {
            Node::Element(element) => {
                assert_ne!(element.name(), MARK, "{at}: an injected element");
                for (name, _) in element.attrs() {
                    assert_ne!(name, MARK, "{at}: an injected attribute");
                }
            }
            Node::Comment(comment) => assert!(!comment.contains(MARK), "{at}: {comment:?}"),
            _ => {}
        }
    }
    page.root_element().text().any(|text| text.contains(MARK))
        || all(&page, "input").into_iter().any(|input| value(input).contains(MARK))
}

impl Walk {
    async fn new() -> Self {
        let server = Server::start(Database::new(DatabaseKind::Sqlite).await).await;
        let mut browsers = vec![("resident", server.known_visitor().await)];
        for (login, role, scope) in &ROLES[1..] {
            server.add_staff(login, role, scope).await;
            browsers.push((login, server.logged_in(login).await));
        }
        let code = browsers[0].1.report("grid-01", &[super::photos::jpeg(40, 30)]).await;
        let mut neighbour = server.known_visitor().await;
        let other = neighbour.report("grid-01", &[]).await;
        // The target is as public as what is merged into it.
        let other = change_report(&server.store, &Code::parse(&other).unwrap(), |report| {
            (report.state, report.accepted_at) = (State::Accepted, Some(1));
        })
        .await;
        neighbour
            .post("/sign", &[&VALID_SIGNATURE[..], &[("message", "大家一起来")]].concat())
            .await;
        // A suspect signature, so that there is one to review.
        let suspect = [&VALID_SIGNATURE[..], &[(HONEYPOT_FIELD, "x")]].concat();
        server.known_visitor().await.post("/sign", &suspect).await;
        let (found, shown) = (BTreeSet::new(), BTreeSet::new());
        let (code, other) = (Code::parse(&code).unwrap(), other.number().to_string());
        let street = Self { server, browsers, code, other, sent: 0, found, shown };
        street.prepare_report(State::Submitted, Action::Note).await;
        street
    }

    /// Puts the report into `state`, ready for `action`.
    async fn prepare_report(&self, state: State, action: Action) -> Report {
        let handler = self.server.service.staff().await.unwrap()[0].id;
        change_report(&self.server.store, &self.code, |report| {
            report.state = state;
            report.grid = Slug::parse("grid-01").ok();
            let category = if action == Action::Acknowledge { "praise" } else { "corridor" };
            let category = default_campaign().category(category).unwrap().clone();
            (report.category, report.kind) = (category.slug, category.kind);
            report.branch = Slug::parse("residential").unwrap();
            report.accepted_at = Some(1);
            report.finished_at = None;
            report.quarantine = state.is_set_apart().then(|| "burst".into());
            report.closed_at = (state == State::Closed).then_some(i64::MAX / 2);
            report.hidden = action == Action::Unhide;
            report.claimed_by = (action == Action::Release).then_some(handler);
            report.extension_days = (action == Action::ApproveExtension).then_some(2);
            (report.handler, report.extension_by, report.referred_to) = (None, None, None);
            report.moved_by.clear();
            (report.description, report.place) = (MARKUP[0].into(), MARKUP[2].into());
            report.rating_comment = Some(MARKUP[0].into());
            report.contact_name = Some(MARKUP[0].into());
            report.contact_phone = Some("13800000000".into());
            (report.reopened, report.level, report.solved, report.satisfied) = (0, 0, None, None);
        })
        .await
    }

    fn browser(&mut self, who: &str) -> &mut Visitor {
        &mut self.browsers.iter_mut().find(|(name, _)| *name == who).unwrap().1
    }

    /// Opens a page or a file and checks it for injected markup.
    async fn open(&mut self, who: &'static str, path: &str) -> Option<Html> {
        let response = self.browser(who).get(path).await;
        self.check_response(response, &format!("{who} at {path}")).await
    }

    async fn check_response(&mut self, response: reqwest::Response, at: &str) -> Option<Html> {
        assert!(response.status().as_u16() < 500, "{at}: {}", response.status());
        let kind = response.headers().get(header::CONTENT_TYPE).map(|v| v.to_str().unwrap());
        let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().to_owned();
        let bytes = response.bytes().await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let found = match kind.as_str() {
            "text/html" => contains_mark_as_text(&text, at),
            "application/json" => {
                let json: serde_json::Value = serde_json::from_str(&text).unwrap();
                json.to_string().contains(MARK)
            }
            "text/csv" => {
                let text = text.trim_start_matches('\u{FEFF}');
                let mut reader = csv::Reader::from_reader(text.as_bytes());
                let columns = reader.headers().unwrap().len();
                let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
                assert!(rows.iter().all(|row| row.len() == columns), "{at}");
                rows.iter().flatten().any(|cell| cell.contains(MARK))
            }
            kind if kind.ends_with("spreadsheetml.sheet") => {
                let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
                let name = book.sheet_names()[0].clone();
                let formulas = book.worksheet_formula(&name).unwrap();
                assert!(formulas.used_cells().next().is_none(), "{at}: a formula");
                let cells = book.worksheet_range(&name).unwrap();
                cells.used_cells().any(|(_, _, cell)| cell.to_string().contains(MARK))
            }
            _ => return None,
        };
        if found {
            self.shown.insert(format!("{kind} {}", at.split('?').next().unwrap()));
        }
        (kind == "text/html").then(|| Html::parse_document(&text))
    }

    /// Sends a form with markup in every text field. A refused field gets shorter markup, then a
    /// valid value, until the form is accepted; returns whether it was.
    async fn fill(&mut self, who: &'static str, form: &Form) -> bool {
        // Not the honeypot: people do not see it, and a filled one marks a script.
        let texts: Vec<_> =
            form.text_names().into_iter().filter(|name| name != HONEYPOT_FIELD).collect();
        let mut levels: Vec<usize> = vec![0; texts.len()];
        loop {
            self.sent += 1;
            let n = self.sent;
            let mut fields = form.default_values();
            for (name, tried) in texts.iter().zip(&levels) {
                let text = match (name.as_str(), tried) {
                    ("of", 1..) => self.other.clone(),
                    (_, 0) => MARKUP[0].to_owned(),
                    (_, 1) => MARKUP[1 + n % (MARKUP.len() - 1)].to_owned(),
                    _ => valid_value(name, n),
                };
                fields.push((name.clone(), text));
            }
            let sent: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            // Before and after photos must differ.
            let photo = |i: usize| super::photos::jpeg(30 + 20 * i as u32, 90 - 20 * i as u32);
            let files = form.file_names();
            let files: Vec<_> =
                files.iter().enumerate().map(|(i, f)| (f.as_str(), "a.jpg", photo(i))).collect();
            let browser = self.browser(who);
            let request = match form.multipart {
                true => browser.multipart(&form.action, &sent, &files),
                false => browser.form(&form.action, &sent),
            };
            let json = request.try_clone().filter(|_| levels.iter().all(|tried| *tried == 0));
            let response = browser.send(request).await;
            let status = response.status();
            let at = format!("{who} posting to {}", form.action);
            let page = self.check_response(response, &at).await;
            if let Some(request) = json.filter(|_| status == StatusCode::UNPROCESSABLE_ENTITY) {
                let request = request.header(header::ACCEPT, "application/json");
                let refused = self.browser(who).send(request).await;
                self.check_response(refused, &at).await;
            }
            if status != StatusCode::UNPROCESSABLE_ENTITY {
                return status.is_redirection() || status == StatusCode::OK;
            }
            let page = page.unwrap();
            let mut changed = false;
            for (name, tried) in texts.iter().zip(&mut levels) {
                let kept = all(&page, &format!("[name=\"{name}\"]"));
                let secret = ["password", "old", "new", "code"].contains(&name.as_str());
                if *tried < 2 && !secret && fields.iter().filter(|(f, _)| f == name).count() == 1 {
                    let sent = &fields.iter().find(|(field, _)| field == name).unwrap().1;
                    let back = kept.iter().any(|field| value(*field) == *sent);
                    assert!(back, "{at}: {name} does not contain {sent} any more");
                }
                if !all(&page, &format!("#error-{name}")).is_empty() && *tried < 2 {
                    *tried += 1;
                    changed = true;
                }
            }
            if !changed {
                return false;
            }
        }
    }

    /// Sends the forms of a page whose action begins with `action`.
    async fn send_forms(&mut self, who: &'static str, path: &str, action: &str) {
        let page = self.open(who, path).await.unwrap();
        let wanted: Vec<Form> =
            forms(&page).into_iter().filter(|form| form.action.starts_with(action)).collect();
        assert!(!wanted.is_empty(), "{who} at {path} finds no form for {action}");
        for form in wanted {
            self.found.insert(route_path(&form.action));
            self.fill(who, &form).await;
        }
    }

    /// Example paths of a route.
    fn examples(&self, path: &str) -> Vec<String> {
        let code = self.code.to_string();
        let fill = |name: &str, values: &[&str]| {
            values.iter().map(|value| path.replace(name, value)).collect::<Vec<_>>()
        };
        match path.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(name, _)| name)
        {
            None if path == "/console/new" => vec![path.into(), format!("{path}?settle=1")],
            None if path == "/console" => {
                vec![path.into(), format!("{path}?state=all"), format!("{path}?q=%3Cx-sent%3E")]
            }
            None if path == "/console/check" => vec![path.into(), format!("{path}?after=1_1")],
            None => vec![path.to_owned()],
            Some("slug") => fill("{slug}", &["home", "public-places"]),
            Some("grid") => fill("{grid}", &["grid-01"]),
            Some("code") => vec![path.replace("{code}", &code)],
            Some("id") => Vec::new(),
            Some("file") => {
                let files = ["reports.csv", "reports.xlsx", "signatures.csv", "signatures.xlsx"];
                files.map(|file| path.replace("{file}", file) + "?personal=1").to_vec()
            }
            Some(name) => panic!("{path}: {{{name}}} needs an example here"),
        }
    }

    /// Opens every page as every role; with `fill` also sends every form with a text field.
    async fn walk(&mut self, fill: bool) {
        for row in table().into_iter().filter(|row| row.method == "GET" && row.path != "/live") {
            for path in self.examples(row.path) {
                for (who, ..) in ROLES {
                    let Some(page) = self.open(who, &path).await else { continue };
                    for form in forms(&page) {
                        self.found.insert(route_path(&form.action));
                        // Forms of a report are sent per action, in the test.
                        let is_action = form.action.starts_with("/console/reports/");
                        if fill && !is_action && !form.text_names().is_empty() {
                            self.fill(who, &form).await;
                        }
                    }
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn markup_stays_text_in_every_form_page_and_file() {
    let mut street = Walk::new().await;
    // Every action, in each of its states, by each role that is shown its form.
    for action in Action::ALL {
        let mut taken = false;
        for state in action.allowed_states() {
            for (who, ..) in ROLES {
                street.prepare_report(*state, action).await;
                let path = match who {
                    "resident" => format!("/reports/{}", street.code),
                    _ => format!("/console/reports/{}", street.code),
                };
                let Some(page) = street.open(who, &path).await else { continue };
                for form in forms(&page) {
                    let own = who == "resident" && !form.action.ends_with("/withdraw");
                    if own || form.id == format!("form-{}", action.as_str()) {
                        street.found.insert(route_path(&form.action));
                        taken |= street.fill(who, &form).await && !own;
                    }
                }
            }
        }
        assert!(taken, "{action:?} was never accepted");
    }
    street.prepare_report(State::InProgress, Action::Note).await;
    street.walk(true).await;
    // A 寄语 with markup is published and objected to; the suspect signature is released.
    // Names with markup are not shown; this one is.
    let mut fields = VALID_SIGNATURE.to_vec();
    fields.push(("show_name", "on"));
    street.server.known_visitor().await.post("/sign", &fields).await;
    street.server.database.execute("UPDATE signatures SET signed_at = 0").await;
    for (who, path, action) in [
        ("manager", "/console/messages", "/console/messages/"),
        ("manager", "/console/messages", "/console/signatures/"),
        ("resident", "/messages", "/messages/"),
        ("manager", "/console/signatures?verdict=release&rule=trap", "/console/signatures/judge"),
    ] {
        street.send_forms(who, path, action).await;
    }
    for state in [State::Submitted, State::Quarantined, State::AwaitingCheck, State::Closed] {
        street.prepare_report(state, Action::Note).await;
        street.walk(false).await;
    }
    // Routes without a form on any page.
    let without: Vec<&str> = table()
        .into_iter()
        .filter(|row| row.method == "POST" && !street.found.contains(row.path))
        .map(|row| row.path)
        .collect();
    assert_eq!(without, ROUTES_WITHOUT_FORM, "POST routes without a form");

    let shown = street.shown.iter().cloned().collect::<Vec<_>>().join("\n");
    for at in [
        "text/html manager at /console/reports/",
        "text/html resident at /reports/",
        "text/html resident at /me",
        "text/html resident at /me/data",
        "text/html resident at /messages",
        "text/html lead at /console/messages",
        "text/html manager at /console/staff",
        "application/json resident at /me/data.json",
        "text/csv manager at /console/export/reports.csv",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet manager at /console/export/reports.xlsx",
    ] {
        assert!(shown.contains(at), "no markup was seen at {at}, but at\n{shown}");
    }
}

/// POST routes that only scripts use, or whose form is shown while something is waited for:
/// `proof.rs` and `second_factor.rs` send these.
const ROUTES_WITHOUT_FORM: [&str; 3] = ["/signed", "/report/photos", "/console/login/code"];

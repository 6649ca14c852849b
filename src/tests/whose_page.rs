//! Whose page it is: a phone is handed on, and what the former person's pages would do is
//! refused; nothing keeps those pages, and everybody's stay fit to go back to.

use reqwest::{Method, Response, StatusCode, header};
use scraper::Html;
use server::routes::table;

use crate::support::{
    database::{Database, Kind},
    forms::{Form, Kind as FieldKind, all, forms, value},
    server::{GOOD, Server, Visitor, location},
};

/// What the refusal is headed by.
const ANOTHERS: &str = "这不是您现在的签名";

/// Pages that are everybody's, and forms in which nothing was sent yet.
const OPEN: [&str; 12] = [
    "/",
    "/pledges/{slug}",
    "/progress",
    "/privacy",
    "/licences",
    "/messages",
    "/offline",
    "/screen",
    "/sign",
    "/report",
    "/reports",
    "/reports/{code}",
];

async fn street() -> Server {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    for (login, role, scope) in [
        ("worker", "grid-worker", &["grid-01"][..]),
        ("second", "grid-worker", &["grid-01"]),
        ("manager", "manager", &[]),
        ("checker", "manager", &[]),
    ] {
        server.add_staff(login, role, scope).await;
    }
    server
}

/// Whether a form says whose page it stands on.
fn says_whose(form: &Form) -> bool {
    let said = |kind: &FieldKind| matches!(kind, FieldKind::Hidden(value) if !value.is_empty());
    form.fields.iter().any(|field| field.name == "owner" && said(&field.kind))
}

fn kept(response: &Response) -> String {
    let how = response.headers().get(header::CACHE_CONTROL);
    how.map_or("", |how| how.to_str().unwrap()).to_owned()
}

async fn html(browser: &mut Visitor, path: &str) -> Html {
    Html::parse_document(&browser.get(path).await.text().await.unwrap())
}

/// The only form of a page that leads to `action`.
fn to(page: &Html, action: &str) -> Form {
    let found: Vec<Form> = forms(page).into_iter().filter(|form| form.action == action).collect();
    assert_eq!(found.len(), 1, "{action}");
    found[0].clone()
}

async fn send(browser: &mut Visitor, form: &Form) -> Response {
    let chosen = form.chosen();
    let fields: Vec<(&str, &str)> = chosen.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    browser.post(&form.action, &fields).await
}

async fn assert_refused(response: Response, what: &str) {
    assert_eq!(response.status(), StatusCode::CONFLICT, "{what}");
    assert_eq!(kept(&response), "no-store", "{what}");
    let page = response.text().await.unwrap();
    assert!(page.contains(ANOTHERS), "{what}: {page}");
}

/// Every page with a query and a path of its own, in the order of the table.
fn paths(code: &str) -> Vec<(&'static str, String)> {
    let rows = table().into_iter().filter(|row| row.method == "GET");
    let paths = rows.map(|row| {
        let path = row.path.replace("{slug}", "home").replace("{grid}", "grid-01");
        (row.path, path.replace("{code}", code))
    });
    paths.filter(|(_, path)| path != "/live" && !path.contains('{')).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_form_of_a_persons_page_says_whose_and_is_refused_from_anybody_else() {
    let server = street().await;
    let mut resident = server.known_visitor().await;
    resident.sign().await;
    let code = resident.report("grid-01", &[super::photos::jpeg(40, 30)]).await;
    let mut stranger = server.known_visitor().await;
    let mut tried = 0;
    for login in ["", "worker", "manager"] {
        let (mut browser, mut other) = match login {
            "" => (resident.clone(), stranger.clone()),
            "worker" => (server.logged_in("worker").await, server.logged_in("second").await),
            _ => (server.logged_in("manager").await, server.logged_in("checker").await),
        };
        for (row, path) in paths(&code) {
            let response = browser.get(&path).await;
            let kind = response.headers().get(header::CONTENT_TYPE);
            let is_page = kind.is_some_and(|kind| kind.to_str().unwrap().starts_with("text/html"));
            if !is_page {
                continue;
            }
            let what = format!("{login} at {path}");
            let own = response.status() == StatusCode::OK
                && (!OPEN.contains(&row) || (row == "/reports/{code}" && login.is_empty()));
            let refused = response.status() != StatusCode::OK;
            let expected = if own || refused { "no-store" } else { "private, no-cache" };
            assert_eq!(kept(&response), expected, "{what}");
            let page = Html::parse_document(&response.text().await.unwrap());
            assert_eq!(!all(&page, "[data-own]").is_empty(), own, "{what} comes back anew");
            for form in forms(&page) {
                // How pages look is asked everywhere, and nobody is in before the door.
                if ["/look", "/console/login"].contains(&form.action.as_str()) {
                    continue;
                }
                assert_eq!(says_whose(&form), own, "{what}: {}", form.action);
                if own {
                    let refused = send(&mut other, &form).await;
                    assert_refused(refused, &format!("{what}: {}", form.action)).await;
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 60, "{tried} forms");
    assert_eq!(server.store.counts().signatures, 1);
    assert_eq!(server.store.counts().reports.received, 1);
    // Nobody's are the pages of somebody who has done nothing but look.
    assert_eq!(kept(&stranger.get("/").await), "private, no-cache");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_former_persons_pages_do_nothing_to_the_next_one() {
    let server = street().await;
    let mut phone = server.known_visitor().await;
    phone.sign().await;
    let signed = html(&mut phone, "/signed").await;
    let me = html(&mut phone, "/me").await;
    let data = html(&mut phone, "/me/data").await;
    assert_eq!(location(&send(&mut phone, &to(&signed, "/sign/next")).await), "/sign");
    let second = [&[("name", "李测试")][..], &GOOD[1..]].concat();
    assert_eq!(location(&phone.post("/sign", &second).await), "/signed");
    assert_eq!(server.store.counts().signatures, 2);
    // Back, and back again.
    for page in [&signed, &me] {
        assert_refused(send(&mut phone, &to(page, "/sign/withdraw")).await, "withdraw").await;
    }
    assert_refused(send(&mut phone, &to(&data, "/me/erase")).await, "erase").await;
    assert_refused(send(&mut phone, &to(&signed, "/recovery/new")).await, "a phrase").await;
    assert_refused(send(&mut phone, &to(&signed, "/sign/next")).await, "the next one").await;
    assert_eq!(server.store.counts().signatures, 2, "both are there");
    let mine = html(&mut phone, "/me").await.root_element().text().collect::<String>();
    assert!(mine.contains("李测试") && !mine.contains("王测试"), "{mine}");
    // As a program, too.
    let request = phone.form("/me/erase", &[("owner", "x"), ("confirm", "on")]);
    let refused = phone.send(request.header(header::ACCEPT, "application/json")).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    let json: serde_json::Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
    assert_eq!(json["title"], ANOTHERS);
    // A page of before forms said whose they are, and one that says both.
    for fields in [&[("confirm", "on")][..], &[("owner", ""), ("confirm", "on")]] {
        for (name, value) in [("origin", server.url.as_str()), ("sec-fetch-site", "same-origin")] {
            let old = phone.form("/me/erase", fields).header(name, value);
            assert_refused(phone.send(old).await, "a browser that says nothing").await;
        }
    }
    let own = html(&mut phone, "/me/data").await;
    let mut both = to(&own, "/me/erase").chosen();
    both.extend(to(&data, "/me/erase").chosen());
    let both: Vec<(&str, &str)> = both.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_refused(phone.post("/me/erase", &both).await, "both").await;
    // One's own does what it says.
    let own = html(&mut phone, "/signed").await;
    assert_eq!(location(&send(&mut phone, &to(&own, "/sign/withdraw")).await), "/me");
    assert_eq!(server.store.counts().signatures, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_form_about_a_signature_that_is_gone_leaves_the_new_one() {
    let server = street().await;
    let mut phone = server.known_visitor().await;
    phone.sign().await;
    let before = html(&mut phone, "/signed").await;
    send(&mut phone, &to(&before, "/sign/withdraw")).await;
    phone.sign().await;
    assert_refused(send(&mut phone, &to(&before, "/sign/withdraw")).await, "the first one").await;
    assert_eq!(server.store.counts().signatures, 1);
    // Sent twice it was done once; where there is none, there is nothing of another's either.
    let now = html(&mut phone, "/signed").await;
    for _ in 0..2 {
        assert_eq!(location(&send(&mut phone, &to(&now, "/sign/withdraw")).await), "/me");
    }
    assert_eq!(server.store.counts().signatures, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_name_at_the_same_phone_is_another_person() {
    let server = street().await;
    let mut phone = server.known_visitor().await;
    phone.sign().await;
    // The same name signs nothing anew, however it is typed.
    for name in ["王测试", " 王测试 "] {
        let again = [&[("name", name)][..], &GOOD[1..]].concat();
        assert_eq!(location(&phone.post("/sign", &again).await), "/signed");
    }
    let fields = [
        ("name", "李测试"),
        ("grid", "grid-07"),
        ("pledges", "traffic"),
        ("pledges", "neighbours"),
        ("message", "一起来"),
        ("show_name", "on"),
        ("consent", "on"),
    ];
    let refused = phone.post("/sign", &fields).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    assert_eq!(kept(&refused), "no-store");
    let page = Html::parse_document(&refused.text().await.unwrap());
    let text = page.root_element().text().collect::<String>();
    assert!(text.contains("这台手机上王**已经签过") && !text.contains("王测试"), "{text}");
    let is_kept = |page: &Html| {
        for (name, sent) in fields {
            let there = all(page, &format!("[name=\"{name}\"]"));
            let found = there.iter().any(|field| match field.value().attr("type") {
                Some("checkbox") => {
                    field.value().attr("checked").is_some()
                        && (value(*field) == sent || value(*field).is_empty())
                }
                None => !all(page, &format!("option[value=\"{sent}\"][selected]")).is_empty(),
                _ => value(*field) == sent,
            });
            assert!(found, "{name} has lost {sent}");
        }
    };
    is_kept(&page);
    let next = all(&page, "button[formaction=\"/sign/next\"]");
    assert_eq!(next.len(), 1, "换人签名 is offered");
    assert_eq!(next[0].value().attr("form"), Some("sign-form"), "with all that was filled in");
    assert_eq!(server.store.counts().signatures, 1);

    // As a program, too.
    let request = phone.form("/sign", &fields).header(header::ACCEPT, "application/json");
    let refused = phone.send(request).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    assert!(refused.text().await.unwrap().contains("王**"));

    let before = phone.cookies.clone();
    let owner = value(all(&page, "[name=\"owner\"][form=\"sign-form\"]")[0]);
    let with_owner = [&fields[..], &[("owner", owner.as_str())]].concat();
    let as_browsers_do = phone.form("/sign/next", &with_owner).header("origin", &server.url);
    let next = phone.send(as_browsers_do).await;
    assert_eq!(next.status(), StatusCode::OK);
    assert_ne!(phone.cookies, before, "it is somebody else's phone now");
    let page = Html::parse_document(&next.text().await.unwrap());
    is_kept(&page);
    assert_eq!(server.store.counts().signatures, 1, "nothing is signed without a press of 签名");
    assert_eq!(location(&phone.post("/sign", &fields).await), "/signed");
    assert_eq!(server.database.number("SELECT COUNT(*) FROM signatures").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_refused_is_kept_nowhere() {
    let server = street().await;
    let mut visitor = server.known_visitor().await;
    let code = visitor.report("grid-01", &[]).await;
    let mut worker = server.logged_in("worker").await;
    let mut second = server.logged_in("second").await;
    let add = format!("/reports/{code}/add");
    let accept = format!("/console/reports/{code}/accept");
    for (browser, path, fields, status) in [
        (&mut visitor, "/sign", &[("name", "王测试")][..], 422),
        (&mut server.visitor(), "/sign", &GOOD, 422),
        (&mut server.known_visitor().await, "/report", &[("place", "三楼")], 422),
        (&mut server.known_visitor().await, add.as_str(), &[], 404),
        (&mut server.known_visitor().await, "/me/erase", &[], 422),
        (&mut server.known_visitor().await, "/console/login", &[("login", "x")], 422),
        (&mut server.known_visitor().await, "/nowhere", &[], 404),
        (&mut worker, accept.as_str(), &[("version", "1")], 422),
        (&mut second, "/console/staff", &[], 403),
    ] {
        let mut program = browser.clone();
        let refused = browser.post(path, fields).await;
        assert_eq!(refused.status(), status, "{path}");
        assert_eq!(kept(&refused), "no-store", "{path}");
        let request = program.form(path, fields).header(header::ACCEPT, "application/json");
        let refused = program.send(request).await;
        assert_eq!((refused.status().as_u16(), kept(&refused).as_str()), (status, "no-store"));
    }
    for path in ["/nowhere", "/reports/aaaaaaaaaaaaaaaaaaaaaa", "/photos/aaaaaaaaaaaaaaaaaaaaaa"] {
        let refused = visitor.send(visitor.request(Method::GET, path)).await;
        assert_eq!((refused.status().as_u16(), kept(&refused).as_str()), (404, "no-store"));
    }
    let own = visitor.get("/me/data.json").await;
    assert!(kept(&own).contains("no-store"));
}

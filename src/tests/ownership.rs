//! Owner check: when a phone is passed on, forms on pages of the former visitor are refused,
//! personal pages are not cached, and public pages stay in the back/forward cache.

use reqwest::{Method, Response, StatusCode, header};
use scraper::Html;
use server::routes::table;

use crate::support::{
    database::{Database, Kind},
    forms::{Form, Kind as FieldKind, all, forms, value},
    server::{Server, VALID_SIGNATURE, Visitor, location},
};

/// Title of the refusal.
const REFUSAL_TITLE: &str = "这不是您现在的签名";

/// Public pages, and forms that were not sent yet.
const PUBLIC_PAGES: [&str; 12] = [
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

async fn server_with_staff() -> Server {
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

/// Whether a form has an owner field.
fn has_owner(form: &Form) -> bool {
    let said = |kind: &FieldKind| matches!(kind, FieldKind::Hidden(value) if !value.is_empty());
    form.fields.iter().any(|field| field.name == "owner" && said(&field.kind))
}

fn cache_control(response: &Response) -> String {
    let how = response.headers().get(header::CACHE_CONTROL);
    how.map_or("", |how| how.to_str().unwrap()).to_owned()
}

async fn get_html(browser: &mut Visitor, path: &str) -> Html {
    Html::parse_document(&browser.get(path).await.text().await.unwrap())
}

/// The only form of a page with this action.
fn form_to(page: &Html, action: &str) -> Form {
    let found: Vec<Form> = forms(page).into_iter().filter(|form| form.action == action).collect();
    assert_eq!(found.len(), 1, "{action}");
    found[0].clone()
}

async fn send(browser: &mut Visitor, form: &Form) -> Response {
    let chosen = form.default_values();
    let fields: Vec<(&str, &str)> = chosen.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    browser.post(&form.action, &fields).await
}

async fn assert_refused(response: Response, what: &str) {
    assert_eq!(response.status(), StatusCode::CONFLICT, "{what}");
    assert_eq!(cache_control(&response), "no-store", "{what}");
    let page = response.text().await.unwrap();
    assert!(page.contains(REFUSAL_TITLE), "{what}: {page}");
}

/// All GET routes with an example path, in the order of the route table.
fn example_paths(code: &str) -> Vec<(&'static str, String)> {
    let rows = table().into_iter().filter(|row| row.method == "GET");
    let paths = rows.map(|row| {
        let path = row.path.replace("{slug}", "home").replace("{grid}", "grid-01");
        (row.path, path.replace("{code}", code))
    });
    paths.filter(|(_, path)| path != "/live" && !path.contains('{')).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn forms_of_personal_pages_are_refused_from_other_visitors() {
    let server = server_with_staff().await;
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
        for (row, path) in example_paths(&code) {
            let response = browser.get(&path).await;
            let kind = response.headers().get(header::CONTENT_TYPE);
            let is_page = kind.is_some_and(|kind| kind.to_str().unwrap().starts_with("text/html"));
            if !is_page {
                continue;
            }
            let what = format!("{login} at {path}");
            let own = response.status() == StatusCode::OK
                && (!PUBLIC_PAGES.contains(&row) || (row == "/reports/{code}" && login.is_empty()));
            let refused = response.status() != StatusCode::OK;
            let expected = if own || refused { "no-store" } else { "private, no-cache" };
            assert_eq!(cache_control(&response), expected, "{what}");
            let page = Html::parse_document(&response.text().await.unwrap());
            assert_eq!(
                !all(&page, "[data-own]").is_empty(),
                own,
                "{what} is revalidated on back navigation"
            );
            for form in forms(&page) {
                // The appearance form is on all pages; the login form has no session yet.
                if ["/look", "/console/login"].contains(&form.action.as_str()) {
                    continue;
                }
                assert_eq!(has_owner(&form), own, "{what}: {}", form.action);
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
    // A visitor without data has no personal pages.
    assert_eq!(cache_control(&stranger.get("/").await), "private, no-cache");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pages_of_the_former_visitor_do_nothing_to_the_next_one() {
    let server = server_with_staff().await;
    let mut phone = server.known_visitor().await;
    phone.sign().await;
    let signed = get_html(&mut phone, "/signed").await;
    let me = get_html(&mut phone, "/me").await;
    let data = get_html(&mut phone, "/me/data").await;
    assert_eq!(location(&send(&mut phone, &form_to(&signed, "/sign/next")).await), "/sign");
    let second = [&[("name", "李测试")][..], &VALID_SIGNATURE[1..]].concat();
    assert_eq!(location(&phone.post("/sign", &second).await), "/signed");
    assert_eq!(server.store.counts().signatures, 2);
    // Going back to the former visitor's pages.
    for page in [&signed, &me] {
        assert_refused(send(&mut phone, &form_to(page, "/sign/withdraw")).await, "withdraw").await;
    }
    assert_refused(send(&mut phone, &form_to(&data, "/me/erase")).await, "erase").await;
    assert_refused(send(&mut phone, &form_to(&signed, "/recovery/new")).await, "a phrase").await;
    assert_refused(send(&mut phone, &form_to(&signed, "/sign/next")).await, "the next one").await;
    assert_eq!(server.store.counts().signatures, 2, "both are there");
    let mine = get_html(&mut phone, "/me").await.root_element().text().collect::<String>();
    assert!(mine.contains("李测试") && !mine.contains("王测试"), "{mine}");
    // The same with JSON.
    let request = phone.form("/me/erase", &[("owner", "x"), ("confirm", "on")]);
    let refused = phone.send(request.header(header::ACCEPT, "application/json")).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    let json: serde_json::Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
    assert_eq!(json["title"], REFUSAL_TITLE);
    // Pages without owner field (old version), and forms with two owners.
    for fields in [&[("confirm", "on")][..], &[("owner", ""), ("confirm", "on")]] {
        for (name, value) in [("origin", server.url.as_str()), ("sec-fetch-site", "same-origin")] {
            let old = phone.form("/me/erase", fields).header(name, value);
            assert_refused(phone.send(old).await, "no owner").await;
        }
    }
    let own = get_html(&mut phone, "/me/data").await;
    let mut both = form_to(&own, "/me/erase").default_values();
    both.extend(form_to(&data, "/me/erase").default_values());
    let both: Vec<(&str, &str)> = both.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_refused(phone.post("/me/erase", &both).await, "two owners").await;
    // The visitor's own form works.
    let own = get_html(&mut phone, "/signed").await;
    assert_eq!(location(&send(&mut phone, &form_to(&own, "/sign/withdraw")).await), "/me");
    assert_eq!(server.store.counts().signatures, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_form_of_a_withdrawn_signature_does_not_affect_the_new_one() {
    let server = server_with_staff().await;
    let mut phone = server.known_visitor().await;
    phone.sign().await;
    let before = get_html(&mut phone, "/signed").await;
    send(&mut phone, &form_to(&before, "/sign/withdraw")).await;
    phone.sign().await;
    assert_refused(send(&mut phone, &form_to(&before, "/sign/withdraw")).await, "the first one")
        .await;
    assert_eq!(server.store.counts().signatures, 1);
    // Sent twice it is done once; without a signature the second one has nothing to protect.
    let now = get_html(&mut phone, "/signed").await;
    for _ in 0..2 {
        assert_eq!(location(&send(&mut phone, &form_to(&now, "/sign/withdraw")).await), "/me");
    }
    assert_eq!(server.store.counts().signatures, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_name_on_the_same_phone_is_another_person() {
    let server = server_with_staff().await;
    let mut phone = server.known_visitor().await;
    phone.sign().await;
    // The same name is not a new signature, also with spaces around.
    for name in ["王测试", " 王测试 "] {
        let again = [&[("name", name)][..], &VALID_SIGNATURE[1..]].concat();
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
    assert_eq!(cache_control(&refused), "no-store");
    let page = Html::parse_document(&refused.text().await.unwrap());
    let text = page.root_element().text().collect::<String>();
    assert!(text.contains("这台手机上王**已经签过") && !text.contains("王测试"), "{text}");
    let assert_kept = |page: &Html| {
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
            assert!(found, "{name} does not contain {sent} any more");
        }
    };
    assert_kept(&page);
    let next = all(&page, "button[formaction=\"/sign/next\"]");
    assert_eq!(next.len(), 1, "换人签名 is offered");
    assert_eq!(next[0].value().attr("form"), Some("sign-form"), "with all input");
    assert_eq!(server.store.counts().signatures, 1);

    // The same with JSON.
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
    assert_ne!(phone.cookies, before, "a new visitor");
    let page = Html::parse_document(&next.text().await.unwrap());
    assert_kept(&page);
    assert_eq!(server.store.counts().signatures, 1, "nothing is signed before 签名 is pressed");
    assert_eq!(location(&phone.post("/sign", &fields).await), "/signed");
    assert_eq!(server.database.number("SELECT COUNT(*) FROM signatures").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refused_forms_are_not_cached() {
    let server = server_with_staff().await;
    let mut visitor = server.known_visitor().await;
    let code = visitor.report("grid-01", &[]).await;
    let mut worker = server.logged_in("worker").await;
    let mut second = server.logged_in("second").await;
    let add = format!("/reports/{code}/add");
    let accept = format!("/console/reports/{code}/accept");
    for (browser, path, fields, status) in [
        (&mut visitor, "/sign", &[("name", "王测试")][..], 422),
        (&mut server.visitor(), "/sign", &VALID_SIGNATURE, 422),
        (&mut server.known_visitor().await, "/report", &[("place", "三楼")], 422),
        (&mut server.known_visitor().await, add.as_str(), &[], 404),
        (&mut server.known_visitor().await, "/me/erase", &[], 422),
        (&mut server.known_visitor().await, "/console/login", &[("login", "x")], 422),
        (&mut server.known_visitor().await, "/nowhere", &[], 404),
        (&mut worker, accept.as_str(), &[("version", "1")], 422),
        (&mut second, "/console/staff", &[], 403),
    ] {
        let mut json_client = browser.clone();
        let refused = browser.post(path, fields).await;
        assert_eq!(refused.status(), status, "{path}");
        assert_eq!(cache_control(&refused), "no-store", "{path}");
        let request = json_client.form(path, fields).header(header::ACCEPT, "application/json");
        let refused = json_client.send(request).await;
        assert_eq!(
            (refused.status().as_u16(), cache_control(&refused).as_str()),
            (status, "no-store")
        );
    }
    for path in ["/nowhere", "/reports/aaaaaaaaaaaaaaaaaaaaaa", "/photos/aaaaaaaaaaaaaaaaaaaaaa"] {
        let refused = visitor.send(visitor.request(Method::GET, path)).await;
        assert_eq!(
            (refused.status().as_u16(), cache_control(&refused).as_str()),
            (404, "no-store")
        );
    }
    let own = visitor.get("/me/data.json").await;
    assert!(cache_control(&own).contains("no-store"));
}

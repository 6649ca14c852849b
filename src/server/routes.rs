//! All routes in one table, with the status that each kind of caller gets (the access matrix).
//!
//! The router is built from this table, so a handler without a row is unreachable.
//! `tests/access.rs` requests every row as every kind of caller and with every other method; it
//! fails if a status differs. A row whose path has parameters needs an example there.

use axum::{
    Router,
    handler::Handler,
    routing::{MethodRouter, get, post},
};

use super::{
    handlers::{
        casework, display, export, live, message, my_data, photo, quarantine, recovery, report,
        service_worker, signature, signature_review,
        staff::{admin, factor, login},
        web_app,
    },
    ops::health,
    pages::render,
    state::AppState,
    wechat,
};

/// Who asks, in the order of [`Answers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A browser that has no cookie yet.
    Anonymous,
    /// One that has been here before.
    Visitor,
    /// The one who filed the report that is asked for.
    Reporter,
    /// A grid worker of the report's grid.
    Worker,
    /// A grid worker of another grid.
    OtherGridWorker,
    /// The lead of the report's branch.
    Lead,
    /// A manager of the street office.
    Manager,
    /// Someone who was staff and was deactivated, with the cookie kept.
    Deactivated,
}

impl Caller {
    /// Everyone.
    pub const ALL: [Self; 8] = [
        Self::Anonymous,
        Self::Visitor,
        Self::Reporter,
        Self::Worker,
        Self::OtherGridWorker,
        Self::Lead,
        Self::Manager,
        Self::Deactivated,
    ];
}

/// Expected status of a valid request, per caller, in the order of [`Caller::ALL`].
pub type Answers = [u16; 8];

/// The same status for every caller.
const fn all(status: u16) -> Answers {
    [status; 8]
}

/// Personal data of a visitor: `first` without a visitor cookie, else `later`.
const fn after_first(first: u16, later: u16) -> Answers {
    [first, later, later, later, later, later, later, later]
}

/// Status `yes` for the reporter, `no` for everyone else.
const fn reporter(yes: u16, no: u16) -> Answers {
    [no, no, yes, no, no, no, no, no]
}

/// Any staff; others are redirected to the login page.
const fn any_staff(status: u16) -> Answers {
    [303, 303, 303, status, status, status, status, 303]
}

/// Staff who are responsible for the report, and managers; other staff get 404.
const fn in_scope(status: u16) -> Answers {
    [303, 303, 303, status, 404, status, status, 303]
}

/// Leads and managers.
const fn leads(status: u16) -> Answers {
    [303, 303, 303, 403, 403, status, status, 303]
}

/// Managers.
const fn managers(status: u16) -> Answers {
    [303, 303, 303, 403, 403, 403, status, 303]
}

/// The handler of a route.
enum RouteHandler {
    /// Runs after the visitor middleware.
    WithVisitor(MethodRouter<AppState>),
    /// The same for everyone; no cookie is read or set.
    WithoutVisitor(MethodRouter<AppState>),
}

/// A row of the route table.
pub struct Route {
    /// `GET`, which answers `HEAD` too, or `POST`.
    pub method: &'static str,
    /// The path, as axum writes it.
    pub path: &'static str,
    /// Status for each kind of caller.
    pub answers: Answers,
    handler: RouteHandler,
}

fn page(path: &'static str, answers: Answers) -> Route {
    Route { method: "GET", path, answers, handler: RouteHandler::WithVisitor(get(render::page)) }
}

fn own<T: 'static>(
    path: &'static str,
    handler: impl Handler<T, AppState>,
    answers: Answers,
) -> Route {
    Route { method: "GET", path, answers, handler: RouteHandler::WithVisitor(get(handler)) }
}

fn form<T: 'static>(
    path: &'static str,
    handler: impl Handler<T, AppState>,
    answers: Answers,
) -> Route {
    Route { method: "POST", path, answers, handler: RouteHandler::WithVisitor(post(handler)) }
}

fn data<T: 'static>(
    path: &'static str,
    handler: impl Handler<T, AppState>,
    answers: Answers,
) -> Route {
    Route { method: "GET", path, answers, handler: RouteHandler::WithoutVisitor(get(handler)) }
}

/// The table.
#[must_use]
pub fn table() -> Vec<Route> {
    let mut rows = of_residents();
    rows.extend(of_the_console());
    rows.extend(for_everybody());
    rows
}

fn of_residents() -> Vec<Route> {
    vec![
        page("/", all(200)),
        page("/pledges/{slug}", all(200)),
        page("/progress", all(200)),
        page("/privacy", all(200)),
        page("/licences", all(200)),
        page("/messages", all(200)),
        page("/offline", all(200)),
        page("/screen", all(200)),
        page("/me", all(200)),
        page("/me/data", all(200)),
        own("/me/data.json", my_data::data, all(200)),
        form("/me/erase", my_data::erase, all(303)),
        own("/g/{grid}", display::poster, all(303)),
        page("/sign", all(200)),
        form("/sign", signature::sign, after_first(422, 303)),
        page("/signed", all(303)),
        form("/signed", signature::prove, all(303)),
        form("/sign/withdraw", signature::withdraw, all(303)),
        form("/sign/next", signature::next, all(303)),
        form("/look", display::choose, all(303)),
        page("/recovery", all(200)),
        form("/recovery", recovery::recover, all(303)),
        // Nothing to bring back, but for who has filed a report.
        form("/recovery/new", recovery::new_phrase, reporter(200, 403)),
        own("/wechat/back", wechat::login::back, all(404)),
        page("/report", all(200)),
        form("/report", report::file, after_first(422, 303)),
        form("/report/photos", report::hold_photos, after_first(403, 200)),
        form("/report/similar", report::similar, all(200)),
        page("/reports", all(200)),
        // A report that was not accepted yet.
        page("/reports/{code}", reporter(200, 404)),
        form("/reports/{code}/{wish}", report::reporter::act, reporter(303, 404)),
        own("/photos/{id}", photo::photo, [404, 404, 200, 200, 404, 200, 200, 404]),
        form("/messages/{ordinal}/object", message::object, after_first(403, 303)),
    ]
}

fn of_the_console() -> Vec<Route> {
    vec![
        page("/console/login", [200, 200, 200, 303, 303, 303, 303, 200]),
        form("/console/login", login::log_in, all(303)),
        // Nobody of the matrix is half logged in.
        page("/console/login/code", all(303)),
        form("/console/login/code", factor::enter_code, all(303)),
        form("/console/logout", login::log_out, any_staff(303)),
        page("/console", any_staff(200)),
        page("/console/account", any_staff(200)),
        form("/console/account", login::change_password, any_staff(303)),
        page("/console/account/factor", any_staff(200)),
        // Without a code.
        form("/console/account/factor/{what}", factor::change, any_staff(422)),
        page("/console/confirm", any_staff(200)),
        form("/console/confirm", factor::confirm, any_staff(422)),
        page("/console/duty", any_staff(200)),
        page("/console/stats", any_staff(200)),
        page("/console/weekly", any_staff(200)),
        page("/console/posters", any_staff(200)),
        page("/console/check", any_staff(200)),
        page("/console/new", any_staff(200)),
        form("/console/new", casework::enter, any_staff(303)),
        page("/console/reports/{code}", in_scope(200)),
        form("/console/reports/{code}/{action}", casework::act, in_scope(303)),
        form("/console/reports/bulk", casework::bulk, any_staff(303)),
        form("/console/contact/{code}", casework::show_contact, in_scope(200)),
        page("/console/quarantine", leads(200)),
        // Without a decision.
        form("/console/quarantine", quarantine::decide, leads(400)),
        page("/console/messages", leads(200)),
        form("/console/messages/{ordinal}", message::decide, leads(303)),
        page("/console/signatures", managers(200)),
        form("/console/signatures/judge", signature_review::start_bulk_review, managers(303)),
        form("/console/signatures/rules/{rule}", signature_review::switch, managers(303)),
        form("/console/signatures/{ordinal}/unshow", message::unshow_name, leads(303)),
        // There is no judgement to take back.
        form("/console/signatures/{id}/undo", signature_review::undo, managers(404)),
        page("/console/staff", managers(200)),
        form("/console/staff", admin::add_staff, managers(303)),
        form("/console/staff/{login}/{what}", admin::manage_staff, managers(303)),
        own("/console/export/{file}", export::export, managers(200)),
    ]
}

fn for_everybody() -> Vec<Route> {
    vec![
        data("/counts.json", live::counts_json, all(200)),
        data("/live", live::events, all(200)),
        data(ui::share::PATH, web_app::share_image, all(200)),
        data("/sw.js", service_worker::worker, all(200)),
        // Without an app id there is none of it.
        data("/prove.js", service_worker::prove, all(200)),
        data("/wechat.js", wechat::share::script, all(404)),
        data("/wechat/config", wechat::share::config, all(404)),
        data("/screen/messages", web_app::board_messages, all(200)),
        data("/manifest.webmanifest", web_app::manifest, all(200)),
        data("/speculation-rules.json", web_app::speculation_rules, all(200)),
        data("/healthz", health::healthy, all(204)),
        data("/readyz", health::ready, all(204)),
    ]
}

/// The routes that know their visitor, and those that do not.
pub(super) fn routers() -> (Router<AppState>, Router<AppState>) {
    let (mut known, mut unknown) = (Router::new(), Router::new());
    for row in table() {
        match row.handler {
            RouteHandler::WithVisitor(handler) => known = known.route(row.path, handler),
            RouteHandler::WithoutVisitor(handler) => unknown = unknown.route(row.path, handler),
        }
    }
    (known, unknown)
}

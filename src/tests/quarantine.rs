//! Bursts of reports and supports from one network: what is quarantined, for whom, and how it ends.

use std::collections::BTreeMap;

use domain::report::{Code, Report, State};
use reqwest::StatusCode;
use rstest_reuse::apply;

use super::casework::change_report;
use crate::support::{
    database::{Database, Kind, on_both},
    html,
    server::{Server, Visitor, location, report_fields},
};

/// Reports and supports of one network in a quarter of an hour, until more seem to be a burst.
const REPORTS: usize = 30;
const SUPPORTS: usize = 60;

/// An address that no other test uses.
const NETWORK: &str = "198.51.100.7";

/// A new visitor of [`NETWORK`].
async fn neighbour(server: &Server) -> Visitor {
    let mut visitor = server.known_visitor().await;
    visitor.address = NETWORK.to_owned();
    visitor
}

/// One report each of as many visitors of [`NETWORK`].
async fn burst(server: &Server, n: usize) -> Vec<(Visitor, Code)> {
    let mut senders = Vec::new();
    for _ in 0..n {
        let mut visitor = neighbour(server).await;
        let code = visitor.report("grid-01", &[]).await;
        senders.push((visitor, Code::parse(&code).unwrap()));
    }
    senders
}

async fn report(server: &Server, code: &Code) -> Report {
    server.store.report(code).await.unwrap().unwrap()
}

/// `received`, `open` and `closed`, as they are counted.
async fn published(server: &Server) -> [u64; 3] {
    let mut counted = [0; 3];
    for (n, sql) in counted.iter_mut().zip([
        "SELECT n FROM counters WHERE kind = 'reports' AND slug = 'received'",
        "SELECT n FROM counters WHERE kind = 'reports' AND slug = 'open'",
        "SELECT n FROM counters WHERE kind = 'reports' AND slug = 'closed'",
    ]) {
        *n = server.database.number(sql).await.unsigned_abs();
    }
    counted
}

/// The hidden fields of the first form of the lane.
async fn first_form(staff: &mut Visitor) -> BTreeMap<String, String> {
    let page = staff.get("/console/quarantine").await.text().await.unwrap();
    let form = "ul.wall > li:first-child input[type=hidden]";
    let names = html::attributes(&page, form, "name").into_iter();
    names.zip(html::attributes(&page, form, "value")).collect()
}

/// Presses a button of the first form of the lane.
async fn decide(staff: &mut Visitor, decision: &str) -> StatusCode {
    let form = first_form(staff).await;
    let mut fields: Vec<_> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    fields.push(("decision", decision));
    staff.post("/console/quarantine", &fields).await.status()
}

#[apply(on_both)]
async fn a_burst_from_one_network_waits_for_staff(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    for (login, role, scope) in [
        ("worker", "grid-worker", "grid-01"),
        ("lead", "branch-lead", "residential"),
        ("elsewhere", "branch-lead", "city-operation"),
    ] {
        server.add_staff(login, role, &[scope]).await;
    }
    server.add_staff("manager", "manager", &[]).await;
    let mut senders = burst(&server, REPORTS + 5).await;
    let counted = REPORTS as u64;
    assert_eq!(published(&server).await, [counted, counted, 0]);
    let held = report(&server, &senders[REPORTS].1).await;
    let before = report(&server, &senders[0].1).await;
    let (sender, code) = &mut senders[REPORTS];
    assert_eq!((held.state, before.state), (State::Quarantined, State::Submitted));
    assert_eq!(server.database.number("SELECT COUNT(*) FROM outbox").await, REPORTS as i64);

    // The sender sees what the sender of any other report sees.
    let page = sender.get(&format!("/reports/{code}")).await.text().await.unwrap();
    assert!(page.contains("已提交，待受理") && !page.contains("甄别"), "{page}");
    for path in ["/me", "/me/data", "/me/data.json"] {
        let page = sender.get(path).await.text().await.unwrap();
        assert!(!page.contains("甄别") && !page.contains("quarantine"), "{path}: {page}");
    }
    let added = sender.post(&format!("/reports/{code}/add"), &[("text", "还在那里")]).await;
    assert_eq!(added.status(), StatusCode::SEE_OTHER);

    // Where life may depend on it, and elsewhere, nothing is quarantined.
    let mut urgent = report_fields("grid-01");
    urgent[0].1 = "falling-objects";
    let mut private = report_fields("grid-01");
    private[0].1 = "dispute";
    for fields in [urgent, private] {
        let filed = neighbour(&server).await.post("/report", &fields).await;
        let code = Code::parse(location(&filed).trim_start_matches("/reports/")).unwrap();
        assert_eq!(report(&server, &code).await.state, State::Submitted);
    }
    let elsewhere = server.known_visitor().await.report("grid-01", &[]).await;
    let elsewhere = report(&server, &Code::parse(&elsewhere).unwrap()).await;
    assert_eq!(elsewhere.state, State::Submitted);

    // Who sees it.
    let mut worker = server.logged_in("worker").await;
    let page = worker.get("/console?state=all").await.text().await.unwrap();
    assert!(!page.contains(held.code.as_str()) && !page.contains("待甄别"), "{page}");
    for path in ["/console/quarantine".to_owned(), format!("/console/reports/{}", held.code)] {
        assert!(worker.get(&path).await.status().is_client_error(), "{path}");
    }
    let number = held.number().to_string();
    let page = worker.get(&format!("/console?state=all&q={number}")).await.text().await.unwrap();
    assert!(!page.contains(held.code.as_str()));
    let mut other_lead = server.logged_in("elsewhere").await;
    let page = other_lead.get("/console/quarantine").await.text().await.unwrap();
    assert!(page.contains("没有待甄别的"), "{page}");
    let refused = worker.post("/console/quarantine", &[("decision", "admit")]).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let mut lead = server.logged_in("lead").await;
    for fields in [
        [("burst", "\0"), ("last", "1")],
        [("burst", "burst"), ("last", "x")],
        [("serial", "1"), ("until", "18446744073709551615")],
        [("serial", ""), ("until", "")],
    ] {
        let fields = [&fields[..], &[("decision", "admit")]].concat();
        let refused = lead.post("/console/quarantine", &fields).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{fields:?}");
    }

    // The lead admits all of it.
    let page = lead.get("/console").await.text().await.unwrap();
    assert_eq!(html::text(&page, ".notice a"), "待甄别 5 件");
    let page = lead.get(&format!("/console?state=all&q={number}")).await.text().await.unwrap();
    assert!(page.contains(held.code.as_str()), "by its number it is found");
    assert_eq!(decide(&mut lead, "admit").await, StatusCode::SEE_OTHER);
    let admitted = report(&server, &held.code).await;
    assert_eq!((admitted.state, admitted.quarantine), (State::Submitted, None));
    assert_eq!(admitted.due_at, held.due_at, "limits run from submission");
    let counted = counted + 5 + 3;
    assert_eq!(published(&server).await, [counted, counted, 0]);
    assert_eq!(server.store.recount().await.unwrap(), []);
    let page = lead.get("/console/quarantine").await.text().await.unwrap();
    assert!(page.contains("没有待甄别的"), "{page}");
}

#[apply(on_both)]
async fn a_dismissed_burst_is_never_counted_and_is_erased_in_the_end(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    server.add_staff("lead", "branch-lead", &["residential"]).await;
    let mut senders = burst(&server, REPORTS + 3).await;
    let mut lead = server.logged_in("lead").await;
    let form = first_form(&mut lead).await;
    // What came after the page was shown waits on.
    let late = burst(&server, 1).await.remove(0).1;
    let mut fields: Vec<_> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    fields.push(("decision", "dismiss"));
    lead.post("/console/quarantine", &fields).await;
    assert_eq!(report(&server, &late).await.state, State::Quarantined);
    let (sender, code) = senders.last_mut().unwrap();
    assert_eq!(report(&server, code).await.state, State::Dismissed);
    let page = sender.get(&format!("/reports/{code}")).await.text().await.unwrap();
    assert!(html::text(&page, ".notice").contains("没有受理。如果您确实"), "{page}");
    // Who takes theirs back is not in the lists of grid workers either.
    let (sender, code) = &mut senders[REPORTS + 1];
    let withdrawn = sender.post(&format!("/reports/{code}/withdraw"), &[]).await;
    assert_eq!(withdrawn.status(), StatusCode::CONFLICT, "as of any report that was not accepted");
    let counted = REPORTS as u64;
    assert_eq!(published(&server).await, [counted, counted, 0]);
    for page in ["/progress", "/reports"] {
        let page = server.visitor().get(page).await.text().await.unwrap();
        assert!(!page.contains("剔除") && !page.contains("甄别"), "{page}");
    }

    // One of them was honest, and is admitted after all.
    let (_, honest) = &senders[REPORTS];
    let version = report(&server, honest).await.version.to_string();
    let admit = format!("/console/reports/{honest}/admit");
    server.database.execute("UPDATE reports SET closed_at = 1 WHERE state = 'dismissed'").await;
    let admitted = lead.post(&admit, &[("version", &version)]).await;
    assert_eq!(admitted.status(), StatusCode::SEE_OTHER);
    assert_eq!(report(&server, honest).await.state, State::Submitted);
    let counted = counted + 1;
    assert_eq!(published(&server).await, [counted, counted, 0]);

    let (_, code) = senders.last().unwrap();
    let recent = "UPDATE reports SET closed_at = submitted_at WHERE state = 'dismissed'";
    server.database.execute(recent).await;
    server.service.erase_dismissed().await.unwrap();
    assert!(!report(&server, code).await.description.is_empty(), "it is kept for thirty days");
    server.database.execute("UPDATE reports SET closed_at = 1 WHERE state = 'dismissed'").await;
    server.service.erase_dismissed().await.unwrap();
    let erased = report(&server, code).await;
    assert!(erased.description.is_empty() && erased.place.is_empty() && erased.visitor.is_none());
    assert_eq!(erased.quarantine.as_deref(), Some(""), "the network is forgotten");
    let version = erased.version.to_string();
    let empty =
        lead.post(&format!("/console/reports/{code}/admit"), &[("version", &version)]).await;
    assert_eq!(empty.status(), StatusCode::CONFLICT, "there is nothing to admit");
    assert!(!report(&server, honest).await.description.is_empty());
    assert_eq!(server.store.recount().await.unwrap(), []);
}

#[apply(on_both)]
async fn a_burst_that_is_taken_back_stays_out_of_the_workers_lists(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    let (mut sender, code) = burst(&server, REPORTS + 1).await.pop().unwrap();
    sender.post(&format!("/reports/{code}/withdraw"), &[]).await;
    let gone = report(&server, &code).await;
    assert_eq!((gone.state, gone.quarantine.as_deref()), (State::Withdrawn, Some("")));
    let mut worker = server.logged_in("worker").await;
    let page = worker.get("/console?state=all&sort=new").await.text().await.unwrap();
    assert!(!page.contains(code.as_str()), "{page}");
    assert_eq!(server.store.recount().await.unwrap(), []);
}

#[apply(on_both)]
async fn what_nobody_decides_about_is_escalated_and_then_admitted(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    let (_, code) = burst(&server, REPORTS + 1).await.pop().unwrap();
    let held = report(&server, &code).await;
    let term =
        server.service.calendar().minutes_between(held.submitted_at, held.escalate_at.unwrap());
    assert!((239..=240).contains(&term), "{term} working minutes");
    server.service.escalate_overdue().await.unwrap();
    assert_eq!(report(&server, &code).await.version, held.version, "it is not time");
    for expected in [State::Quarantined, State::Submitted] {
        change_report(&server.store, &code, |report| report.escalate_at = Some(1)).await;
        server.service.escalate_overdue().await.unwrap();
        let now = report(&server, &code).await;
        assert_eq!(now.state, expected);
        assert_eq!(now.level, if expected == State::Quarantined { 2 } else { 0 });
    }
    assert_eq!(report(&server, &code).await.due_at, held.due_at);
    let counted = REPORTS as u64 + 1;
    assert_eq!(published(&server).await, [counted, counted, 0]);
    assert_eq!(server.store.recount().await.unwrap(), []);
}

#[apply(on_both)]
async fn a_burst_of_supports_is_counted_once_somebody_decided(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    server.add_staff("manager", "manager", &[]).await;
    let code = server.known_visitor().await.report("grid-01", &[]).await;
    let accepted = "UPDATE reports SET state = 'accepted', accepted_at = 1, summary = '测试'";
    server.database.execute(accepted).await;
    let support = format!("/reports/{code}/support");
    let code = Code::parse(&code).unwrap();
    let more = async |n: usize| {
        for _ in 0..n {
            let answer = neighbour(&server).await.post(&support, &[]).await;
            assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        }
        report(&server, &code).await.supporters
    };
    let counted = SUPPORTS as u64;
    assert_eq!(more(SUPPORTS + 3).await, counted);
    // Whose support waits, sees it counted.
    let mut waiting = neighbour(&server).await;
    waiting.post(&support, &[]).await;
    for (visitor, seen) in [(&mut waiting, counted + 1), (&mut server.visitor(), counted)] {
        let page = visitor.get(&format!("/reports/{code}")).await.text().await.unwrap();
        assert!(page.contains(&format!("<dd>{seen}人</dd>")), "{seen} in {page}");
    }
    let mut manager = server.logged_in("manager").await;
    let page = manager.get("/console").await.text().await.unwrap();
    assert!(page.contains("/console/quarantine"), "{page}");
    assert_eq!(decide(&mut manager, "admit").await, StatusCode::SEE_OTHER);
    assert_eq!(report(&server, &code).await.supporters, counted + 4);
    assert_eq!(more(3).await, counted + 4);
    let mut dismissed = neighbour(&server).await;
    dismissed.post(&support, &[]).await;
    assert_eq!(decide(&mut manager, "dismiss").await, StatusCode::SEE_OTHER);
    // Their visitors see nothing of it, and cannot send them again.
    dismissed.address = "198.51.100.8".into();
    assert_eq!(dismissed.post(&support, &[]).await.status(), StatusCode::SEE_OTHER);
    assert!(dismissed.get("/me").await.text().await.unwrap().contains(code.as_str()));
    assert_eq!(more(2).await, counted + 4);
    server.service.admit_waiting_supports().await.unwrap();
    assert_eq!(report(&server, &code).await.supporters, counted + 4, "it is not time");
    server.database.execute("UPDATE supports SET at = 1").await;
    server.service.admit_waiting_supports().await.unwrap();
    assert_eq!(report(&server, &code).await.supporters, counted + 6);
    let rows = "SELECT COUNT(*) FROM supports WHERE quarantine IS NULL";
    assert_eq!(server.database.number(rows).await, SUPPORTS as i64 + 6);
    let noted = "SELECT COUNT(*) FROM audit WHERE action IN ('admit supports', 'dismiss supports')";
    assert_eq!(server.database.number(noted).await, 2);
}

//! What people type: kept, refused with a reason, found again.

use domain::report::Code;
use reqwest::StatusCode;
use rstest_reuse::apply;

use crate::{
    report::{ACCEPT, act},
    support::{
        database::{Database, Kind, on_both},
        html,
        server::{Server, Visitor, report_fields},
    },
};

const SIGNATURE: [(&str, &str); 4] =
    [("grid", ""), ("pledges", "home"), ("message", ""), ("consent", "on")];

/// Signs with a name and a message; the status, and the page that comes back.
async fn sign(server: &Server, name: &str, message: &str) -> (Visitor, StatusCode, String) {
    let mut visitor = server.known_visitor().await;
    let mut fields = SIGNATURE.to_vec();
    fields.retain(|(field, _)| *field != "message");
    fields.extend([("name", name), ("message", message)]);
    let answer = visitor.post("/sign", &fields).await;
    let status = answer.status();
    let text = answer.text().await.unwrap();
    (visitor, status, text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_comes_along_with_pasted_text_is_not_kept() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    let family = "👨\u{200D}👩\u{200D}👧";
    for (name, message, kept) in [
        ("\u{FEFF}王测试", "", "王测试"),
        ("王\u{AD}测\u{200B}试", "", "王测试"),
        ("\u{202A}王测试\u{202C}\u{200E}", "", "王测试"),
        ("王\t测试", "", "王 测试"),
        ("می\u{200C}خواهم", "", "می\u{200C}خواهم"),
        (&"王".repeat(40), "", &"王".repeat(40)),
        ("王测试", &family.repeat(60), &family.repeat(60)),
    ] {
        let (mut visitor, status, page) = sign(&server, name, message).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{name:?}: {page}");
        let own = visitor.get("/me/data").await.text().await.unwrap();
        assert!(own.contains(kept), "{name:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refusal_says_what_is_wrong_and_by_how_much() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    for (name, message, said) in [
        ("王\u{7}测试", "", "控制字符"),
        (&"王".repeat(43), "", "最多40个字，现在有43个，请删去3个"),
        ("=王测试", "", "不能以 = + - @ 开头"),
        ("王v2.cn", "", "不能有网址"),
        ("王测试", &"好".repeat(65), "最多60个字，现在有65个，请删去5个"),
        ("王测试", "看 http://a.cn", "不能有网址"),
        ("王测试", "看 a.cn/b", "不能有网址"),
    ] {
        let (_, status, page) = sign(&server, name, message).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{name} {message}");
        assert!(page.contains(said), "{name} {message}: {page}");
    }
    assert_eq!(server.store.counts().signatures, 0);
    let mut visitor = server.known_visitor().await;
    for (field, typed, said) in [
        ("description", "请看 www.test.cn", "不能有网址"),
        ("place", "http://a.cn", "不能有网址"),
        ("contact_name", "@王测试", "不能以 = + - @ 开头"),
        ("contact_phone", "没有", "请填写电话号码"),
        ("contact_phone", "1234", "有4位数字"),
    ] {
        let mut fields = report_fields("grid-01").to_vec();
        fields.retain(|(name, _)| *name != field);
        fields.push((field, typed));
        let sent = visitor.multipart("/report", &fields, &[]);
        let answer = visitor.send(sent).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{field} {typed}");
        let page = answer.text().await.unwrap();
        assert!(page.contains(said), "{field} {typed}: {page}");
    }
    assert_eq!(server.store.counts().reports.received, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_may_be_a_link_is_marked_for_staff() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    server.add_staff("manager", "manager", &[]).await;
    let mut manager = server.logged_in("manager").await;
    let (_, status, _) = sign(&server, "王测试", "我们用 A.app 报修").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let page = manager.get("/console/messages").await.text().await.unwrap();
    assert!(html::texts(&page, ".wall__item .badge").contains(&"可能有网址".to_owned()), "{page}");
    for (description, marked) in [("楼道里贴着 v2.cn", true), ("楼道里贴着广告", false)]
    {
        let code = filed(&server, &[("description", description)]).await;
        let page = manager.get(&format!("/console/reports/{code}")).await.text().await.unwrap();
        assert_eq!(page.contains("可能有网址"), marked, "{description}");
    }
}

/// Files a report with some other fields, as a visitor of its own.
async fn filed(server: &Server, changed: &[(&str, &str)]) -> String {
    let mut visitor = server.known_visitor().await;
    let mut fields = report_fields("grid-01").to_vec();
    fields.retain(|(name, _)| !changed.iter().any(|(other, _)| name == other));
    fields.extend(changed);
    let sent = visitor.multipart("/report", &fields, &[]);
    let answer = visitor.send(sent).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{changed:?}");
    crate::support::server::location(&answer).trim_start_matches("/reports/").to_owned()
}

async fn found(staff: &mut Visitor, q: &str) -> Vec<String> {
    let query = crate::support::server::urlencoded(&[("q", q)]);
    let page = staff.get(&format!("/console?{query}")).await.text().await.unwrap();
    let links = html::attributes(&page, "#queue a[href^='/console/reports/']", "href");
    let code = |href: String| href["/console/reports/".len()..][..22].to_owned();
    let mut codes: Vec<String> = links.into_iter().map(code).collect();
    codes.dedup();
    codes
}

#[apply(on_both)]
async fn reports_are_found_by_numbers_however_they_are_typed(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    server.add_staff("other", "grid-worker", &["grid-02"]).await;
    let mut worker = server.logged_in("worker").await;
    let mut other = server.logged_in("other").await;
    let phones = "０２１－６０００ ００００转801（王阿姨）、138.0000.0000";
    let one = filed(&server, &[("contact_phone", phones), ("place", "１００弄　３号楼")]).await;
    let two = filed(&server, &[("contact_phone", "13900000000")]).await;
    let by_worker: [(&str, &str); 4] =
        [("source", "12345"), ("number", "沪〔2026〕0123号"), ("version", "0"), ("held", "")];
    let mut fields = report_fields("grid-01").to_vec();
    fields.extend(by_worker);
    let sent = worker.multipart("/console/new", &fields, &[]);
    assert_eq!(worker.send(sent).await.status(), StatusCode::SEE_OTHER);
    let mut fields = report_fields("grid-01").to_vec();
    fields.extend([("source", "12345"), ("number", "20261130-12341")]);
    let entered = worker.send(worker.multipart("/console/new", &fields, &[])).await;
    let dated = crate::support::server::location(&entered);
    let dated = dated.trim_start_matches("/console/reports/").to_owned();
    let report = server.store.report(&Code::parse(&one).unwrap()).await.unwrap().unwrap();
    assert_eq!(report.contact_phone.as_deref(), Some("02160000000转801（王阿姨）、13800000000"));
    let number = report.number().to_string();
    let wide: String = number.replace('-', "－").chars().map(wide).collect();
    let serial = report.serial.to_string();
    for q in [
        number.as_str(),
        &wide,
        &format!("办件编号：{number}"),
        "13800000000",
        "+86 138-0000-0000",
        "021 60000000",
        "60000000",
        "100弄",
        "3号楼 １００弄",
    ] {
        assert_eq!(found(&mut worker, q).await, [one.as_str()], "{q}");
        assert!(found(&mut other, q).await.is_empty(), "{q} is not theirs");
    }
    for q in [format!("#{serial}"), serial] {
        let found = found(&mut worker, &q).await;
        assert_eq!(found.first(), Some(&one), "{q} may be a word as well: {found:?}");
    }
    assert_eq!(found(&mut worker, "13900000000").await, [two.as_str()]);
    assert_eq!(found(&mut worker, "沪(2026)0123号").await.len(), 1);

    // Whose telephone it is was looked up ten times, and that is noted.
    let noted = "SELECT COUNT(*) FROM audit WHERE action = 'contact-search'";
    assert!(server.database.number(noted).await >= 4);
    assert_eq!(
        found(&mut worker, "20261130-12341").await,
        [dated.as_str()],
        "looks like a case number"
    );

    // A closed one, too, from the list of those that are open.
    for (action, fields) in [
        ("accept", &ACCEPT[..]),
        ("refer", &[("version", "2"), ("to", "城管"), ("number", "CG-7788")]),
    ] {
        assert_eq!(act(&mut worker, &two, action, fields).await, StatusCode::SEE_OTHER, "{action}");
    }
    for q in ["13900000000", "cg7788"] {
        assert_eq!(found(&mut worker, q).await, [two.as_str()], "{q}");
    }

    // Nothing that is on the disk tells the number.
    let bytes = server.database.all_bytes().await;
    for digits in ["13800000000", "60000000", "13900000000"] {
        assert!(!bytes.windows(digits.len()).any(|part| part == digits.as_bytes()), "{digits}");
    }
    // Those of before are hashed in the background, and what is erased is found no more.
    let hashes = "SELECT COUNT(*) FROM report_numbers";
    let made = server.database.number(hashes).await;
    assert!(made >= 6, "{made}");
    server.database.execute("DELETE FROM report_numbers").await;
    server.database.execute("UPDATE ledger SET numbers_below = last_report + 1").await;
    server.service.make_numbers().await.unwrap();
    assert_eq!(server.database.number(hashes).await, made);
    assert_eq!(server.database.number("SELECT numbers_below FROM ledger").await, 0);
}

const fn wide(c: char) -> char {
    match c {
        '0'..='9' => match char::from_u32(c as u32 + 0xFEE0) {
            Some(wide) => wide,
            None => c,
        },
        other => other,
    }
}

#[apply(on_both)]
async fn what_is_withdrawn_or_erased_is_found_by_no_number(#[case] kind: Kind) {
    let server = Server::start(Database::new(kind).await).await;
    let mut visitor = server.known_visitor().await;
    let mut codes = Vec::new();
    for phone in ["13800000000", "13900000000"] {
        let mut fields = report_fields("grid-01").to_vec();
        fields.push(("contact_phone", phone));
        let sent = visitor.multipart("/report", &fields, &[]);
        let answer = visitor.send(sent).await;
        codes.push(crate::support::server::location(&answer).to_owned());
    }
    let hashes = "SELECT COUNT(*) FROM report_numbers";
    assert_eq!(server.database.number(hashes).await, 2);
    visitor.post(&format!("{}/withdraw", codes[0]), &[]).await;
    assert_eq!(server.database.number(hashes).await, 1);
    let phrase = [("confirm", "on")];
    visitor.post("/me/erase", &phrase).await;
    server.service.continue_erasures().await.unwrap();
    assert_eq!(server.database.number(hashes).await, 0);
}

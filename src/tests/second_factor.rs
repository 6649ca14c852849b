//! The second factor of staff: who must have one, where it is asked for, and how it is lost.

use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::StatusCode;
use rstest_reuse::apply;
use totp_rs::{Builder, Secret};

use crate::support::{
    database::{Database, Kind, on_both},
    html,
    process::{Process, add_manager, program, run},
    server::{Visitor, location},
};

struct Office {
    server: Process,
    database: Database,
    password: String,
}

impl Office {
    async fn new(kind: Kind) -> Self {
        let database = Database::new(kind).await;
        let password = add_manager(&database.url, database.folder.path());
        let mut serve = program(&database.url, database.folder.path());
        serve.arg("serve").env("CHUANGQUAN_TRUSTED_PROXIES", "127.0.0.1");
        Self { server: Process::serve(serve), database, password }
    }

    /// A browser that was never used here.
    async fn browser(&self) -> Visitor {
        let mut browser = Visitor::new(&self.server.url);
        browser.get("/").await;
        browser
    }

    /// Gives the right password; returns where that leads.
    async fn log_in(&self, browser: &mut Visitor) -> String {
        self.log_in_as(browser, "manager", &self.password).await
    }

    async fn log_in_as(&self, browser: &mut Visitor, login: &str, password: &str) -> String {
        let answer =
            browser.post("/console/login", &[("login", login), ("password", password)]).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        location(&answer).to_owned()
    }

    /// Sets a second factor up; returns its secret and the one-time codes.
    async fn set_up(&self, browser: &mut Visitor) -> (String, Vec<String>) {
        let secret = offered(browser).await;
        let code = code_of(&secret);
        let made = browser.post("/console/account/factor/enrol", &[("code", &code)]).await;
        assert_eq!(made.status(), StatusCode::OK);
        assert_eq!(made.headers()["cache-control"], "no-store");
        let codes = html::texts(&made.text().await.unwrap(), ".one-time-codes code");
        assert_eq!(codes.len(), 10);
        (secret, codes)
    }

    /// Lets a code be given again within its half minute.
    async fn pass_half_a_minute(&self) {
        self.database.execute("UPDATE second_factors SET last_step = 0").await;
    }

    /// Passes the three days in which a new manager may do without.
    async fn pass_three_days(&self) {
        self.database.execute("UPDATE staff SET created_at = created_at - 3 * 86400000").await;
    }
}

/// The secret that a browser is to put on the phone.
async fn offered(browser: &mut Visitor) -> String {
    let page = browser.get("/console/account/factor").await.text().await.unwrap();
    html::text(&page, "#factor-secret").replace(' ', "")
}

/// What the app on the phone shows.
fn code_of(secret: &str) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret).with_account_name("x").build().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    totp.generate(now.as_secs()).to_string()
}

async fn give(browser: &mut Visitor, path: &str, code: &str) -> (StatusCode, String) {
    let answer = browser.post(path, &[("code", code)]).await;
    (answer.status(), answer.headers().get("location").map_or("", |to| to.to_str().unwrap()).into())
}

const SEE_OTHER: StatusCode = StatusCode::SEE_OTHER;
const UNPROCESSABLE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
const CODE: &str = "/console/login/code";

/// What nobody may reach whose login is not finished.
const INSIDE: [&str; 6] = [
    "/console",
    "/console/staff",
    "/console/signatures",
    "/console/account",
    "/console/export/reports.csv",
    "/console/confirm",
];

#[apply(on_both)]
async fn a_manager_without_one_reaches_only_its_set_up(#[case] kind: Kind) {
    let office = Office::new(kind).await;
    let mut manager = office.browser().await;
    assert_eq!(office.log_in(&mut manager).await, "/console");
    let page = manager.get("/console").await.text().await.unwrap();
    assert!(page.contains("设置动态码"), "they are told by when");

    office.pass_three_days().await;
    let mut manager = office.browser().await;
    let to = office.log_in(&mut manager).await;
    assert!(to.starts_with("/console/account/factor"), "{to}");
    for inside in INSIDE {
        let answer = manager.get(inside).await;
        assert_eq!((answer.status(), location(&answer)), (SEE_OTHER, "/console/account/factor"));
    }
    let adding = manager.post("/console/staff", &[("login", "other")]).await;
    assert_eq!(location(&adding), "/console/account/factor");
    let (status, _) = give(&mut manager, "/console/account/factor/enrol", "000000").await;
    assert_eq!(status, UNPROCESSABLE);
    office.set_up(&mut manager).await;
    for inside in INSIDE {
        assert_eq!(manager.get(inside).await.status(), StatusCode::OK, "{inside}");
    }
}

#[apply(on_both)]
async fn a_new_device_is_asked_and_a_known_one_is_not(#[case] kind: Kind) {
    let office = Office::new(kind).await;
    let mut first = office.browser().await;
    office.log_in(&mut first).await;
    let (secret, _) = office.set_up(&mut first).await;

    let mut other = office.browser().await;
    assert!(office.log_in(&mut other).await.starts_with(CODE));
    for inside in INSIDE {
        let answer = other.get(inside).await;
        assert_eq!((answer.status(), location(&answer)), (SEE_OTHER, CODE), "{inside}");
    }
    for wrong in ["", "000000", "12345", "<script>"] {
        let answer = other.post(CODE, &[("code", wrong)]).await;
        assert_eq!(answer.status(), UNPROCESSABLE, "{wrong}");
        assert!(answer.text().await.unwrap().contains("id=\"error-code\""));
    }
    // As if the code of now had been given.
    office.database.execute("UPDATE second_factors SET last_step = 9000000000").await;
    let given = code_of(&secret);
    assert_eq!(give(&mut other, CODE, &given).await.0, UNPROCESSABLE, "used already");
    office.pass_half_a_minute().await;
    let given = code_of(&secret);
    let answer = other.post(CODE, &[("code", &given), ("next", "/console/duty")]).await;
    assert_eq!((answer.status(), location(&answer)), (SEE_OTHER, "/console/duty"));
    assert_eq!(other.get("/console").await.status(), StatusCode::OK);
    // From now on this device is known, until the password changes.
    assert_eq!(office.log_in(&mut other).await, "/console");
    let (old, new) = (office.password.as_str(), "eine ganz andere Reihe von Wörtern");
    let changed = other.post("/console/account", &[("old", old), ("new", new)]).await;
    assert_eq!(changed.status(), SEE_OTHER);
    assert!(office.log_in_as(&mut other, "manager", new).await.starts_with(CODE));
}

#[apply(on_both)]
async fn ten_codes_are_good_once_each(#[case] kind: Kind) {
    let office = Office::new(kind).await;
    let mut manager = office.browser().await;
    office.log_in(&mut manager).await;
    let (_, codes) = office.set_up(&mut manager).await;
    let mut other = office.browser().await;
    office.log_in(&mut other).await;
    let (status, to) = give(&mut other, CODE, &codes[0].replace('-', " ")).await;
    assert_eq!((status, to.as_str()), (SEE_OTHER, "/console"));
    let mut again = office.browser().await;
    office.log_in(&mut again).await;
    assert_eq!(give(&mut again, CODE, &codes[0]).await.0, UNPROCESSABLE);
    // Two browsers with the same code at the same time: one has it.
    let mut race = Vec::new();
    for _ in 0..4 {
        let mut browser = office.browser().await;
        office.log_in(&mut browser).await;
        let code = codes[1].clone();
        race.push(tokio::spawn(async move { give(&mut browser, CODE, &code).await.0 }));
    }
    let mut taken = 0;
    for racer in race {
        taken += usize::from(racer.await.unwrap() == SEE_OTHER);
    }
    assert_eq!(taken, 1);
    let page = manager.get("/console/account/factor").await.text().await.unwrap();
    assert_eq!(html::text(&page, ".codes-left"), "还有8个备用码。重新生成后，旧的作废。");
    let made = manager.post("/console/account/factor/codes", &[]).await;
    assert_eq!(html::texts(&made.text().await.unwrap(), ".one-time-codes code").len(), 10);
    assert_eq!(give(&mut again, CODE, &codes[2]).await.0, UNPROCESSABLE, "the old ones are void");
    let used = "SELECT COUNT(*) FROM audit WHERE action = 'factor code used'";
    assert_eq!(office.database.number(used).await, 2);
}

#[apply(on_both)]
async fn codes_cannot_be_guessed(#[case] kind: Kind) {
    let office = Office::new(kind).await;
    let mut manager = office.browser().await;
    office.log_in(&mut manager).await;
    office.set_up(&mut manager).await;
    let mut refused = 0;
    for n in 0..12 {
        let mut guesser = office.browser().await;
        office.log_in(&mut guesser).await;
        let answer = guesser.post(CODE, &[("code", &format!("{n:06}"))]).await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            assert!(answer.headers().contains_key("retry-after"));
            refused += 1;
        }
    }
    assert_eq!(refused, 2, "ten in a quarter of an hour, over all networks");
    assert_eq!(office.log_in(&mut manager).await, "/console", "a known device is asked for none");
    let noted = "SELECT COUNT(*) FROM audit WHERE action = 'factor refused'";
    assert_eq!(office.database.number(noted).await, 10);
}

#[apply(on_both)]
async fn deeds_that_cannot_be_undone_ask_again_after_ten_minutes(#[case] kind: Kind) {
    const PERSONAL: &str = "/console/export/reports.csv?personal=1";
    let office = Office::new(kind).await;
    let mut manager = office.browser().await;
    office.log_in(&mut manager).await;
    let (secret, _) = office.set_up(&mut manager).await;
    let add = [
        ("login", "other"),
        ("name", "李测试"),
        ("role", "manager"),
        ("password", "vier ganz verschiedene Wörter"),
    ];
    assert_eq!(manager.get(PERSONAL).await.status(), StatusCode::OK, "just proven");
    assert_eq!(manager.post("/console/staff", &add).await.status(), SEE_OTHER);

    office.database.execute("UPDATE sessions SET proven_at = proven_at - 10 * 60000").await;
    let asked = manager.get(PERSONAL).await;
    let to = location(&asked).to_owned();
    assert!(asked.status() == SEE_OTHER && to.starts_with("/console/confirm?next="), "{to}");
    assert_eq!(manager.get("/console/export/reports.csv").await.status(), StatusCode::OK);
    let third = [&[("login", "third"), ("name", "赵测试")], &add[2..]].concat();
    let answer = manager.post("/console/staff", &third).await;
    assert_eq!(answer.status(), UNPROCESSABLE);
    let page = answer.text().await.unwrap();
    assert!(
        page.contains("请先输入动态码") && page.contains("value=\"third\""),
        "what was typed is kept"
    );
    for deed in ["active", "password", "second-factor"] {
        let path = format!("/console/staff/other/{deed}");
        assert_eq!(
            manager.post(&path, &[("active", "off")]).await.status(),
            UNPROCESSABLE,
            "{deed}"
        );
    }
    office.pass_half_a_minute().await;
    let code = code_of(&secret);
    let given = [("code", code.as_str()), ("next", "/console/staff")];
    assert_eq!(location(&manager.post("/console/confirm", &given).await), "/console/staff");
    assert_eq!(manager.post("/console/staff", &third).await.status(), SEE_OTHER);
    assert_eq!(manager.get(PERSONAL).await.status(), StatusCode::OK, "for ten minutes no more");

    office.database.execute("UPDATE sessions SET proven_at = proven_at - 10 * 60000").await;
    office.pass_half_a_minute().await;
    let code = code_of(&secret);
    let confirmed = manager.post("/console/confirm", &[("code", &code), ("next", PERSONAL)]).await;
    assert_eq!(location(&confirmed), PERSONAL);
    assert_eq!(manager.get(PERSONAL).await.status(), StatusCode::OK);
}

/// Who tells a story about a lost phone must not set up their own by an old password.
#[apply(on_both)]
async fn a_reset_ends_sessions_and_the_old_password(#[case] kind: Kind) {
    let office = Office::new(kind).await;
    let mut manager = office.browser().await;
    office.log_in(&mut manager).await;
    office.set_up(&mut manager).await;
    let reset = || {
        let mut command = program(&office.database.url, office.database.folder.path());
        run(command.args(["staff", "reset-second-factor", "manager"]))
    };
    let (code, said) = reset();
    assert_eq!(code, Some(0), "{said}");
    let password = said.split("password: ").nth(1).unwrap().trim();
    assert_eq!(manager.get("/console").await.status(), SEE_OTHER, "the session ended");
    let old = [("login", "manager"), ("password", office.password.as_str())];
    assert_eq!(manager.post("/console/login", &old).await.status(), UNPROCESSABLE);
    assert_eq!(office.log_in_as(&mut manager, "manager", password).await, "/console");

    // A manager does so for another one.
    let add = [
        ("login", "other"),
        ("name", "李测试"),
        ("role", "manager"),
        ("password", "vier ganz verschiedene Wörter"),
    ];
    assert_eq!(manager.post("/console/staff", &add).await.status(), SEE_OTHER);
    let mut other = office.browser().await;
    office.log_in_as(&mut other, "other", add[3].1).await;
    office.set_up(&mut other).await;
    // A password alone takes nobody's second factor away.
    for deed in ["second-factor", "password", "active"] {
        let path = format!("/console/staff/other/{deed}");
        let refused = manager.post(&path, &[("active", "off")]).await;
        assert_eq!(refused.status(), UNPROCESSABLE, "{deed}");
    }
    office.set_up(&mut manager).await;
    let made = manager.post("/console/staff/other/second-factor", &[]).await;
    assert_eq!(made.status(), StatusCode::OK);
    let made = html::text(&made.text().await.unwrap(), ".notice code");
    assert_eq!(other.get("/console").await.status(), SEE_OTHER);
    assert_eq!(office.log_in_as(&mut other, "other", &made).await, "/console");
    let noted = "SELECT COUNT(*) FROM audit WHERE action = 'staff reset-second-factor'";
    assert_eq!(office.database.number(noted).await, 2);
    // Managers cannot do without.
    let removed = other.post("/console/account/factor/remove", &[]).await;
    assert_eq!(removed.status(), StatusCode::FORBIDDEN);
}

#[apply(on_both)]
async fn a_half_finished_login_is_nobody(#[case] kind: Kind) {
    let office = Office::new(kind).await;
    let mut manager = office.browser().await;
    office.log_in(&mut manager).await;
    let code = manager.report("grid-01", &[super::access::photo()]).await;
    let page = manager.get(&format!("/console/reports/{code}")).await.text().await.unwrap();
    let photo = html::photo_ids(&page).remove(0);
    office.set_up(&mut manager).await;
    let mut half = office.browser().await;
    office.log_in(&mut half).await;
    assert_eq!(half.get(&format!("/photos/{photo}")).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(half.post(&format!("/console/reports/{code}/hide"), &[]).await.status(), SEE_OTHER);
    // It ends by itself, and by logging out.
    office.database.execute("UPDATE sessions SET created_at = created_at - 16 * 60000").await;
    assert!(location(&half.get("/console").await).starts_with("/console/login?"));
    let mut half = office.browser().await;
    office.log_in(&mut half).await;
    assert_eq!(location(&half.post("/console/logout", &[]).await), "/console/login");
    assert!(location(&half.get("/console").await).starts_with("/console/login?"));
}

#[apply(on_both)]
async fn the_secret_is_sealed_and_survives_a_copy(#[case] kind: Kind) {
    let office = Office::new(kind).await;
    let mut manager = office.browser().await;
    office.log_in(&mut manager).await;
    let (secret, codes) = office.set_up(&mut manager).await;
    let stored = String::from_utf8_lossy(&office.database.all_bytes().await).into_owned();
    assert!(!stored.contains(&secret), "the secret is sealed");
    assert!(codes.iter().all(|code| !stored.contains(&code.replace('-', ""))));

    let copy = office.database.folder.path().join("copy");
    let mut backup = program(&office.database.url, office.database.folder.path());
    let (code, said) = run(backup.arg("backup").arg(&copy));
    assert_eq!(code, Some(0), "{said}");
    let new = Database::new(kind).await;
    let mut restore = program(&new.url, new.folder.path());
    restore.env("CHUANGQUAN_SECRET_FILE", office.database.folder.path().join("secret"));
    let (code, said) = run(restore.arg("restore").arg(&copy));
    assert_eq!(code, Some(0), "{said}");
    let mut serve = program(&new.url, new.folder.path());
    serve.arg("serve").env("CHUANGQUAN_SECRET_FILE", office.database.folder.path().join("secret"));
    let restored =
        Office { server: Process::serve(serve), database: new, password: office.password.clone() };
    let mut manager = restored.browser().await;
    assert!(restored.log_in(&mut manager).await.starts_with(CODE));
    restored.pass_half_a_minute().await;
    let code = code_of(&secret);
    assert_eq!(give(&mut manager, CODE, &code).await.0, SEE_OTHER);
}

/// Whoever else is logged in by the same name has not seen the secret, and is logged out.
#[apply(on_both)]
async fn a_secret_is_offered_to_one_session_alone(#[case] kind: Kind) {
    let office = Office::new(kind).await;
    let [mut owner, mut thief] = [office.browser().await, office.browser().await];
    office.log_in(&mut owner).await;
    office.log_in(&mut thief).await;
    let seen = offered(&mut thief).await;
    let own = offered(&mut owner).await;
    assert_ne!(own, seen);
    assert_eq!(offered(&mut owner).await, own, "the same when the page is loaded again");
    let (status, _) = give(&mut thief, "/console/account/factor/enrol", &code_of(&seen)).await;
    assert_eq!(status, UNPROCESSABLE, "it is the other's now");
    office.set_up(&mut owner).await;
    assert!(location(&thief.get("/console").await).starts_with("/console/login?"));
    assert_eq!(owner.get("/console").await.status(), StatusCode::OK);
    // All devices are new after 退出所有设备.
    assert_eq!(office.log_in(&mut owner).await, "/console");
    owner.post("/console/logout", &[("everywhere", "on")]).await;
    assert!(office.log_in(&mut owner).await.starts_with(CODE));
}

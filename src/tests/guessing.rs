//! Guessing passwords: from many networks, and while the owner wants to log in.

use std::{
    fs::{self, File},
    io::Write,
    process::Stdio,
};

use reqwest::{Response, StatusCode, header::RETRY_AFTER};
use rstest_reuse::apply;
use service::staff::password::PasswordPermits;

use crate::support::{
    database::{Database, Kind, on_both},
    html,
    process::{Process, add_manager, program},
    server::{Server, Visitor, location},
    staff::PASSWORD,
};

/// Guesses at one login from one network.
const PER_NETWORK: usize = 50;
/// Guesses at one login from all networks on devices that it was never used on.
const EVERYWHERE: usize = 200;

struct Guarded {
    server: Process,
    database: Database,
    password: String,
}

impl Guarded {
    async fn start(kind: Kind) -> Self {
        let database = Database::new(kind).await;
        let folder = database.folder.path();
        let password = add_manager(&database.url, folder);
        let mut serve = program(&database.url, folder);
        serve
            .arg("serve")
            .env("CHUANGQUAN_TRUSTED_PROXIES", "127.0.0.1")
            .stderr(File::create(folder.join("log")).unwrap());
        Self { server: Process::serve(serve), database, password }
    }

    /// A browser with cookies, at an address.
    async fn browser(&self, address: &str) -> Visitor {
        let mut visitor = Visitor::new(&self.server.url);
        address.clone_into(&mut visitor.address);
        visitor.get("/").await;
        visitor
    }

    /// A browser on which the manager has logged in before.
    async fn device(&self) -> Visitor {
        let mut owner = self.browser("198.51.100.7").await;
        assert_eq!(log_in(&mut owner, "manager", &self.password).await.status(), 303);
        owner
    }
}

async fn log_in(visitor: &mut Visitor, login: &str, password: &str) -> Response {
    visitor.post("/console/login", &[("login", login), ("password", password)]).await
}

/// How many guesses are looked at, one from each address, until one is refused.
async fn guesses(guarded: &Guarded, addresses: impl Iterator<Item = String>) -> Option<usize> {
    let mut guesser = Visitor::new(&guarded.server.url);
    for (n, address) in addresses.enumerate() {
        guesser = guesser.new_visitor();
        guesser.address = address;
        let answer = log_in(&mut guesser, "manager", "a wrong password").await;
        match answer.status() {
            StatusCode::UNPROCESSABLE_ENTITY => {}
            StatusCode::TOO_MANY_REQUESTS => {
                assert!(answer.headers().contains_key(RETRY_AFTER));
                return Some(n);
            }
            status => panic!("{status}"),
        }
    }
    None
}

#[apply(on_both)]
async fn one_login_is_guarded_over_all_networks(#[case] kind: Kind) {
    let guarded = Guarded::start(kind).await;
    let mut owner = guarded.device().await;
    let networks = (0..EVERYWHERE + 10).map(|n| format!("2001:db8:{n:x}::1"));
    assert_eq!(guesses(&guarded, networks).await, Some(EVERYWHERE));
    // A device that knows the login is not locked out; one that does not has to wait.
    assert_eq!(log_in(&mut owner, "manager", &guarded.password).await.status(), 303);
    let mut new_device = guarded.browser("203.0.113.200").await;
    assert_eq!(log_in(&mut new_device, "manager", &guarded.password).await.status(), 429);
    assert_eq!(log_in(&mut new_device, "somebody", "a wrong password").await.status(), 422);
}

#[apply(on_both)]
async fn all_of_a_48_is_one_network(#[case] kind: Kind) {
    let guarded = Guarded::start(kind).await;
    let mut owner = guarded.device().await;
    let of_one_48 = (0..PER_NETWORK + 10).map(|n| format!("2001:db8:7:{n:x}::1"));
    assert_eq!(guesses(&guarded, of_one_48).await, Some(PER_NETWORK));
    assert_eq!(log_in(&mut owner, "manager", &guarded.password).await.status(), 303);
    let mut elsewhere = guarded.browser("2001:db8:8::1").await;
    assert_eq!(log_in(&mut elsewhere, "manager", &guarded.password).await.status(), 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_owner_does_not_wait_for_guessers() {
    let guarded = Guarded::start(Kind::Sqlite).await;
    let mut owner = guarded.device().await;
    let first = Visitor::new(&guarded.server.url);
    let guessers: Vec<_> = (0..600)
        .map(|n| {
            let mut guesser = first.new_visitor();
            guesser.address = format!("2001:db8:{n:x}::1");
            tokio::spawn(async move {
                let login = format!("nobody-{n}");
                log_in(&mut guesser, &login, "a wrong password").await
            })
        })
        .collect();
    for _ in 0..20 {
        assert_eq!(log_in(&mut owner, "manager", &guarded.password).await.status(), 303);
    }

    let mut refused = 0;
    for guesser in guessers {
        let answer = guesser.await.unwrap();
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            refused += 1;
            assert!(answer.headers().contains_key(RETRY_AFTER));
            let page = answer.text().await.unwrap();
            assert!(html::attribute(&page, "input[name=login]", "value").starts_with("nobody-"));
            assert!(page.contains("用过的设备不用等"));
        }
    }
    assert!(refused > 0, "strangers are told to come again");
    let log = fs::read_to_string(guarded.database.folder.path().join("log")).unwrap();
    assert!(!log.contains("ERROR"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_password_that_everyone_guesses_is_refused() {
    let weak = ["1234567890", "          ", "qwertyuiop", "Boss-2026-x", "PASSWORD123"];
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    server.add_staff("manager", "manager", &[]).await;
    server.add_staff("boss", "manager", &[]).await;
    let mut manager = server.logged_in("manager").await;
    let mut boss = server.logged_in("boss").await;
    for password in weak {
        let fields =
            [("login", "boss"), ("name", "王测试"), ("role", "manager"), ("password", password)];
        let page = manager.post("/console/staff", &fields).await.text().await.unwrap();
        assert!(page.contains("error-password"), "{password}: {page}");
        let fields = [("old", PASSWORD), ("new", password)];
        let page = boss.post("/console/account", &fields).await.text().await.unwrap();
        assert!(page.contains("error-new"), "{password}: {page}");
    }

    // By the command, too.
    let folder = server.database.folder.path();
    for password in weak {
        let mut add = program(&server.database.url, folder);
        add.args(["staff", "add", "boss", "--name", "王测试", "--role", "manager"]);
        let mut child = add
            .arg("--password-stdin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        assert_eq!(child.wait_with_output().unwrap().status.code(), Some(1), "{password}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_has_a_weak_password_from_before_is_told() {
    let server = Server::start(Database::new(Kind::Sqlite).await).await;
    server.add_staff("worker", "grid-worker", &["grid-01"]).await;
    let weak = PasswordPermits::default().hash("1234567890".into()).await.unwrap();
    server.database.execute(format!("UPDATE staff SET password = '{weak}'").leak()).await;
    let mut visitor = server.known_visitor().await;
    let answer = log_in(&mut visitor, "worker", "1234567890").await;
    assert_eq!(location(&answer), "/console/account?weak=1");
    let page = visitor.get("/console/account?weak=1").await.text().await.unwrap();
    assert!(page.contains("请现在更换"), "{page}");
}

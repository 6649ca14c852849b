//! Every acknowledged write is on disk: after SIGKILL, after SIGTERM, and as seen by strace.

use std::{
    net::TcpListener,
    os::fd::OwnedFd,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use reqwest::StatusCode;
use rstest_reuse::apply;
use tokio::sync::Semaphore;

use crate::support::{
    database::{Database, Kind, on_both},
    process::{Process, executable, program, run, set_environment},
    server::{Visitor, location},
};

/// Last answer that a visitor got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Acknowledged {
    Signed,
    Withdrawn,
    /// A request was sent and not answered: it may be stored or not.
    Nothing,
}

/// `n` visitors sign and a third of them withdraw, until the server is gone.
async fn crowd(url: &str, n: usize, answered: Arc<AtomicUsize>) -> Vec<(Visitor, Acknowledged)> {
    let first = Visitor::new(url);
    let semaphore = Arc::new(Semaphore::new(64));
    let people = (0..n).map(|i| {
        let (mut visitor, at_once, answered) =
            (first.new_visitor(), Arc::clone(&semaphore), Arc::clone(&answered));
        tokio::spawn(async move {
            let _permit = at_once.acquire().await.unwrap();
            let home = visitor.request(reqwest::Method::GET, "/");
            if visitor.try_send(home).await.is_err() {
                return None;
            }
            let request = visitor.form("/sign", &crate::support::server::VALID_SIGNATURE);
            let Ok(signed) = visitor.try_send(request).await else {
                return Some((visitor, Acknowledged::Nothing));
            };
            if signed.status() != StatusCode::SEE_OTHER {
                return Some((visitor, Acknowledged::Nothing));
            }
            answered.fetch_add(1, Ordering::Relaxed);
            if i % 3 != 0 {
                return Some((visitor, Acknowledged::Signed));
            }
            let request = visitor.form("/sign/withdraw", &[]);
            match visitor.try_send(request).await {
                Ok(response) if response.status() == StatusCode::SEE_OTHER => {
                    Some((visitor, Acknowledged::Withdrawn))
                }
                _ => Some((visitor, Acknowledged::Nothing)),
            }
        })
    });
    let mut told = Vec::new();
    for person in people.collect::<Vec<_>>() {
        told.extend(person.await.unwrap());
    }
    told
}

#[apply(on_both)]
async fn a_kill_loses_nothing_acknowledged(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    const PEOPLE: usize = 3000;
    let folder = database.folder.path();
    let serve = || {
        let mut command = program(&database.url, folder);
        // Rules off: so many signatures of one address would be held.
        command.arg("serve").env("CHUANGQUAN_LIMITS", "off");
        Process::serve(command)
    };
    let server = serve();
    let answered = Arc::new(AtomicUsize::new(0));
    let people = {
        let (url, answered) = (server.url.clone(), Arc::clone(&answered));
        tokio::spawn(async move { crowd(&url, PEOPLE, answered).await })
    };
    while answered.load(Ordering::Relaxed) < PEOPLE / 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.kill();
    let people = people.await.unwrap();
    let acknowledged = people.iter().filter(|(_, told)| *told != Acknowledged::Nothing).count();
    assert!((PEOPLE / 4..PEOPLE).contains(&acknowledged), "{acknowledged} were answered");

    let server = serve();
    for (mut visitor, told) in people {
        let mut again = Visitor::new(&server.url);
        again.cookies = std::mem::take(&mut visitor.cookies);
        let has_signature = location(&again.get("/signed").await) != "/sign";
        match told {
            Acknowledged::Signed => assert!(has_signature, "an acknowledged signature is gone"),
            Acknowledged::Withdrawn => {
                assert!(!has_signature, "an acknowledged withdrawal is gone")
            }
            Acknowledged::Nothing => {}
        }
    }
    server.terminate();
    assert!(server.ended_within(Duration::from_secs(5)).success());
    let doubled = "SELECT COUNT(*) FROM (SELECT visitor FROM signatures WHERE state = 'valid' \
                   GROUP BY visitor HAVING COUNT(*) > 1) AS doubled";
    assert_eq!(database.number(doubled).await, 0);
    let (code, said) = run(program(&database.url, folder).arg("recount"));
    assert_eq!(code, Some(0), "{said}");
}

#[apply(on_both)]
async fn sigterm_finishes_requests_in_flight(#[case] kind: Kind) {
    let database = Database::new(kind).await;
    let mut command = program(&database.url, database.folder.path());
    let server = Process::serve(std::mem::replace(command.arg("serve"), Command::new("true")));
    let answered = Arc::new(AtomicUsize::new(0));
    // An open stream must not delay the shutdown.
    let mut watcher = Visitor::new(&server.url);
    let mut live = watcher.get("/live").await;
    live.chunk().await.unwrap();
    let people = {
        let (url, answered) = (server.url.clone(), Arc::clone(&answered));
        tokio::spawn(async move { crowd(&url, 1500, answered).await })
    };
    while answered.load(Ordering::Relaxed) < 200 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.terminate();
    let status = server.ended_within(Duration::from_secs(5));
    assert_eq!(status.code(), Some(0));
    let people = people.await.unwrap();
    let signed = people.iter().filter(|(_, told)| *told != Acknowledged::Nothing).count();
    let stored = database.number("SELECT COUNT(*) FROM signatures").await;
    let unanswered = people.iter().filter(|(_, told)| *told == Acknowledged::Nothing).count();
    assert!(stored >= i64::try_from(signed).unwrap(), "{signed} were told, {stored} are stored");
    assert!(stored <= i64::try_from(signed + unanswered).unwrap());
    assert_eq!(run(program(&database.url, database.folder.path()).arg("recount")).0, Some(0));
}

/// All connections are taken and idle: the shutdown does not wait for them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn idle_connections_do_not_hold_it_up() {
    let database = Database::new(Kind::Sqlite).await;
    let mut command = program(&database.url, database.folder.path());
    command.arg("serve").env("CHUANGQUAN_MAX_CONNECTIONS", "1");
    let server = Process::serve(command);
    let address = server.url.trim_start_matches("http://").to_owned();
    let idle = tokio::net::TcpStream::connect(&address).await.unwrap();
    let waiting = tokio::net::TcpStream::connect(&address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.terminate();
    assert_eq!(server.ended_within(Duration::from_secs(5)).code(), Some(0));
    drop((idle, waiting));
}

/// A full disk refuses signatures and loses none; when there is space again, signing works without
/// a restart.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_disk_is_survived() {
    let database = Database::new(Kind::Sqlite).await;
    let folder = database.folder.path();
    database.store().await.close().await;
    // `ulimit`: files may grow to 128 KB; then writes fail as on a full disk.
    let script = "trap '' XFSZ; ulimit -S -f 128; exec \"$0\" serve";
    let mut command = Command::new("bash");
    command.args(["-c", script]).arg(executable()).current_dir(folder);
    set_environment(&mut command, &database.url, folder);
    let server = Process::serve(command);
    let first = Visitor::new(&server.url);
    let (mut signed, mut refused) = (0, 0);
    while refused < 3 {
        let mut visitor = first.new_visitor();
        visitor.get("/").await;
        match visitor.sign().await.status() {
            StatusCode::SEE_OTHER => signed += 1,
            StatusCode::SERVICE_UNAVAILABLE => refused += 1,
            other => panic!("{other}"),
        }
        assert!(signed < 20_000, "the disk does not fill");
    }
    let pid = server.pid().to_string();
    let space = Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited"]).status();
    assert!(space.unwrap().success());
    let mut visitor = first.new_visitor();
    visitor.get("/").await;
    assert_eq!(visitor.sign().await.status(), StatusCode::SEE_OTHER);
    server.terminate();
    assert!(server.ended_within(Duration::from_secs(5)).success());
    assert_eq!(database.number("SELECT COUNT(*) FROM signatures").await, signed + 1);
    assert_eq!(run(program(&database.url, folder).arg("recount")).0, Some(0));
}

/// With a listening socket from outside (systemd socket activation), requests wait during a restart
/// and none is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_inherited_socket_outlives_a_restart() {
    let database = Database::new(Kind::Sqlite).await;
    let folder = database.folder.path();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let start = || {
        let script = "exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" serve";
        let mut command = Command::new("bash");
        command.args(["-c", script]).arg(executable()).current_dir(folder);
        set_environment(&mut command, &database.url, folder);
        let held: OwnedFd = socket.try_clone().unwrap().into();
        command.stdin(Stdio::from(held));
        Process::serve(command)
    };
    let first = start();
    assert_eq!(first.url, url);
    let mut visitor = Visitor::new(&url);
    visitor.get("/").await;
    first.terminate();
    assert!(first.ended_within(Duration::from_secs(5)).success());
    // No process accepts now; the request waits in the backlog of the socket.
    let mut waiting = visitor.clone();
    let waiting = tokio::spawn(async move { waiting.sign().await.status() });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!waiting.is_finished());
    let second = start();
    assert_eq!(waiting.await.unwrap(), StatusCode::SEE_OTHER);
    second.kill();
}

/// Between writing a commit and answering, the WAL was synced.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_is_sent_after_fsync() {
    let database = Database::new(Kind::Sqlite).await;
    let folder = database.folder.path();
    let trace = folder.join("trace");
    let mut command = Command::new("strace");
    command
        .args([
            "-f",
            "-qq",
            "-y",
            "-s",
            "80",
            "-e",
            "trace=fdatasync,fsync,pwrite64,write,writev,sendto,sendmsg",
            "-o",
        ])
        .arg(&trace)
        .arg(executable())
        .arg("serve")
        .current_dir(folder);
    set_environment(&mut command, &database.url, folder);
    let server = Process::serve(command);
    let mut visitor = Visitor::new(&server.url);
    for _ in 0..5 {
        visitor.cookies.clear();
        visitor.get("/").await;
        assert_eq!(visitor.sign().await.status(), StatusCode::SEE_OTHER);
    }
    // strace passes the signal on to the server and ends with it.
    let children =
        std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", server.pid())).unwrap();
    let child = children.split_whitespace().next().unwrap();
    assert!(Command::new("kill").args(["-TERM", child]).status().unwrap().success());
    assert!(server.ended_within(Duration::from_secs(8)).success());

    let trace = std::fs::read_to_string(&trace).unwrap();
    let (mut synced, mut unsynced_commit, mut answers) = (false, false, 0);
    for line in trace.lines() {
        let wal = line.contains("chuangquan.db-wal");
        if wal && line.contains("pwrite64(") {
            (synced, unsynced_commit) = (false, true);
        } else if wal && (line.contains("fdatasync(") || line.contains("fsync(")) {
            (synced, unsynced_commit) = (true, false);
        } else if line.contains("HTTP/1.1 303") {
            answers += 1;
            assert!(synced && !unsynced_commit, "answer {answers} came before its sync:\n{trace}");
            synced = false;
        }
    }
    assert_eq!(answers, 5);
}

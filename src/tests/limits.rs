//! Resource limits, against the server process: idle, slow and greedy clients.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode, header};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::support::{
    database::{Database, Kind},
    process::{Process, program, run},
    server::{VALID_SIGNATURE, Visitor, location},
};

async fn serve(settings: &[(&str, &str)]) -> (Process, Database) {
    let database = Database::new(Kind::Sqlite).await;
    let mut serve = program(&database.url, database.folder.path());
    serve.arg("serve").envs(settings.iter().copied());
    (Process::serve(serve), database)
}

async fn connect(server: &Process) -> TcpStream {
    TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap()
}

/// Resident memory of a process, in bytes.
fn resident_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Unfinished request headers time out, also if bytes keep coming. Ten thousand silent connections
/// use little memory and are closed after the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn idle_connections_are_closed() {
    const IDLE: usize = 10_000;
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let (server, _database) = serve(&[]).await;
    let mut visitor = Visitor::new(&server.url);
    visitor.get("/").await;
    let before = resident_bytes(server.pid());
    let mut idle = Vec::with_capacity(IDLE);
    for _ in 0..IDLE {
        idle.push(connect(&server).await);
    }
    let mut trickling = connect(&server).await;
    let trickle = tokio::spawn(async move {
        let begun = Instant::now();
        trickling.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
        while trickling.write_all(b"a").await.is_ok() && begun.elapsed() < Duration::from_secs(60) {
            sleep(Duration::from_millis(200)).await;
        }
        begun.elapsed()
    });
    // Other clients are answered meanwhile.
    let asked = Instant::now();
    assert_eq!(location(&visitor.sign().await), "/signed");
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    let each = resident_bytes(server.pid()).saturating_sub(before) / IDLE as u64;
    assert!(each < 20_000, "{each} bytes for each idle connection");
    let mut byte = [0];
    for stream in &mut idle {
        let ended = timeout(Duration::from_secs(40), stream.read(&mut byte)).await;
        assert!(matches!(ended, Ok(Ok(0) | Err(_))), "the connection is closed: {ended:?}");
    }
    let took = trickle.await.unwrap();
    assert!(took < Duration::from_secs(40), "slow headers time out too: {took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn giant_heads_are_refused() {
    let (server, _database) = serve(&[]).await;
    let many: String = (0..200).map(|n| format!("X-{n}: a\r\n")).collect();
    let long = format!("X: {}\r\n", "a".repeat(100_000));
    let target = "a".repeat(70_000);
    for (target, headers) in [("", many.as_str()), ("", &long), (&target, "")] {
        let mut stream = connect(&server).await;
        let head = format!("GET /{target} HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
        stream.write_all(head.as_bytes()).await.ok();
        let mut answer = Vec::new();
        timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.unwrap().ok();
        let answer = String::from_utf8_lossy(&answer);
        let refused = ["", "HTTP/1.1 431", "HTTP/1.1 414", "HTTP/1.1 400"];
        assert!(refused.iter().any(|head| answer.starts_with(head)), "{answer}");
        assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    }
    assert_eq!(Visitor::new(&server.url).get("/").await.status(), StatusCode::OK);
}

/// Event streams cannot use all connections: other requests still get one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn streams_leave_room_for_others() {
    let (server, _database) = serve(&[("CHUANGQUAN_MAX_CONNECTIONS", "40")]).await;
    let mut streams = Vec::new();
    let mut anonymous = Visitor::new(&server.url);
    // One client network may use six sevenths of the streams.
    for _ in 0..28 {
        let stream = anonymous.send(anonymous.request(Method::GET, "/live")).await;
        assert_eq!(stream.status(), StatusCode::OK);
        streams.push(stream);
    }
    let over = anonymous.get("/live").await;
    assert_eq!(over.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(over.headers().contains_key(header::RETRY_AFTER));
    let mut visitor = Visitor::new(&server.url);
    assert_eq!(visitor.get("/").await.status(), StatusCode::OK);
    assert_eq!(location(&visitor.sign().await), "/signed");

    // Closed streams give their permits back; one visitor may have twelve.
    streams.clear();
    let mut last = StatusCode::OK;
    for n in 0..13 {
        // The server notices a closed stream after a moment.
        let mut tries = 0;
        let stream = loop {
            let stream = visitor.send(visitor.request(Method::GET, "/live")).await;
            tries += 1;
            if stream.status() != StatusCode::SERVICE_UNAVAILABLE || tries == 50 {
                break stream;
            }
            sleep(Duration::from_millis(100)).await;
        };
        last = stream.status();
        assert_eq!(last == StatusCode::OK, n < 12, "stream {n}: {last}");
        streams.push(stream);
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

/// Uploads that never end do not block the uploads of others.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn forms_that_do_not_end_hold_up_nobody() {
    let (server, _database) = serve(&[]).await;
    let mut greedy = Visitor::new(&server.url);
    greedy.get("/").await;
    let cookie = format!("visitor={}", greedy.cookies[0].1);
    let server_ref = &server;
    let start_upload = |cookie: String| {
        let head = format!(
            "POST /report HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\
             Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\n\r\n\
             --b\r\nContent-Disposition: form-data; name=\"photos\"; filename=\"a.jpg\"\r\n\r\n"
        );
        async move {
            let mut stream = connect(server_ref).await;
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&[0; 4096]).await.unwrap();
            stream
        }
    };
    let mut open = Vec::new();
    for _ in 0..100 {
        open.push(start_upload(String::new()).await);
    }
    for _ in 0..3 {
        open.push(start_upload(cookie.clone()).await);
    }
    sleep(Duration::from_millis(300)).await;
    let mut fourth = start_upload(cookie).await;
    let mut answer = [0; 64];
    let read = timeout(Duration::from_secs(5), fourth.read(&mut answer)).await.unwrap().unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]);
    assert!(answer.starts_with("HTTP/1.1 429 "), "one visitor may send three at once: {answer}");

    let mut honest = Visitor::new(&server.url);
    honest.get("/").await;
    let asked = Instant::now();
    honest.report("grid-01", &[super::access::photo()]).await;
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    assert_eq!(honest.post("/sign", &VALID_SIGNATURE).await.status(), StatusCode::SEE_OTHER);
}

/// A broken photo costs as much as a good one, so it counts towards the limit.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn broken_photos_count_towards_the_limit() {
    let (server, _database) = serve(&[]).await;
    let mut visitor = Visitor::new(&server.url);
    visitor.get("/").await;
    let mut refused = 0;
    for _ in 0..8 {
        let broken = ("photos", "a.jpg", b"\xff\xd8\xff broken".to_vec());
        let form = visitor.multipart("/report/photos", &[], &vec![broken; 10]);
        let answer = visitor.send(form).await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            let wait = answer.headers()[header::RETRY_AFTER].to_str().unwrap();
            assert!((1..=900).contains(&wait.parse::<u32>().unwrap()), "{wait}");
            refused += 1;
        }
    }
    assert_eq!(refused, 2, "the limit is sixty in 15 minutes");
    // Those of another visitor do not count.
    let mut neighbour = Visitor::new(&server.url);
    neighbour.get("/").await;
    neighbour.report("grid-01", &[super::access::photo()]).await;
}

/// Wrong passwords for one login from one network are limited together; a device on which the login
/// succeeded before is exempt.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_guessers_at_one_address_do_not_lock_the_owner_out() {
    let (server, database) = serve(&[]).await;
    let mut add = program(&database.url, database.folder.path());
    let (code, said) =
        run(add.args(["staff", "add", "boss", "--name", "王测试", "--role", "manager"]));
    assert_eq!(code, Some(0), "{said}");
    let password = said.split("password: ").nth(1).unwrap().trim();
    let right = [("login", "boss"), ("password", password)];
    let mut owner = Visitor::new(&server.url);
    owner.get("/").await;
    assert_eq!(owner.post("/console/login", &right).await.status(), StatusCode::SEE_OTHER);
    let mut last = StatusCode::OK;
    for _ in 0..110 {
        let mut guesser = Visitor::new(&server.url);
        guesser.get("/").await;
        let wrong = [("login", "boss"), ("password", "wrong password")];
        last = guesser.post("/console/login", &wrong).await.status();
        if last == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(owner.post("/console/login", &right).await.status(), StatusCode::SEE_OTHER);
}

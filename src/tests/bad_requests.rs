//! Ten thousand malformed requests, generated from seeds, against the server process: no 5xx, no
//! panic, nothing stored, no memory growth.

use std::{sync::Arc, time::Duration};

use reqwest::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
    time::{sleep, timeout},
};

use crate::support::{
    database::{Database, Kind},
    process::{Process, program},
    repetitions,
    server::Visitor,
};

/// Pseudorandom numbers from a seed (splitmix64), so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    fn choose<'t, T: ?Sized>(&mut self, all: &[&'t T]) -> &'t T {
        all[self.below(all.len())]
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let n = self.below(most + 1);
        std::iter::repeat_with(|| u8::try_from(self.next() % 256).unwrap()).take(n).collect()
    }

    /// Hostile text: injections, odd encodings, very long values.
    fn hostile_text(&mut self) -> String {
        let length = self.below(3000);
        match self.below(14) {
            0 => "9".repeat(300),
            1 => "-1".into(),
            2 => "%00%01%7f".into(),
            3 => "%ff%fe%c0%af".into(),
            4 => "../../../../etc/passwd".into(),
            5 => "..%2f..%5c..%252f".into(),
            6 => "' OR 1=1; DROP TABLE signatures; --".into(),
            7 => "<script>alert(1)</script>{{7*7}}${7*7}".into(),
            8 => "\u{202e}\u{200d}\u{feff}\u{1f468}\u{200d}\u{1f469}王\u{301}\u{301}\u{301}".into(),
            9 => "=cmd|'/c calc'!A1".into(),
            10 => "a".repeat(length),
            11 => "%E7%8E".into(),
            12 => "18446744073709551616".into(),
            _ => String::from_utf8_lossy(&self.bytes(40)).into_owned(),
        }
    }
}

const PATHS: [&str; 34] = [
    "/",
    "/sign",
    "/sign/withdraw",
    "/sign/next",
    "/report",
    "/report/photos",
    "/report/similar",
    "/reports",
    "/reports/",
    "/reports/x/rate",
    "/reports/x/add",
    "/photos/",
    "/photos/x?size=",
    "/messages",
    "/messages/1/object",
    "/messages/",
    "/g/",
    "/pledges/",
    "/recovery",
    "/recovery/new",
    "/look",
    "/counts.json",
    "/share.png",
    "/sw.js",
    "/wechat/back",
    "/console",
    "/console/login",
    "/console/new",
    "/console/reports/x/accept",
    "/console/reports/bulk",
    "/console/staff",
    "/console/export/",
    "/console/signatures/judge",
    "/icon.svg",
];

const METHODS: [&str; 12] = [
    "GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get",
    "PROPFIND", "X",
];

fn body(dice: &mut Random) -> (String, Vec<u8>) {
    let value = dice.hostile_text();
    // None of these forms is valid: nothing of it may be stored.
    match dice.below(8) {
        0 => ("application/x-www-form-urlencoded".into(), dice.bytes(2000)),
        1 => {
            let text = format!(
                "name={value}&pledges={value}&grid={value}&phrase={value}&login={value}&version={value}"
            );
            ("application/x-www-form-urlencoded; charset=gb2312".into(), text.into_bytes())
        }
        2 => ("application/x-www-form-urlencoded".into(), "a=b&".repeat(20_000).into_bytes()),
        3 => ("application/json".into(), b"{\"name\":".repeat(50)),
        4 => ("multipart/form-data".into(), dice.bytes(500)),
        5 => {
            let text = format!(
                "--b\r\nContent-Disposition: form-data; name=\"{value}\"; filename=\"../{value}\"\r\n\r\n{value}\r\n--b"
            );
            ("multipart/form-data; boundary=b".into(), text.into_bytes())
        }
        6 => {
            let mut part = b"--b\r\nContent-Disposition: form-data; name=\"photos\"; filename=\"a\"\r\n\r\n\xff\xd8\xff".to_vec();
            part.extend(dice.bytes(3000));
            part.extend(b"\r\n--b--\r\n");
            ("multipart/form-data; boundary=b".into(), part)
        }
        _ => {
            (format!("multipart/form-data; boundary={}", "-".repeat(90)), b"--\r\n\r\n".repeat(100))
        }
    }
}

/// One malformed request, as bytes on the wire.
fn request(dice: &mut Random) -> Vec<u8> {
    // Most use an existing method and path, so that they reach the parsers.
    let method = match dice.below(6) {
        0 => dice.choose(&METHODS),
        1 | 2 => "GET",
        _ => "POST",
    };
    let mut target = dice.choose(&PATHS).to_owned();
    let odd = dice.hostile_text();
    let plain: String = odd.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    match dice.below(9) {
        0 => target.push_str(&plain),
        1 => target.push_str(&format!(
            "?before={plain}&after={plain}&lang={plain}&state={plain}&grid={plain}&q={plain}"
        )),
        2 => target = format!("//{plain}{target}"),
        3 => target = format!("http://evil.example{target}"),
        _ => {}
    }
    let mut head =
        format!("{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n").into_bytes();
    for _ in 0..dice.below(3) {
        let value: String =
            dice.hostile_text().chars().filter(|c| *c != '\r' && *c != '\n').collect();
        let name = dice.choose(&[
            "Cookie: visitor=",
            "Cookie: staff=",
            "Cookie: lang=",
            "Range: bytes=",
            "Accept-Language: ",
            "If-None-Match: ",
            "X-Forwarded-For: ",
            "Accept: application/json;",
            "Origin: ",
            "Sec-Fetch-Site: ",
            "Referer: ",
            "Accept-Encoding: ",
            "Expect: ",
            "Upgrade: ",
            "User-Agent: ",
        ]);
        head.extend(format!("{name}{value}\r\n").bytes());
    }
    let (kind, body) = body(dice);
    match dice.below(4) {
        0 => head.extend(b"\r\n"),
        1 => {
            head.extend(
                format!("Content-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n").bytes(),
            );
            head.extend(format!("{:x}\r\n", body.len()).bytes());
            head.extend(body);
            // Sometimes with a malformed size of the next chunk.
            head.extend(if dice.below(2) == 0 {
                b"\r\n0\r\n\r\n".to_vec()
            } else {
                b"\r\nzz\r\n".to_vec()
            });
        }
        2 => {
            let declared = body.len().saturating_sub(dice.below(20));
            head.extend(
                format!("Content-Type: {kind}\r\nContent-Length: {declared}\r\n\r\n").bytes(),
            );
            head.extend(body);
        }
        _ => {
            head.extend(
                format!("Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len()).bytes(),
            );
            head.extend(body);
        }
    }
    head
}

/// Status of the response; `None` if the connection was closed without one.
async fn answer(server: &str, request: &[u8]) -> Option<u16> {
    let mut stream = TcpStream::connect(server).await.unwrap();
    // A server that refuses the headers may not read the rest: write errors are ignored.
    stream.write_all(request).await.ok();
    stream.shutdown().await.ok();
    let mut head = Vec::new();
    let mut part = [0; 1024];
    while head.len() < 16 {
        match timeout(Duration::from_secs(20), stream.read(&mut part)).await.expect("in time") {
            Ok(0) | Err(_) => break,
            Ok(n) => head.extend(&part[..n]),
        }
    }
    let text = String::from_utf8_lossy(&head);
    text.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

/// Sends the headers of a form and its body one byte a second; returns the answer.
async fn send_slowly(server: String, kind: &'static str) -> String {
    let mut stream = TcpStream::connect(server).await.unwrap();
    let head = format!(
        "POST /report HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: 5000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let trickle = async {
        loop {
            sleep(Duration::from_secs(1)).await;
            stream.write_all(b"-").await.ok();
            let mut answer = [0; 16];
            if let Ok(Ok(read)) = timeout(Duration::from_millis(10), stream.read(&mut answer)).await
            {
                return String::from_utf8_lossy(&answer[..read]).into_owned();
            }
        }
    };
    timeout(Duration::from_secs(90), trickle).await.expect("a slow body is given up")
}

fn resident_kilobytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn bad_requests_do_no_harm() {
    let requests = repetitions(4_000, 10_000);
    let database = Database::new(Kind::Sqlite).await;
    let folder = database.folder.path();
    let log = folder.join("said");
    let mut serve = program(&database.url, folder);
    serve.arg("serve").stderr(std::fs::File::create(&log).unwrap());
    let server = Process::serve(serve);
    let address = server.url.trim_start_matches("http://").to_owned();
    let slow_ones: Vec<_> =
        ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]
            .map(|kind| tokio::spawn(send_slowly(address.clone(), kind)))
            .into_iter()
            .collect();

    let semaphore = Arc::new(Semaphore::new(32));
    let mut memory_after = Vec::new();
    for part in 0..4 {
        let seeds = part * requests / 4..(part + 1) * requests / 4;
        let all = seeds.map(|seed| {
            let (address, at_once) = (address.clone(), Arc::clone(&semaphore));
            tokio::spawn(async move {
                let _permit = at_once.acquire_owned().await.unwrap();
                let request = request(&mut Random(seed));
                let status = answer(&address, &request).await;
                assert!(
                    status.is_none_or(|status| status < 500),
                    "seed {seed}: {status:?} for {}",
                    String::from_utf8_lossy(&request[..request.len().min(1500)])
                );
                status
            })
        });
        let all: Vec<_> = all.collect();
        let mut answered = 0;
        for one in all {
            answered += usize::from(one.await.unwrap().is_some());
        }
        assert!(answered as u64 > requests / 10, "most are answered: {answered}");
        memory_after.push(resident_kilobytes(server.pid()));
    }
    // Memory grows at first (caches, pools) and must then stay level.
    assert!(
        memory_after[3] < memory_after[0] + 50_000,
        "resident kilobytes after each quarter: {memory_after:?}"
    );
    for one in slow_ones {
        let answer = one.await.unwrap();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    assert_eq!(Visitor::new(&server.url).get("/healthz").await.status(), StatusCode::NO_CONTENT);
    let said = std::fs::read_to_string(log).unwrap();
    assert!(!said.contains("panic"), "{said}");
    server.terminate();
    server.ended_within(Duration::from_secs(10));
    for (table, sql) in [
        ("signatures", "SELECT COUNT(*) FROM signatures"),
        ("reports", "SELECT COUNT(*) FROM reports"),
        ("photos", "SELECT COUNT(*) FROM photos"),
        ("staff", "SELECT COUNT(*) FROM staff"),
        ("audit", "SELECT COUNT(*) FROM audit"),
        ("objections", "SELECT COUNT(*) FROM objections"),
        ("recoveries", "SELECT COUNT(*) FROM recoveries"),
    ] {
        assert_eq!(database.number(sql).await, 0, "{table}");
    }
}

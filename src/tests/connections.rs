//! What is held for long and of which there is little: connections, descriptors, streams, the memory
//! of forms and photos. One network that takes all it can leaves room for others.
//!
//! Attackers come from 127.0.0.2 and up, honest people from 127.0.0.1.

use std::{
    fs,
    net::SocketAddr,
    time::{Duration, Instant},
};

use reqwest::{Method, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};

use super::access::photo;
use crate::support::{
    database::{Database, Kind},
    process::{Process, executable, program, set_environment},
    server::{Visitor, location},
};

/// How long an honest page, signature and report with a photo may take meanwhile, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(5);

async fn serve(settings: &[(&str, &str)]) -> (Process, Database) {
    let database = Database::new(Kind::Sqlite).await;
    let mut serve = program(&database.url, database.folder.path());
    serve.arg("serve").envs(settings.iter().copied());
    (Process::serve(serve), database)
}

/// A connection from `address` on which `sent` was written; `None` if the server hung up.
async fn connect(server: &Process, address: &str, sent: &str) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(address.parse().unwrap(), 0)).unwrap();
    // Whoever reads slowly has a small window.
    socket.set_recv_buffer_size(4096).unwrap();
    let to = server.url.trim_start_matches("http://").parse().unwrap();
    let mut stream = timeout(PATIENCE, socket.connect(to)).await.ok()?.ok()?;
    stream.write_all(sent.as_bytes()).await.ok()?;
    Some(stream)
}

async fn connect_many(server: &Process, address: &str, sent: &str, many: usize) -> Vec<TcpStream> {
    let mut held = Vec::new();
    for _ in 0..many {
        held.extend(connect(server, address, sent).await);
    }
    held
}

/// Opens the home page, signs and reports with a photo, by new connections.
async fn honest_person(server: &Process) {
    let asked = Instant::now();
    let mut person = Visitor::new(&server.url);
    assert_eq!(person.get("/").await.status(), StatusCode::OK);
    assert_eq!(location(&person.sign().await), "/signed");
    person.report("grid-01", &[photo()]).await;
    assert!(asked.elapsed() < PATIENCE, "{:?}", asked.elapsed());
}

const FOLLOW: &str = "GET /live HTTP/1.1\r\nHost: x\r\n\r\n";

/// The head of a form and 118 bytes of what it promises.
fn unfinished_form() -> String {
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\n{}",
        "a".repeat(60)
    );
    format!(
        "POST /report HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n\
         Content-Length: 9000000\r\n\r\n{body}"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_network_cannot_take_all_connections() {
    let (server, _database) = serve(&[("CHUANGQUAN_MAX_CONNECTIONS", "200")]).await;
    let form = unfinished_form();
    let mut held = Vec::new();
    for sent in [FOLLOW, "GET / HTTP/1.1\r\nX: ", "", &form] {
        held.extend(connect_many(&server, "127.0.0.2", sent, 150).await);
        for _ in 0..3 {
            honest_person(&server).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_networks_leave_room_for_one_more() {
    let (server, _database) = serve(&[("CHUANGQUAN_MAX_CONNECTIONS", "200")]).await;
    let mut held = Vec::new();
    for n in 2..22 {
        let sent = if n % 2 == 0 { FOLLOW } else { "" };
        held.extend(connect_many(&server, &format!("127.0.0.{n}"), sent, 12).await);
    }
    for _ in 0..5 {
        honest_person(&server).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn streams_give_way_and_say_so() {
    let (server, _database) = serve(&[("CHUANGQUAN_MAX_CONNECTIONS", "40")]).await;
    let streams = connect_many(&server, "127.0.0.2", FOLLOW, 26).await;
    sleep(Duration::from_millis(500)).await;
    // There are 32: who holds most makes room.
    let _others = connect_many(&server, "127.0.0.3", FOLLOW, 8).await;
    let ends = streams.into_iter().map(|mut stream| async move {
        let mut text = String::new();
        let read = timeout(Duration::from_secs(2), stream.read_to_string(&mut text)).await;
        read.is_ok().then_some(text)
    });
    let ended: Vec<_> = futures::future::join_all(ends).await.into_iter().flatten().collect();
    assert_eq!(ended.len(), 2, "{ended:?}");
    for text in ended {
        assert!(text.contains("event: counts"), "{text}");
        let (_, last) = text.split_once("retry: 300000\n").expect("it says to come back later");
        assert!(last.contains("event: poll\ndata: "), "{text}");
    }
    let counts = Visitor::new(&server.url).get("/counts.json").await;
    assert_eq!(counts.status(), StatusCode::OK);
}

/// Behind a proxy all connections are from one address: the clients' networks count.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn behind_a_proxy_the_clients_share() {
    let (server, _database) =
        serve(&[("CHUANGQUAN_MAX_CONNECTIONS", "60"), ("CHUANGQUAN_TRUSTED_PROXIES", "127.0.0.1")])
            .await;
    let greedy = FOLLOW.replace("Host", "X-Forwarded-For: 2001:db8:7:1::1\r\nHost");
    let next_door = FOLLOW.replace("Host", "X-Forwarded-For: 2001:db8:7:2::1\r\nHost");
    let mut streams = connect_many(&server, "127.0.0.1", &greedy, 30).await;
    streams.extend(connect_many(&server, "127.0.0.1", &next_door, 30).await);
    let mut open = 0;
    for stream in &mut streams {
        let mut head = [0; 12];
        let read = timeout(PATIENCE, stream.read_exact(&mut head)).await;
        open += usize::from(matches!(read, Ok(Ok(_))) && head.ends_with(b"200"));
    }
    assert!((20..=42).contains(&open), "six sevenths of 48 for one /48: {open}");
    for _ in 0..5 {
        honest_person(&server).await;
    }
}

/// Each reader of a file is a connection, and no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn slow_readers_of_files_cost_one_descriptor() {
    let database = Database::new(Kind::Sqlite).await;
    let folder = database.folder.path();
    fs::create_dir_all(folder.join("site/pkg")).unwrap();
    fs::write(folder.join("site/pkg/large.wasm"), vec![7; 5_000_000]).unwrap();
    let mut serve = std::process::Command::new("sh");
    serve.args(["-c", "ulimit -n 512; exec \"$0\" serve"]).arg(executable()).current_dir(folder);
    set_environment(&mut serve, &database.url, folder);
    serve.env("LEPTOS_SITE_ROOT", folder.join("site"));
    let server = Process::serve(serve);
    let before = resident_bytes(server.pid());
    let ask = "GET /pkg/large.wasm HTTP/1.1\r\nHost: x\r\nRange: bytes=1-\r\n\r\n";
    let readers = connect_many(&server, "127.0.0.2", ask, 270).await;
    sleep(Duration::from_secs(1)).await;
    honest_person(&server).await;
    let open = fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count();
    assert!(readers.len() >= 270 && (270..400).contains(&open), "{} {open}", readers.len());
    let grown = resident_bytes(server.pid()).saturating_sub(before);
    assert!(grown < 500_000_000, "they share one copy: {grown}");
}

/// A promise is no form: 118 bytes hold nothing for long.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn promised_forms_hold_up_nobody() {
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let (server, _database) = serve(&[]).await;
    let form = unfinished_form();
    let mut held = Vec::new();
    for address in ["127.0.0.2", "127.0.0.3"] {
        held.extend(connect_many(&server, address, &form, 1_000).await);
    }
    honest_person(&server).await;
    sleep(Duration::from_secs(3)).await;
    honest_person(&server).await;
}

/// What a form brought counts: when the memory is full, text is kept and photos are not.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn text_of_forms_is_counted() {
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let (server, _database) = serve(&[]).await;
    let before = resident_bytes(server.pid());
    let field = format!(
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{}\r\n",
        "a".repeat(60_000)
    );
    let form = format!(
        "POST /report HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n\
         Content-Length: 9000000\r\n\r\n{}",
        field.repeat(4)
    );
    let _held = connect_many(&server, "127.0.0.2", &form, 2_500).await;
    let grown = resident_bytes(server.pid()).saturating_sub(before);
    assert!(grown < 600_000_000, "of 600 MB of text not more than fits: {grown}");
    honest_person(&server).await;
}

/// Resident memory of a process, in bytes.
fn resident_bytes(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Whoever reads photos slowly has them in the server's memory: not more than there is for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn slow_readers_of_photos_are_bounded() {
    let (server, _database) = serve(&[]).await;
    let mut owner = Visitor::new(&server.url);
    owner.get("/").await;
    let noise = image::RgbImage::from_fn(1600, 1600, |x, y| {
        let n = x.wrapping_mul(2_654_435_761).wrapping_add(y.wrapping_mul(40_503)).rotate_left(y);
        image::Rgb([n, n >> 8, n >> 16].map(|n| n.to_le_bytes()[0]))
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    noise.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
    let code = owner.report("grid-01", &[bytes.into_inner()]).await;
    let page = owner.get(&format!("/reports/{code}")).await.text().await.unwrap();
    let id = page.split("/photos/").nth(1).unwrap();
    let id = &id[..id.find(['"', '?']).unwrap()];
    let size = owner.get(&format!("/photos/{id}")).await.bytes().await.unwrap().len();
    assert!(size > 200_000, "the photo is large: {size}");
    let cookies: Vec<_> =
        owner.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let ask =
        format!("GET /photos/{id} HTTP/1.1\r\nHost: x\r\nCookie: {}\r\n\r\n", cookies.join("; "));
    let before = resident_bytes(server.pid());
    let readers = connect_many(&server, "127.0.0.2", &ask, 2_000).await;
    sleep(Duration::from_secs(2)).await;
    let grown = resident_bytes(server.pid()).saturating_sub(before);
    assert!(grown < 250_000_000, "{} readers: {grown} bytes", readers.len());
    assert_eq!(
        owner.send(owner.request(Method::GET, &format!("/photos/{id}"))).await.status(),
        StatusCode::OK
    );
}

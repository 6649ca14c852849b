//! Behind a proxy: whose word is taken for a client's address, and what happens without one.

use std::{fs, fs::File, net::TcpListener};

use reqwest::{
    Method, StatusCode,
    header::{HeaderName, HeaderValue},
};
use rstest_reuse::apply;

use crate::support::{
    database::{Database, Kind, on_both},
    process::{Process, program},
    server::{VALID_SIGNATURE, Visitor},
};

/// Signatures within two seconds of opening the form that one network may make in an hour.
const HASTY_FREE: usize = 15;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

struct Proxied {
    server: Process,
    metrics: String,
}

impl Proxied {
    fn start(database: &Database, trusted: &str) -> Self {
        let folder = database.folder.path();
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut serve = program(&database.url, folder);
        serve
            .arg("serve")
            .env("CHUANGQUAN_TRUSTED_PROXIES", trusted)
            .env("CHUANGQUAN_METRICS_ADDR", free.to_string())
            .stderr(File::create(folder.join("log")).unwrap());
        Self { server: Process::serve(serve), metrics: format!("http://{free}/metrics") }
    }

    /// Thirty new visitors sign at once, each by a request with this header.
    async fn thirty_sign_hastily(&self, forwarded_for: Option<&HeaderValue>) {
        let mut first = Visitor::new(&self.server.url);
        first.address.clear();
        for _ in 0..2 * HASTY_FREE {
            let mut visitor = first.clone();
            let sent = |request: reqwest::RequestBuilder| match forwarded_for {
                Some(value) => request.header(FORWARDED_FOR, value),
                None => request,
            };
            visitor.send(sent(visitor.request(Method::GET, "/sign"))).await;
            let answer = visitor.send(sent(visitor.form("/sign", &VALID_SIGNATURE))).await;
            assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        }
    }

    /// The lines of `/metrics` that count clients whose address is unknown.
    async fn unknown_clients(&self) -> Vec<String> {
        let text = reqwest::get(&self.metrics).await.unwrap().text().await.unwrap();
        let lines =
            text.lines().filter(|line| line.starts_with("chuangquan_unknown_clients_total"));
        lines.map(str::to_owned).collect()
    }
}

async fn counted(database: &Database) -> i64 {
    database.number("SELECT COUNT(*) FROM signatures WHERE state = 'valid'").await
}

#[apply(on_both)]
async fn a_client_cannot_hide_behind_what_it_writes(#[case] kind: Kind) {
    for written in [&b"\xe9"[..], b"unknown", b"", b"10.0.0.9", b"x, \xff\xfe"] {
        let database = Database::new(kind).await;
        let proxied = Proxied::start(&database, "127.0.0.1");
        let line = HeaderValue::from_bytes(&[written, b", 203.0.113.9"].concat()).unwrap();
        proxied.thirty_sign_hastily(Some(&line)).await;
        let counted = counted(&database).await;
        assert!(counted <= HASTY_FREE as i64, "{written:?}: {counted}");
        let unknown = proxied.unknown_clients().await;
        assert!(unknown.iter().all(|line| line.ends_with("} 0")), "{unknown:?}");
    }
}

#[apply(on_both)]
async fn who_is_unknown_counts_as_one_network_and_is_said_loudly(#[case] kind: Kind) {
    for (header, reason) in [
        (None, "no_header"),
        (Some("203.0.113.9, unknown"), "not_an_address"),
        (Some("127.0.0.1"), "only_proxies"),
    ] {
        let database = Database::new(kind).await;
        let proxied = Proxied::start(&database, "127.0.0.1");
        let header = header.map(HeaderValue::from_static);
        proxied.thirty_sign_hastily(header.as_ref()).await;
        let counted = counted(&database).await;
        assert!(counted <= HASTY_FREE as i64, "{reason}: {counted}");
        let line = format!("chuangquan_unknown_clients_total{{reason=\"{reason}\"}} 60");
        let unknown = proxied.unknown_clients().await;
        assert!(unknown.contains(&line), "{unknown:?}");
        let log = fs::read_to_string(database.folder.path().join("log")).unwrap();
        assert_eq!(log.matches("a proxy does not say who asks").count(), 1, "{log}");
    }
}

//! A server inside the test process, on a free port, and HTTP clients for it.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::Extension;
use domain::{campaign::Campaign, client_network::ClientNetwork, visitor::VisitorId};
use leptos::config::LeptosOptions;
use reqwest::{Client, Method, Response, header, redirect::Policy};
use server::{AppState, Peer, config::WeChatSettings, router, wechat::client::WeChat};
use service::{Effort, PhotoLimits, Requester, Service};
use store::{PhotoStore, Store};
use tokio::sync::watch;

use super::database::{Database, default_campaign, secrets};

pub struct Server {
    pub url: String,
    pub store: Store,
    pub service: Arc<Service>,
    pub database: Database,
    pub end: watch::Sender<bool>,
}

impl Server {
    pub async fn start(database: Database) -> Self {
        Self::with_campaign(database, default_campaign(), "").await
    }

    pub async fn with_campaign(database: Database, campaign: Campaign, public_url: &str) -> Self {
        Self::start_with(database, campaign, public_url, |state| state).await
    }

    pub async fn with_wechat(
        database: Database,
        public_url: &str,
        settings: &WeChatSettings,
    ) -> Self {
        let wechat = WeChat::read(settings).unwrap();
        let change = |state: AppState| state.with_wechat(wechat, None);
        Self::start_with(database, default_campaign(), public_url, change).await
    }

    /// A server whose proofs take so many tries, so that a test can have thousands of signers.
    pub async fn with_proof_effort(database: Database, effort: Effort) -> Self {
        let prepare = |service: Service| service.with_proof_effort(effort);
        Self::start_prepared(database, default_campaign(), "", prepare, |state| state).await
    }

    pub async fn with_photo_limits(database: Database, limits: PhotoLimits) -> Self {
        let prepare = |service: Service| service.with_photo_limits(limits);
        Self::start_prepared(database, default_campaign(), "", prepare, |state| state).await
    }

    async fn start_with(
        database: Database,
        campaign: Campaign,
        public_url: &str,
        change: impl FnOnce(AppState) -> AppState,
    ) -> Self {
        Self::start_prepared(database, campaign, public_url, |service| service, change).await
    }

    async fn start_prepared(
        database: Database,
        campaign: Campaign,
        public_url: &str,
        prepare: impl FnOnce(Service) -> Service,
        change: impl FnOnce(AppState) -> AppState,
    ) -> Self {
        let store = Store::open(&database.url, secrets().seal(), &campaign).await.unwrap();
        let photos = database.folder.path().join("photos");
        let photo_store = PhotoStore::open(&photos.display().to_string()).unwrap();
        let service =
            Service::new(store.clone(), photo_store, Arc::new(campaign), secrets().keys());
        let service = prepare(service);
        let (end, ending) = watch::channel(false);
        let options = LeptosOptions::builder()
            .output_name("chuangquan")
            .site_root("public")
            .hash_files(false)
            .build();
        let state =
            AppState::new(service, secrets().cookies(), public_url, options, ending).unwrap();
        // Visitors say in `X-Forwarded-For` where they are.
        let proxy = IpAddr::from(Ipv4Addr::LOCALHOST);
        let state = change(state.with_trusted_proxies(vec![proxy.into()]));
        let service = Arc::clone(&state.service);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        tokio::spawn(async move {
            axum::serve(listener, router(state).layer(Extension(Peer(proxy)))).await
        });
        Self { url: format!("http://{address}"), store, service, database, end }
    }

    pub fn visitor(&self) -> Visitor {
        Visitor::new(&self.url)
    }

    /// A visitor that has its cookie already.
    pub async fn known_visitor(&self) -> Visitor {
        let mut visitor = self.visitor();
        visitor.get("/").await;
        visitor
    }
}

/// A browser without scripts, at an IP address of its own: keeps cookies, does not follow redirects.
#[derive(Clone)]
pub struct Visitor {
    url: String,
    client: Client,
    /// Sent as `X-Forwarded-For`; nothing is sent if it is empty.
    pub address: String,
    pub cookies: Vec<(String, String)>,
}

/// An address that nobody else in this test run has.
fn fresh_address() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    Ipv4Addr::from_bits(0x0A00_0000 | NEXT.fetch_add(1, Ordering::Relaxed)).to_string()
}

/// Fields of a valid signing form.
pub const VALID_SIGNATURE: [(&str, &str); 3] =
    [("name", "王测试"), ("pledges", "home"), ("consent", "on")];

impl Visitor {
    pub fn new(url: &str) -> Self {
        server::config::tls::prepare();
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { url: url.to_owned(), client, address: fresh_address(), cookies: Vec::new() }
    }

    /// A new visitor elsewhere, without cookies, that shares the connection pool.
    pub fn new_visitor(&self) -> Self {
        Self { cookies: Vec::new(), address: fresh_address(), ..self.clone() }
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        // A line that a test adds after this one is nearer to the server, so it counts.
        let request = match self.address.as_str() {
            "" => request,
            address => request.header("x-forwarded-for", address),
        };
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if cookies.is_empty() {
            request
        } else {
            request.header(header::COOKIE, cookies.join("; "))
        }
    }

    /// Sends a request and keeps the cookies of the response.
    pub async fn send(&mut self, request: reqwest::RequestBuilder) -> Response {
        self.try_send(request).await.unwrap()
    }

    pub async fn try_send(
        &mut self,
        request: reqwest::RequestBuilder,
    ) -> Result<Response, reqwest::Error> {
        let response = request.send().await?;
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let (pair, rest) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !rest.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        Ok(response)
    }

    pub async fn get(&mut self, path: &str) -> Response {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Response {
        self.send(self.form(path, fields)).await
    }

    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
        self.request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(urlencoded(fields))
    }

    /// A multipart form: text fields first, then files as `(field, file name, bytes)`.
    pub fn multipart(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &str, Vec<u8>)],
    ) -> reqwest::RequestBuilder {
        let mut form = reqwest::multipart::Form::new();
        for (name, value) in fields {
            form = form.text((*name).to_owned(), (*value).to_owned());
        }
        for (name, file, bytes) in files {
            let part = reqwest::multipart::Part::bytes(bytes.clone());
            form = form.part((*name).to_owned(), part.file_name((*file).to_owned()));
        }
        self.request(Method::POST, path).multipart(form)
    }

    /// Files a valid report with these photos; returns its code.
    pub async fn report(&mut self, grid: &str, photos: &[Vec<u8>]) -> String {
        let fields = report_fields(grid);
        let files: Vec<_> =
            photos.iter().map(|bytes| ("photos", "photo.jpg", bytes.clone())).collect();
        let response = self.send(self.multipart("/report", &fields, &files)).await;
        let to = location(&response).to_owned();
        assert_eq!(response.status(), reqwest::StatusCode::SEE_OTHER, "{to}");
        to.strip_prefix("/reports/").unwrap().to_owned()
    }

    pub async fn sign(&mut self) -> Response {
        self.post("/sign", &VALID_SIGNATURE).await
    }
}

/// A visitor who asks from an unknown address.
pub fn requester(visitor: &VisitorId) -> Requester<'_> {
    static ANYWHERE: LazyLock<ClientNetwork> = LazyLock::new(ClientNetwork::unknown);
    Requester { visitor: Some(visitor), client_network: &ANYWHERE, device: None }
}

/// Fields of a valid report form.
pub fn report_fields(grid: &str) -> [(&str, &str); 5] {
    [
        ("category", "corridor"),
        ("description", "三楼堆了旧家具"),
        ("place", "测试小区3号楼"),
        ("grid", grid),
        ("consent", "on"),
    ]
}

/// URL-encoded form, as browsers encode it.
pub fn urlencoded(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    pairs.join("&")
}

/// Sends a raw request line that HTTP clients would normalise; returns the status.
pub async fn raw_status(url: &str, request_line: &[u8]) -> u16 {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let address = url.trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(request_line).await.unwrap();
    stream.write_all(b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer);
    answer.split(' ').nth(1).unwrap_or_default().parse().unwrap_or_default()
}

/// `Location` of a redirect; empty without one.
pub fn location(response: &Response) -> &str {
    response.headers().get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
}

//! What every handler may need: the use cases, the keys of cookies, the files of the site, and
//! what bounds the work in hand.

use std::{io, ops::Deref, sync::Arc};

use axum::{
    extract::FromRef,
    http::{Extensions, HeaderMap},
};
use domain::client_network::ClientNetwork;
use ipnet::IpNet;
use leptos::config::LeptosOptions;
use service::Service;
use tokio::sync::{Semaphore, watch};
use tower_http::csrf::CsrfLayer;

use super::{
    forms::memory,
    http::{
        assets::Assets,
        client_ip::{self, Peer, UnknownClient},
        fair_places::{FairPlaces, Shares},
        live_feed::LiveFeed,
    },
    ops::metrics::Metrics,
    pages::{cache::SharedPages, share_image::ShareImage},
    session::cookies::CookieKeys,
    wechat::client::{self, DomainVerification, WeChat},
};

/// Connections at once, unless the settings say otherwise.
const CONNECTIONS: usize = 16_000;

/// Streams of one visitor: as many as a browser opens to one server by HTTP/1.1, twice.
const STREAMS_EACH: usize = 12;

/// Files of the site that are read at once.
const OPEN_FILES: usize = 32;

/// Bytes of photos that are being sent, of all connections together: who reads slowly keeps the whole
/// photo in memory.
const PHOTO_MEMORY: usize = 256 * 1024 * 1024;

/// Bytes per unit of that memory.
pub(crate) const PHOTO_UNIT: usize = 16 * 1024;

/// So many connections; the last eighth is for others than any one network.
fn connections(total: usize) -> FairPlaces {
    FairPlaces::new(Shares { total, per_network: total - total / 8, per_visitor: usize::MAX })
}

/// Streams among `connections`: a fifth stays for other requests. One client network may have six
/// sevenths.
fn streams(connections: usize) -> FairPlaces {
    let total = (connections - connections / 5).max(1);
    let per_network = (total - total / 7).max(1);
    FairPlaces::new(Shares { total, per_network, per_visitor: STREAMS_EACH })
}

fn photo_memory() -> FairPlaces {
    let total = PHOTO_MEMORY / PHOTO_UNIT;
    FairPlaces::new(Shares { total, per_network: total / 2, per_visitor: usize::MAX })
}

/// What every handler may need. Cheap to clone: every request does so some times.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The parts of the state.
#[derive(Clone)]
pub struct Parts {
    /// The use cases.
    pub service: Arc<Service>,
    /// Signs cookies.
    pub cookies: CookieKeys,
    /// Whether people come by https: cookies are then Secure.
    pub https: bool,
    /// Where the site's files are.
    pub options: LeptosOptions,
    /// The names of the site's files, and the policy that lets them run.
    pub assets: Arc<Assets>,
    /// The counts as they are sent.
    pub live: Arc<LiveFeed>,
    /// How people reach this, as far as the settings say.
    pub public_url: Arc<str>,
    /// Refuses what other sites send. Behind a proxy that changes `Host`, older browsers
    /// are known by the public URL.
    pub csrf: CsrfLayer,
    /// Pages that are the same for everyone.
    pub shared_pages: Arc<SharedPages>,
    /// The picture of a shared link.
    pub share_image: Arc<ShareImage>,
    /// Whether phones keep pages and forms for when there is no network.
    pub offline: bool,
    /// The app that WeChat knows.
    pub wechat: Option<Arc<WeChat>>,
    /// The file that proves to WeChat whose domain this is.
    pub proof: Option<DomainVerification>,
    /// Proxies whose word is taken for where a request comes from.
    pub trusted_proxies: Arc<Vec<IpNet>>,
    /// Connections.
    pub(crate) connections: FairPlaces,
    /// Streams of counts.
    pub(crate) streams: FairPlaces,
    /// Memory of forms that are being received.
    pub(crate) form_memory: FairPlaces,
    /// Memory of photos that are being sent.
    pub(crate) photo_memory: FairPlaces,
    /// Files of the site that are read at once: each is a descriptor.
    pub(crate) file_reads: Arc<Semaphore>,
    /// What is counted, for whoever watches.
    pub metrics: Arc<Metrics>,
    /// Becomes true when the server is to end.
    pub ending: watch::Receiver<bool>,
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.options.clone()
    }
}

impl AppState {
    /// Puts together what the handlers need, and starts to send live counts.
    ///
    /// # Errors
    /// When the hashed names of the site's files cannot be read, or `public_url` is none.
    pub fn new(
        service: Service,
        cookies: CookieKeys,
        public_url: &str,
        options: LeptosOptions,
        ending: watch::Receiver<bool>,
    ) -> io::Result<Self> {
        // Resources of Leptos are loaded on the tokio runtime.
        any_spawner::Executor::init_tokio().ok();
        let assets = Arc::new(Assets::read(&options)?);
        let service = Arc::new(service);
        let live = LiveFeed::start(&service, ending.clone());
        let https = public_url.starts_with("https://");
        let csrf = match public_url.trim_end_matches('/') {
            "" => CsrfLayer::new(),
            origin => CsrfLayer::new().add_trusted_origin(origin).map_err(|error| {
                io::Error::other(format!("CHUANGQUAN_PUBLIC_URL {public_url}: {error}"))
            })?,
        };
        let (shared_pages, share_image) = Default::default();
        let trusted_proxies = Arc::default();
        let public_url = public_url.trim_end_matches('/').into();
        let connections = connections(CONNECTIONS);
        let parts = Parts {
            service,
            cookies,
            https,
            options,
            assets,
            live,
            public_url,
            csrf,
            shared_pages,
            share_image,
            offline: true,
            wechat: None,
            proof: None,
            trusted_proxies,
            connections,
            streams: streams(CONNECTIONS),
            form_memory: memory::shared(),
            photo_memory: photo_memory(),
            file_reads: Arc::new(Semaphore::new(OPEN_FILES)),
            metrics: Arc::default(),
            ending,
        };
        Ok(Self(Arc::new(parts)))
    }

    /// Where a request comes from, as limits count it. If a trusted proxy does not say it, the
    /// request belongs to the one network of all unknown clients; that is counted and logged.
    pub(crate) fn client_network(
        &self,
        extensions: &Extensions,
        headers: &HeaderMap,
    ) -> ClientNetwork {
        match client_ip::client_address(extensions, headers, &self.trusted_proxies) {
            Ok(address) => {
                let peer = extensions.get::<Peer>().map(|peer| peer.0.to_canonical());
                if peer == Some(address) && client_ip::seems_untrusted_proxy(headers, address) {
                    self.metrics.unknown_client(UnknownClient::UntrustedProxy);
                }
                ClientNetwork::of(address)
            }
            Err(why) => {
                self.metrics.unknown_client(why);
                ClientNetwork::unknown()
            }
        }
    }

    /// Whether phones keep pages and forms for when there is no network.
    #[must_use]
    pub fn with_offline(self, offline: bool) -> Self {
        Self(Arc::new(Parts { offline, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// Lets pages speak to WeChat, as far as there is an app, and proves whose domain this
    /// is.
    #[must_use]
    pub fn with_wechat(self, wechat: Option<WeChat>, proof: Option<DomainVerification>) -> Self {
        let parts = Arc::unwrap_or_clone(self.0);
        let assets = match &wechat {
            Some(wechat) => {
                let forms = wechat.authorize_origin();
                Arc::new(parts.assets.with_wechat(client::SCRIPTS_FROM, forms.as_deref()))
            }
            None => parts.assets,
        };
        let wechat = wechat.map(Arc::new);
        Self(Arc::new(Parts { assets, wechat, proof, ..parts }))
    }

    /// Has as many connections at once.
    #[must_use]
    pub fn with_connections(self, most: usize) -> Self {
        let connections = connections(most);
        let streams = streams(most);
        Self(Arc::new(Parts { connections, streams, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// Takes the word of these proxies.
    #[must_use]
    pub fn with_trusted_proxies(self, proxies: Vec<IpNet>) -> Self {
        let parts = Arc::unwrap_or_clone(self.0);
        Self(Arc::new(Parts { trusted_proxies: Arc::new(proxies), ..parts }))
    }
}

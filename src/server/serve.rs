//! `serve`: from settings to a listening server, and to its quiet end.

use std::{
    io::{self, Write},
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, extract::Request};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use listenfd::ListenFd;
use service::Service as UseCases;
use store::StoreError;
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{SignalKind, signal},
    sync::{Semaphore, watch},
    time::timeout,
};
use tokio_io_timeout::TimeoutStream;
use tower::Service;

use super::{
    config::{
        ServeSettings,
        resources::{self, ConfigErrors, Resources},
    },
    http::client_ip::Peer,
    ops::{jobs, scrape},
    router::router_with,
    state::AppState,
};

/// How long a client may take to send the head of a request.
const HEAD_PATIENCE: Duration = Duration::from_secs(15);

/// The largest head of a request, and read buffer, in bytes.
const BUFFER: usize = 32 * 1024;

/// How long nothing of an answer may be taken by who asked for it.
const READER_PATIENCE: Duration = Duration::from_secs(60);

/// How long answers in flight may take once the server is to end.
const FAREWELL: Duration = Duration::from_secs(4);

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings, or what they name.
    #[error(transparent)]
    Settings(#[from] ConfigErrors),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The names of the site's files.
    #[error("{0}")]
    Files(io::Error),
    /// The address.
    #[error("{address}: {source}")]
    Address {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// Serves until the process is told to end (SIGTERM, SIGINT); then what is in flight
/// is finished and acknowledged.
///
/// # Errors
/// [`StartError`] when it cannot start.
pub async fn serve(settings: &ServeSettings) -> Result<(), StartError> {
    serve_with(settings, Router::new(), Router::new()).await
}

/// As [`serve`], with `more` pages and forms among ours and others `beside` them, outside
/// of all layers: for benchmarks.
///
/// # Errors
/// As [`serve`].
pub async fn serve_with(
    settings: &ServeSettings,
    more: Router<AppState>,
    beside: Router,
) -> Result<(), StartError> {
    let resources = resources::prepare(settings).await?;
    let Resources { options, secrets, campaign, store, pictures, robots, .. } = resources;
    let mut service = UseCases::new(store.clone(), pictures, campaign, secrets.keys());
    if !resources.limits {
        tracing::warn!("CHUANGQUAN_LIMITS is off: nobody is slowed down; for benchmarks only");
        say("CHUANGQUAN_LIMITS is off: nobody is slowed down. For benchmarks only!");
        service = service.without_limits();
    }
    let (end, ending) = watch::channel(false);
    let address = options.site_addr;
    let fault = |source| StartError::Address { address, source };
    let listener = listener(address).await.map_err(fault)?;
    let places = places(resources.connections);
    let state =
        AppState::new(service, secrets.cookies(), &settings.public_url, options, ending.clone())
            .map_err(StartError::Files)?
            .with_trusted_proxies(resources.proxies)
            .with_connections(places)
            .with_wechat(resources.wechat, resources.proof)
            .with_offline(resources.offline);
    let has_staff = state.service.has_staff().await?;
    jobs::start(&state, robots);
    let watched = state.clone();
    let app = router_with(state, more).merge(beside);
    if !has_staff {
        say("there is no staff yet; add a manager:");
        say("  chuangquan staff add LOGIN --name NAME --role manager");
    }
    announce(listener.local_addr().map_err(fault)?);

    if let Some(address) = resources.metrics {
        scrape::serve(&watched, address)
            .await
            .map_err(|source| StartError::Address { address, source })?;
    }
    let accept = accept(listener, app, places, ending);
    let stop = async {
        wait_for_end().await;
        tracing::info!("ending: finishing what is in flight");
        end.send_replace(true);
    };
    tokio::join!(accept, stop);
    store.close().await;
    tracing::info!("ended");
    Ok(())
}

/// The socket that systemd holds open across restarts, or one of our own.
async fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    match ListenFd::from_env().take_tcp_listener(0)? {
        Some(inherited) => {
            inherited.set_nonblocking(true)?;
            TcpListener::from_std(inherited)
        }
        None => TcpListener::bind(address).await,
    }
}

/// How many connections there may be: as many as wished, or as open files allow.
fn places(wished: usize) -> usize {
    // The database, the site's files and the logs need some, too.
    const KEPT_BACK: u64 = 64;
    let allowed = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(1024);
    let possible = usize::try_from(allowed.saturating_sub(KEPT_BACK)).unwrap_or(usize::MAX);
    if possible < wished {
        tracing::warn!(wished, possible, "the limit of open files allows fewer connections");
    }
    wished.min(possible).max(1)
}

/// Takes connections until the end, then waits for them to finish.
async fn accept(
    listener: TcpListener,
    app: Router,
    most: usize,
    mut ending: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(most));
    let graceful = GracefulShutdown::new();
    loop {
        let arrival = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, (stream, peer)) = tokio::select! {
            (place, accepted) = arrival => match accepted {
                Ok((stream, peer)) => (place, (stream, peer)),
                Err(error) => {
                    // Most often: no file descriptors left. Others will be freed.
                    tracing::warn!(%error, "could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            _ = ending.wait_for(|ending| *ending) => break,
        };
        let connection = graceful.watch(connection(stream, peer, app.clone()));
        tokio::spawn(async move {
            // A client that goes away in the middle is no fault of ours.
            connection.await.ok();
            drop(place);
        });
    }
    drop(listener);
    if timeout(FAREWELL, graceful.shutdown()).await.is_err() {
        tracing::warn!("some connections did not finish in time");
    }
}

/// The router, for the requests of one connection.
#[derive(Clone)]
struct Answering {
    app: Router,
    peer: Peer,
}

impl Service<hyper::Request<Incoming>> for Answering {
    type Response = <Router as Service<Request>>::Response;
    type Error = <Router as Service<Request>>::Error;
    type Future = <Router as Service<Request>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<Request>::poll_ready(&mut self.app, context)
    }

    fn call(&mut self, request: hyper::Request<Incoming>) -> Self::Future {
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(self.peer);
        self.app.call(request)
    }
}

/// A connection on which nobody can keep an answer waiting for ever.
type Stream = TokioIo<Pin<Box<TimeoutStream<TcpStream>>>>;

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
) -> http1::Connection<Stream, TowerToHyperService<Answering>> {
    // Small answers must not wait for the acknowledgement of earlier ones.
    stream.set_nodelay(true).ok();
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(READER_PATIENCE));
    let service = TowerToHyperService::new(Answering { app, peer: Peer(peer.ip()) });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(Box::pin(stream)), service)
}

async fn wait_for_end() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("cannot listen for signals; only a kill ends this process");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Prints the addresses that a phone in the same network can open.
fn announce(address: SocketAddr) {
    let port = address.port();
    let mut hosts = vec![address.ip().to_string()];
    if address.ip().is_unspecified() {
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        let outside = interfaces.iter().filter(|interface| !interface.is_loopback());
        hosts = outside.filter(|i| i.ip().is_ipv4()).map(|i| i.ip().to_string()).collect();
        hosts.insert(0, "localhost".into());
    }
    say("创全 is open at:");
    for host in hosts {
        say(&format!("  http://{host}:{port}"));
    }
}

/// A line on standard output, if anyone still reads it.
fn say(line: &str) {
    writeln!(io::stdout(), "{line}").ok();
}

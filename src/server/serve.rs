//! `serve`: starts the HTTP server from the settings; shuts it down gracefully.

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
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);

/// The largest head of a request, and read buffer, in bytes.
const BUFFER: usize = 32 * 1024;

/// Write timeout: how long a client may accept no bytes of a response.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);

/// How long open requests may take after the shutdown began.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(4);

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
        tracing::warn!("CHUANGQUAN_LIMITS is off: no rate limits; for benchmarks only");
        say("CHUANGQUAN_LIMITS is off: no rate limits. For benchmarks only!");
        service = service.without_limits();
    }
    let (end, ending) = watch::channel(false);
    let address = options.site_addr;
    let fault = |source| StartError::Address { address, source };
    let listener = listener(address).await.map_err(fault)?;
    let max_connections = connection_limit(resources.connections);
    let state =
        AppState::new(service, secrets.cookies(), &settings.public_url, options, ending.clone())
            .map_err(StartError::Files)?
            .with_trusted_proxies(resources.proxies)
            .with_connections(max_connections)
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
    let accept = accept(listener, app, max_connections, ending);
    let stop = async {
        wait_for_end().await;
        tracing::info!("shutting down: finishing open requests");
        end.send_replace(true);
    };
    tokio::join!(accept, stop);
    store.close().await;
    tracing::info!("shut down");
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

/// Maximum number of connections: the setting, or less if the limit of open files is lower.
fn connection_limit(requested: usize) -> usize {
    // The database, the site's files and the logs need some, too.
    const RESERVED_FILES: u64 = 64;
    let allowed = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(1024);
    let possible = usize::try_from(allowed.saturating_sub(RESERVED_FILES)).unwrap_or(usize::MAX);
    if possible < requested {
        tracing::warn!(requested, possible, "the limit of open files allows fewer connections");
    }
    requested.min(possible).max(1)
}

/// Accepts connections until the shutdown, then waits for open ones.
async fn accept(
    listener: TcpListener,
    app: Router,
    most: usize,
    mut ending: watch::Receiver<bool>,
) {
    let permits = Arc::new(Semaphore::new(most));
    let graceful = GracefulShutdown::new();
    loop {
        let arrival = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            (permit, listener.accept().await)
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
    if timeout(SHUTDOWN_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!("some connections did not finish in time");
    }
}

/// The router as a service of one connection; adds the peer's address to each request.
#[derive(Clone)]
struct ConnectionService {
    app: Router,
    peer: Peer,
}

impl Service<hyper::Request<Incoming>> for ConnectionService {
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

/// A connection with a write timeout.
type Stream = TokioIo<Pin<Box<TimeoutStream<TcpStream>>>>;

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
) -> http1::Connection<Stream, TowerToHyperService<ConnectionService>> {
    // Small answers must not wait for the acknowledgement of earlier ones.
    stream.set_nodelay(true).ok();
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_TIMEOUT));
    let service = TowerToHyperService::new(ConnectionService { app, peer: Peer(peer.ip()) });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
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

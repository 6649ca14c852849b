//! Connections: who may have one, and how one ends, by itself, by the shutdown, or to make room for
//! somebody else.

use std::{
    net::{IpAddr, SocketAddr},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, extract::Request};
use domain::client_network::ClientNetwork;
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use ipnet::IpNet;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc, watch},
    time::{sleep, timeout},
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::Service;

use super::{
    http::{
        client_ip::{self, Peer},
        connected::Connected,
        fair_places::FairPlaces,
    },
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

/// How long a connection that makes room may take to finish what it answers.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(2);

/// Connections that may do so at once; others are cut.
const LEAVING: usize = 64;

/// Descriptors that are no connections: the leaving ones, 64 files being read, the database (9 × 3),
/// exports, the photo store, robots, the listener.
const RESERVED_FILES: u64 = 192;

/// Maximum number of connections: the setting, or less if the limit of open files is lower.
pub fn connection_limit(requested: usize) -> usize {
    let allowed = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(1024);
    let possible = usize::try_from(allowed.saturating_sub(RESERVED_FILES)).unwrap_or(usize::MAX);
    if possible < requested {
        tracing::warn!(requested, possible, "the limit of open files allows fewer connections");
    }
    requested.min(possible).max(1)
}

/// Accepts connections until the shutdown, then waits for open ones.
pub async fn accept(
    listener: TcpListener,
    app: Router,
    state: AppState,
    mut ending: watch::Receiver<bool>,
) {
    let leaving = Arc::new(Semaphore::new(LEAVING));
    // Every connection has a sender; the receiver ends when all are gone.
    let (open, mut all_closed) = mpsc::channel::<()>(1);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Most often: no file descriptors left. Others will be freed.
                    tracing::warn!(%error, "could not accept a connection");
                    sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            _ = ending.wait_for(|ending| *ending) => break,
        };
        let Some(place) = take(&state.connections, peer.ip(), &state.trusted_proxies) else {
            // No page: writing one would take a connection.
            state.metrics.refused_connections.inc();
            continue;
        };
        let connection = connection(stream, peer, app.clone(), &place, &state);
        let (ending, leaving, open) = (ending.clone(), Arc::clone(&leaving), open.clone());
        tokio::spawn(async move {
            run(connection, ending, &place.evicted(), &leaving).await;
            drop((place, open));
        });
    }
    drop((listener, open));
    if timeout(SHUTDOWN_TIMEOUT, all_closed.recv()).await.is_err() {
        tracing::warn!("some connections did not finish in time");
    }
}

/// A place for a connection from `peer`, which is idle until its first request. A proxy's is its
/// clients' as soon as that says whose.
fn take(places: &FairPlaces, peer: IpAddr, proxies: &[IpNet]) -> Option<Connected> {
    let peer = peer.to_canonical();
    let place = places.take(CancellationToken::new(), None, &ClientNetwork::of(peer), 1).ok()?;
    place.set_idle(!proxies.iter().any(|proxy| proxy.contains(&peer)));
    Some(Connected::new(place))
}

/// Answers on a connection to its end. A client that goes away in the middle is no fault of ours.
async fn run(
    connection: Connection,
    mut ending: watch::Receiver<bool>,
    evicted: &CancellationToken,
    leaving: &Semaphore,
) {
    let mut connection = pin!(connection);
    let makes_room = tokio::select! {
        _ = connection.as_mut() => return,
        _ = ending.wait_for(|ending| *ending) => false,
        () = evicted.cancelled() => true,
    };
    connection.as_mut().graceful_shutdown();
    if !makes_room {
        connection.await.ok();
    } else if let Ok(_permit) = leaving.try_acquire() {
        timeout(LEAVE_TIMEOUT, connection).await.ok();
    }
}

/// The router as a service of one connection; tells each request of it.
#[derive(Clone)]
struct ConnectionService {
    app: Router,
    peer: Peer,
    connected: Connected,
    proxies: Arc<Vec<IpNet>>,
}

impl Service<hyper::Request<Incoming>> for ConnectionService {
    type Response = <Router as Service<Request>>::Response;
    type Error = <Router as Service<Request>>::Error;
    type Future =
        Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send + 'static>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<Request>::poll_ready(&mut self.app, context)
    }

    fn call(&mut self, request: hyper::Request<Incoming>) -> Self::Future {
        let mut request = request.map(axum::body::Body::new);
        self.connected.set_idle(false);
        request.extensions_mut().insert(self.peer);
        request.extensions_mut().insert(self.connected.clone());
        if client_ip::is_proxy(self.peer, &self.proxies)
            && let Ok(client) =
                client_ip::client_address(request.extensions(), request.headers(), &self.proxies)
        {
            self.connected.move_to(&ClientNetwork::of(client));
        }
        let (answer, connected) = (self.app.call(request), self.connected.clone());
        Box::pin(async move {
            let answer = answer.await;
            // What is left is to be read, or to ask for more: forms that arrive go last.
            connected.set_idle(true);
            answer
        })
    }
}

/// A connection with a write timeout.
type Connection = http1::Connection<
    TokioIo<Pin<Box<TimeoutStream<TcpStream>>>>,
    TowerToHyperService<ConnectionService>,
>;

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
    connected: &Connected,
    state: &AppState,
) -> Connection {
    // Small answers must not wait for the acknowledgement of earlier ones.
    stream.set_nodelay(true).ok();
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_TIMEOUT));
    let service = TowerToHyperService::new(ConnectionService {
        app,
        peer: Peer(peer.ip()),
        connected: connected.clone(),
        proxies: Arc::clone(&state.trusted_proxies),
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(Box::pin(stream)), service)
}

//! Helper program for the benchmarks (example `bench`): the server with extra baseline routes, and
//! a client that opens many event streams.
//!
//! `bench serve` takes the settings of `chuangquan serve`. `PUT /bare/{name}` keeps a body in
//! memory and `GET /bare/{name}` returns it, without our middleware; `POST /parse` parses and
//! validates the form of `/sign` with our middleware, and stores nothing.

use std::{
    collections::HashMap,
    io::Write,
    sync::{
        Arc, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use clap::Parser;
use server::{AppState, config::ServeSettings, handlers::signature, serve};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};

/// Same allocator as the server program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Commands of the benchmark program.
#[derive(Parser)]
enum Command {
    /// The server with extra baseline routes
    Serve(Box<ServeSettings>),
    /// Opens event streams and prints how long each revision took to reach all of them
    Streams {
        /// Host and port
        address: String,
        /// Number of streams
        streams: usize,
        /// Seconds to listen after all streams are open
        seconds: u64,
    },
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let logs = tracing_subscriber::fmt().with_writer(std::io::stderr);
    logs.with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    match Command::parse() {
        Command::Serve(settings) => {
            let more = Router::new().route("/parse", post(parse_signature));
            serve::serve_with(&settings, more, bare()).await?;
        }
        Command::Streams { address, streams, seconds } => {
            measure_streams(&address, streams, Duration::from_secs(seconds)).await?;
        }
    }
    Ok(())
}

type Bodies = Arc<RwLock<HashMap<String, (HeaderMap, Bytes)>>>;

/// Routes that return bodies from memory, as the baseline for pages.
fn bare() -> Router {
    let put_body =
        async |State(bodies): State<Bodies>, Path(name), headers: HeaderMap, body: Bytes| {
            let kept_headers = [header::CONTENT_TYPE, header::CONTENT_ENCODING];
            let headers = kept_headers.into_iter().filter_map(|name| {
                let value = headers.get(&name)?.clone();
                Some((name, value))
            });
            if let Ok(mut kept) = bodies.write() {
                kept.insert(name, (headers.collect(), body));
            }
            StatusCode::NO_CONTENT
        };
    let get_body = async |State(bodies): State<Bodies>, Path(name): Path<String>| {
        let found = bodies.read().ok().and_then(|kept| kept.get(&name).cloned());
        found.map_or_else(|| StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
    };
    Router::new().route("/bare/{name}", get(get_body).put(put_body)).with_state(Bodies::default())
}

/// `POST /sign` without the store: parses and validates the form.
async fn parse_signature(State(state): State<AppState>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(form) = signature::read(&parts.headers, body).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match state.service.check_signature(&form) {
        Ok(_) => Redirect::to("/signed").into_response(),
        Err(_) => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
    }
}

/// One event on one stream. `committed` is the server's commit time, `here` the time of receipt,
/// both in milliseconds since 1970.
struct ReceivedEvent {
    revision: u64,
    committed: f64,
    received: f64,
}

/// Opens `streams` streams, prints `open`, listens for `time`, and prints one line of JSON for each
/// revision that reached all streams.
async fn measure_streams(
    address: &str,
    streams: usize,
    time: Duration,
) -> Result<(), Box<dyn std::error::Error>> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let open = Arc::new(AtomicUsize::new(0));
    for _ in 0..streams {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET /live HTTP/1.1\r\nHost: {address}\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        tokio::spawn(read_events(stream, sender.clone(), Arc::clone(&open)));
    }
    while open.load(Ordering::Relaxed) < streams {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut out = std::io::stdout();
    writeln!(out, "open")?;
    out.flush()?;
    // Each stream first sends the current counts; skip them.
    while receiver.try_recv().is_ok() {}
    tokio::time::sleep(time).await;
    // Per revision: number of streams, commit time, first and last receipt.
    let mut revisions: HashMap<u64, (usize, f64, f64, f64)> = HashMap::new();
    while let Ok(ReceivedEvent { revision, committed, received: here }) = receiver.try_recv() {
        let entry = revisions.entry(revision).or_insert((0, committed, here, here));
        entry.0 += 1;
        entry.2 = entry.2.min(here);
        entry.3 = entry.3.max(here);
    }
    for (revision, (seen, committed, first, last)) in revisions {
        if seen == streams {
            let (fan_out, whole) = (last - first, last - committed);
            writeln!(
                out,
                r#"{{"revision":{revision},"tick_to_last":{fan_out},"commit_to_last":{whole}}}"#
            )?;
        }
    }
    Ok(())
}

async fn read_events(
    mut stream: TcpStream,
    sender: mpsc::UnboundedSender<ReceivedEvent>,
    open: Arc<AtomicUsize>,
) {
    let mut text = Vec::with_capacity(4096);
    let mut has_event = false;
    loop {
        let mut buffer = [0; 4096];
        let Ok(read) = stream.read(&mut buffer).await else { return };
        if read == 0 {
            return;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let here = now.as_secs_f64() * 1000.0;
        text.extend_from_slice(&buffer[..read]);
        // An event ends with an empty line. Chunk headers of HTTP only occur between events.
        while let Some(end) = text.windows(2).position(|two| two == b"\n\n") {
            if let Some((revision, committed)) = parse_event(&text[..end]) {
                if !has_event {
                    has_event = true;
                    open.fetch_add(1, Ordering::Relaxed);
                }
                sender.send(ReceivedEvent { revision, committed, received: here }).ok();
            }
            text.drain(..end + 2);
        }
    }
}

/// Parses revision and commit time (milliseconds since 1970) from a counts event.
fn parse_event(bytes: &[u8]) -> Option<(u64, f64)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let after = |name: &str| text.split_once(name).map(|(_, rest)| rest);
    let (revision, _) = after("\"revision\":")?.split_once(',')?;
    let (time, _) = after("\"as_of\":\"")?.split_once('"')?;
    let time: jiff::Timestamp = time.parse().ok()?;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century fit")]
    let committed = time.as_millisecond() as f64;
    Some((revision.parse().ok()?, committed))
}

//! What benchmarks need beside the program: the same server with bare routes to hold it
//! against, and a client of very many event streams.
//!
//! `bench serve` takes the settings of `chuangquan serve`. `PUT /bare/{name}` keeps a
//! body in memory, and `GET /bare/{name}` gives it out, outside of all our layers;
//! `POST /parse` reads and checks the form of `/sign` among our pages, and stores nothing.

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

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Parts of the benchmarks.
#[derive(Parser)]
enum Command {
    /// The server, with routes to hold it against
    Serve(Box<ServeSettings>),
    /// Opens event streams and says how long each revision took to reach all of them
    Streams {
        /// Host and port
        address: String,
        /// How many
        streams: usize,
        /// For how many seconds to listen once all are open
        seconds: u64,
    },
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let logs = tracing_subscriber::fmt().with_writer(std::io::stderr);
    logs.with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    match Command::parse() {
        Command::Serve(settings) => {
            let more = Router::new().route("/parse", post(parse));
            serve::serve_with(&settings, more, bare()).await?;
        }
        Command::Streams { address, streams, seconds } => {
            listen(&address, streams, Duration::from_secs(seconds)).await?;
        }
    }
    Ok(())
}

type Kept = Arc<RwLock<HashMap<String, (HeaderMap, Bytes)>>>;

/// Bytes from memory, and nothing else.
fn bare() -> Router {
    let put = async |State(kept): State<Kept>, Path(name), headers: HeaderMap, body: Bytes| {
        let alike = [header::CONTENT_TYPE, header::CONTENT_ENCODING];
        let headers = alike.into_iter().filter_map(|name| {
            let value = headers.get(&name)?.clone();
            Some((name, value))
        });
        if let Ok(mut kept) = kept.write() {
            kept.insert(name, (headers.collect(), body));
        }
        StatusCode::NO_CONTENT
    };
    let give = async |State(kept): State<Kept>, Path(name): Path<String>| {
        let found = kept.read().ok().and_then(|kept| kept.get(&name).cloned());
        found.map_or_else(|| StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
    };
    Router::new().route("/bare/{name}", get(give).put(put)).with_state(Kept::default())
}

/// All that signing does, but for the store.
async fn parse(State(state): State<AppState>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(form) = signature::read(&parts.headers, body).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match state.service.check_signature(&form) {
        Ok(_) => Redirect::to("/signed").into_response(),
        Err(_) => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
    }
}

/// What a stream saw: which revision was committed when, and when it was here, in
/// milliseconds since 1970.
struct Seen {
    revision: u64,
    committed: f64,
    here: f64,
}

/// Opens the streams, prints `open`, listens, and prints one line of JSON for each
/// revision that reached all of them.
async fn listen(
    address: &str,
    streams: usize,
    time: Duration,
) -> Result<(), Box<dyn std::error::Error>> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let (tell, mut told) = mpsc::unbounded_channel();
    let open = Arc::new(AtomicUsize::new(0));
    for _ in 0..streams {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET /live HTTP/1.1\r\nHost: {address}\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        tokio::spawn(follow(stream, tell.clone(), Arc::clone(&open)));
    }
    while open.load(Ordering::Relaxed) < streams {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut out = std::io::stdout();
    writeln!(out, "open")?;
    out.flush()?;
    // Every stream is greeted with the counts of the moment.
    while told.try_recv().is_ok() {}
    tokio::time::sleep(time).await;
    // Of each revision: how many saw it, when it was committed, first and last seen.
    let mut revisions: HashMap<u64, (usize, f64, f64, f64)> = HashMap::new();
    while let Ok(Seen { revision, committed, here }) = told.try_recv() {
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

async fn follow(mut stream: TcpStream, tell: mpsc::UnboundedSender<Seen>, open: Arc<AtomicUsize>) {
    let mut text = Vec::with_capacity(4096);
    let mut greeted = false;
    loop {
        let mut buffer = [0; 4096];
        let Ok(read) = stream.read(&mut buffer).await else { return };
        if read == 0 {
            return;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let here = now.as_secs_f64() * 1000.0;
        text.extend_from_slice(&buffer[..read]);
        // An event ends with an empty line; chunks of HTTP fall between events.
        while let Some(end) = text.windows(2).position(|two| two == b"\n\n") {
            if let Some((revision, committed)) = event(&text[..end]) {
                if !greeted {
                    greeted = true;
                    open.fetch_add(1, Ordering::Relaxed);
                }
                tell.send(Seen { revision, committed, here }).ok();
            }
            text.drain(..end + 2);
        }
    }
}

/// Revision and time of commit of an event with counts.
fn event(bytes: &[u8]) -> Option<(u64, f64)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let after = |name: &str| text.split_once(name).map(|(_, rest)| rest);
    let (revision, _) = after("\"revision\":")?.split_once(',')?;
    let (time, _) = after("\"as_of\":\"")?.split_once('"')?;
    let time: jiff::Timestamp = time.parse().ok()?;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century fit")]
    let committed = time.as_millisecond() as f64;
    Some((revision.parse().ok()?, committed))
}

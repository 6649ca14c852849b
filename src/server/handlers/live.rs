//! `/counts.json` and `/live`: the counts, asked for once, or followed by server-sent events
//! (SSE).

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::stream;
use tokio::sync::watch;
use ui::error::Refusal;

use crate::{
    http::{
        caching,
        connected::Connected,
        error::AppError,
        fair_places::{LimitReached, Place},
        live_feed::Frame,
    },
    session::visitor,
    state::AppState,
};

/// The content type of server-sent events.
const EVENTS: &str = "text/event-stream";

/// Least time until a page without a stream asks again, in milliseconds.
const POLL_LEAST: u32 = 20_000;

/// Up to how much more it waits, so that not all ask at once.
const POLL_SPREAD: u32 = 20_000;

/// Longest silence, so that proxies keep the connection open.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// The last event of a stream that made room for others: the page asks for `/counts.json` from time
/// to time, and other clients come back after five minutes.
const POLL: &[u8] = b"retry: 300000\nevent: poll\ndata: 1\n\n";

/// Seconds after which someone with too many streams may open another.
const STREAM_WAIT: u32 = 30;

/// `GET /counts.json`; its ETag is the revision. To who asks for events, an answer of one event:
/// pages without a place for their stream ask from time to time.
pub async fn counts_json(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let frame = state.live.newest();
    let accepts = headers.get(header::ACCEPT).map(HeaderValue::as_bytes);
    if accepts.is_some_and(|accepts| accepts.starts_with(EVENTS.as_bytes())) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wait = POLL_LEAST + now.subsec_micros() % POLL_SPREAD;
        let retry = format!("retry: {wait}\n");
        let event = [retry.as_bytes(), &frame.event].concat();
        return ([(header::CONTENT_TYPE, EVENTS), (header::CACHE_CONTROL, "no-store")], event)
            .into_response();
    }
    let tag = format!("\"{}\"", frame.revision);
    let mut response = if caching::is_known(&headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/json")], frame.json.clone()).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// `GET /live`: server-sent events with the counts. 503 if all streams are taken, 429 for one
/// visitor.
pub async fn events(State(state): State<AppState>, request: Request) -> Result<Response, AppError> {
    struct Client {
        ticks: watch::Receiver<Arc<Frame>>,
        ending: watch::Receiver<bool>,
        greeting: Option<Bytes>,
        place: Place,
        is_over: bool,
    }
    let visitor = visitor::visitor_of_request(request.headers(), &state.cookies, state.https);
    let client_network = state.client_network(request.extensions(), request.headers());
    let connected = request.extensions().get::<Connected>();
    let evicted = connected.map(Connected::evicted).unwrap_or_default();
    let place = state.streams.take(evicted, visitor.as_ref(), &client_network, 1);
    let place = place.map_err(|why| match why {
        LimitReached::All => Refusal::Unavailable,
        LimitReached::Own => Refusal::RateLimited(STREAM_WAIT),
    })?;
    // Whoever follows the counts can ask for them instead: streams make room first.
    connected.inspect(|connected| connected.set_idle(true));
    let mut ticks = state.live.ticks.clone();
    ticks.mark_unchanged();
    let greeting = Some(state.live.newest().event.clone());
    let ending = state.ending.clone();
    let client = Client { ticks, ending, greeting, place, is_over: false };
    let events = stream::unfold(client, async |mut client| {
        if let Some(greeting) = client.greeting.take() {
            return Some((Ok::<Bytes, Infallible>(greeting), client));
        }
        if client.is_over {
            return None;
        }
        let next = tokio::select! {
            () = client.place.evicted().cancelled() => {
                client.is_over = true;
                Some(Bytes::from_static(POLL))
            }
            changed = client.ticks.changed() => match changed {
                Ok(()) => Some(client.ticks.borrow_and_update().event.clone()),
                Err(_) => None,
            },
            () = tokio::time::sleep(KEEP_ALIVE) => Some(Bytes::from_static(b": \n\n")),
            _ = client.ending.wait_for(|ending| *ending) => None,
        };
        next.map(|bytes| (Ok(bytes), client))
    });
    let headers = [
        (header::CONTENT_TYPE, EVENTS),
        (header::CACHE_CONTROL, "no-store"),
        // nginx would otherwise hold events back.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(events)).into_response())
}

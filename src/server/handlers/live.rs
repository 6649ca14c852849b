//! `/counts.json` and `/live`: the counts as they are sent.
//!
//! They are written down once for each revision, whoever asks, and go out at most
//! four times a second, however many people sign.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::stream;
use tokio::sync::watch;

use crate::{
    server::{
        AppState,
        http::{
            client_ip,
            concurrency::{NoTurn, Turn},
            error,
        },
        session::visitor,
    },
    service::Service,
    ui::error::Refusal,
};

/// Shortest time between two events.
const TICK: Duration = Duration::from_millis(250);

/// What each open stream adds to it: telling all of them must not take all the time.
/// Ten thousand streams still have four events a second.
const TICK_EACH: Duration = Duration::from_micros(25);

/// Longest silence, so that proxies keep the connection open.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// Seconds after which someone with too many streams may open another.
const STREAM_WAIT: u32 = 30;

/// The counts of one revision, written down.
#[derive(Debug, Default)]
struct Frame {
    revision: u64,
    json: Bytes,
    event: Bytes,
}

/// The counts as they are sent.
#[derive(Debug)]
pub struct Live {
    service: Arc<Service>,
    newest: Mutex<Arc<Frame>>,
    ticks: watch::Receiver<Arc<Frame>>,
}

impl Live {
    /// Starts to send.
    pub fn start(service: &Arc<Service>, mut ending: watch::Receiver<bool>) -> Arc<Self> {
        let first = Arc::new(frame(service));
        let (send, ticks) = watch::channel(Arc::clone(&first));
        let live = Self { service: Arc::clone(service), newest: Mutex::new(first), ticks };
        let live = Arc::new(live);
        let source = Arc::clone(&live);
        let mut counts = service.follow_counts();
        tokio::spawn(async move {
            let pump = async {
                while counts.changed().await.is_ok() {
                    send.send_replace(source.newest());
                    tokio::time::sleep(tick(send.receiver_count())).await;
                }
            };
            tokio::select! {
                () = pump => {}
                _ = ending.wait_for(|ending| *ending) => {}
            }
        });
        live
    }

    /// The newest counts, written down if nobody has done so yet.
    fn newest(&self) -> Arc<Frame> {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.revision != self.service.counts().revision {
            *newest = Arc::new(frame(&self.service));
        }
        Arc::clone(&newest)
    }
}

/// The time between two events to so many streams.
fn tick(streams: usize) -> Duration {
    TICK.max(TICK_EACH.saturating_mul(u32::try_from(streams).unwrap_or(u32::MAX)))
}

fn frame(service: &Service) -> Frame {
    let counts = service.counts();
    let json = serde_json::to_string(&*counts).unwrap_or_default();
    let revision = counts.revision;
    let event = format!("event: counts\nid: {revision}\ndata: {json}\n\n");
    Frame { revision, json: json.into(), event: event.into() }
}

/// `GET /counts.json`; its ETag is the revision.
pub async fn counts_json(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let frame = state.live.newest();
    let tag = format!("\"{}\"", frame.revision);
    let known = headers.get_all(header::IF_NONE_MATCH).iter().any(|value| {
        let tags = value.to_str().unwrap_or_default().split(',');
        tags.map(|given| given.trim().trim_start_matches("W/")).any(|given| given == tag)
    });
    let mut response = if known {
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

/// `GET /live`: the counts now, and again whenever they change; 503 where too many follow
/// them already, 429 where this visitor does.
pub async fn events(State(state): State<AppState>, request: Request) -> Response {
    struct Client {
        ticks: watch::Receiver<Arc<Frame>>,
        ending: watch::Receiver<bool>,
        greeting: Option<Bytes>,
        _turn: Turn,
    }
    let visitor = visitor::brought(request.headers(), &state.cookies, state.https);
    let place = client_ip::place(request.extensions(), request.headers(), &state.trusted_proxies);
    let turn = match state.streams.take(visitor.as_ref(), &place) {
        Ok(turn) => turn,
        Err(NoTurn::All) => return error::response(Refusal::Unavailable),
        Err(NoTurn::Own) => return error::response(Refusal::TooMany(STREAM_WAIT)),
    };
    let mut ticks = state.live.ticks.clone();
    ticks.mark_unchanged();
    let greeting = Some(state.live.newest().event.clone());
    let client = Client { ticks, ending: state.ending.clone(), greeting, _turn: turn };
    let events = stream::unfold(client, async |mut client| {
        if let Some(greeting) = client.greeting.take() {
            return Some((Ok::<Bytes, Infallible>(greeting), client));
        }
        let next = tokio::select! {
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
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // nginx would otherwise hold events back.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(events)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn very_many_streams_have_fewer_events() {
        assert_eq!(tick(0), TICK);
        assert_eq!(tick(10_000), TICK);
        assert_eq!(tick(100_000), TICK * 10);
    }
}

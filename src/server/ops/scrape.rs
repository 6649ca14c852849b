//! `/metrics`, on an address of its own: what an operator watches, in Prometheus' form.

use std::{fs, io, net::SocketAddr};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};
use service::{RoomTaken, ServiceMetrics};
use tokio::net::TcpListener;

use crate::state::AppState;

/// The kind of text that a scrape is answered with.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabel {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PlaceLabel {
    what: &'static str,
}

/// Answers scrapes at `address`, until the process ends.
///
/// # Errors
/// When the address cannot be had.
pub async fn serve(state: &AppState, address: SocketAddr) -> io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    tracing::info!(address = %listener.local_addr()?, "serving metrics");
    let app = Router::new().route("/metrics", get(scrape)).with_state(state.clone());
    let mut ending = state.ending.clone();
    let end = async move {
        ending.wait_for(|ending| *ending).await.ok();
    };
    tokio::spawn(async move { axum::serve(listener, app).with_graceful_shutdown(end).await });
    Ok(())
}

async fn scrape(State(state): State<AppState>) -> Response {
    let signs = state.service.vital_signs().await;
    let registry = registry(&state, &signs);
    let mut text = String::new();
    match encode(&mut text, &registry) {
        Ok(()) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics could not be encoded");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Everything that is watched, as it is now.
fn registry(state: &AppState, signs: &ServiceMetrics<'_>) -> Registry {
    let mut all = Registry::with_prefix("chuangquan");
    let metrics = &state.metrics;
    all.register("http_requests", "Requests, by matched path", metrics.requests.clone());
    let heads = "How long until the head of an answer";
    all.register_with_unit("http_request", heads, Unit::Seconds, metrics.seconds.clone());
    let unknown = "Requests of which a trusted proxy did not say where they come from";
    all.register("unknown_clients", unknown, metrics.unknown_clients.clone());
    all.register(
        "commit_size",
        "Signatures and withdrawals in one commit",
        signs.writer.size.clone(),
    );
    let commits = "How long commits took";
    all.register_with_unit("commit", commits, Unit::Seconds, signs.writer.seconds.clone());

    let counts = state.service.counts();
    gauge(&mut all, "signatures", "Valid signatures", counts.signatures);
    gauge(&mut all, "revision", "Revision of the public counts", counts.revision);
    gauge(&mut all, "writer_queue", "Signatures that wait to be written", as_u64(signs.queue));
    gauge(
        &mut all,
        "photos_waiting",
        "Photos that wait to be made smaller",
        as_u64(signs.photos_waiting),
    );
    let streams = as_u64(state.streams.taken());
    gauge(&mut all, "live_streams", "Clients that follow the counts", streams);
    register_places(&mut all, state);
    if let Some(room) = &signs.room {
        register_room(&mut all, room);
    }
    gauge(&mut all, "photo_store_up", "Whether the photo store answers", signs.photo_store.into());
    gauge(&mut all, "database_up", "Whether the database answers", signs.reports.is_some().into());
    if let Some(overdue) = signs.overdue {
        gauge(&mut all, "reports_overdue", "Open reports whose time has run out", overdue);
    }
    if let Some(reports) = &signs.reports {
        let states = Family::<StateLabel, Gauge>::default();
        for (state, n) in reports {
            states.get_or_create(&StateLabel { state: state.as_str() }).set(as_i64(*n));
        }
        all.register("reports", "Reports, by state", states);
    }
    if let Some(memory) = resident_memory() {
        gauge(&mut all, "resident_memory_bytes", "Memory of this process", memory);
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        gauge(
            &mut all,
            "open_files",
            "Files and connections of this process",
            as_u64(open.count()),
        );
    }
    all
}

/// Connections, and who had to make room.
fn register_places(all: &mut Registry, state: &AppState) {
    let connections = &state.connections;
    gauge(all, "connections", "Open connections", as_u64(connections.taken()));
    gauge(all, "connections_limit", "Most connections", as_u64(connections.total()));
    let refused = "Connections for which there was no place";
    all.register("connections_refused", refused, state.metrics.refused_connections.clone());
    let evicted = Family::<PlaceLabel, Counter>::default();
    for (what, places) in [
        ("connection", connections),
        ("stream", &state.streams),
        ("form", &state.form_memory),
        ("photo", &state.photo_memory),
    ] {
        evicted.get_or_create(&PlaceLabel { what }).inc_by(places.evictions());
    }
    all.register("evicted", "Places that went to a network that held less", evicted);
}

/// What photos take, and what is free on the disks.
fn register_room(all: &mut Registry, room: &RoomTaken) {
    gauge(all, "photo_bytes", "Bytes of all photos", room.photos);
    gauge(all, "photo_bytes_limit", "Most bytes of photos", room.photos_limit);
    let free = Family::<PlaceLabel, Gauge>::default();
    for (what, bytes) in [("photos", room.photos_free), ("database", room.database_free)] {
        if let Some(bytes) = bytes {
            free.get_or_create(&PlaceLabel { what }).set(as_i64(bytes));
        }
    }
    all.register("disk_free_bytes", "Bytes that are free on the disk of these", free);
}

fn gauge(all: &mut Registry, name: &str, help: &str, value: u64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(as_i64(value));
    all.register(name, help, gauge);
}

fn as_u64(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn as_i64(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Bytes of memory that this process has, as Linux says.
fn resident_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}

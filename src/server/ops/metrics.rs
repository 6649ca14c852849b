//! What is counted of requests, for whoever watches.
//!
//! Paths are those of the table of routes, so that neither a report's code nor anything
//! else of a person gets in; files of the site and what is not there are `other`.

use std::{
    collections::HashMap,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request},
    http::{Method, StatusCode},
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
};

use crate::http::client_ip::UnknownClient;

/// Label of paths that are not in the route table.
const OTHER: &str = "other";

/// What was asked, as a label.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    method: &'static str,
    path: &'static str,
    status: u16,
}

/// Where, as a label.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PathLabel {
    path: &'static str,
}

/// Why a client is unknown, as a label.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct UnknownLabel {
    reason: &'static str,
}

/// Seconds between two log lines about unknown clients.
const UNKNOWN_LOGGED_EVERY: u64 = 60;

/// What is counted of requests.
#[derive(Debug)]
pub struct Metrics {
    /// The paths of the table, by what axum says was matched.
    paths: OnceLock<HashMap<&'static str, &'static str>>,
    /// Requests, by path and status.
    pub(super) requests: Family<RequestLabels, Counter>,
    /// How long until the head of an answer.
    pub(super) seconds: Family<PathLabel, Histogram, fn() -> Histogram>,
    /// Requests of which a trusted proxy did not say where they come from.
    pub(super) unknown_clients: Family<UnknownLabel, Counter>,
    /// Connections for which there was no place.
    pub(crate) refused_connections: Counter,
    /// When unknown clients may be logged next, in seconds since `begun`.
    unknown_logged: AtomicU64,
    begun: Instant,
}

impl Default for Metrics {
    fn default() -> Self {
        // From half a millisecond to four seconds.
        let buckets: fn() -> Histogram = || Histogram::new(exponential_buckets(0.000_5, 2.0, 14));
        // There from the start, so that a rise is seen.
        let unknown_clients = Family::default();
        for reason in UnknownClient::ALL {
            drop(unknown_clients.get_or_create(&UnknownLabel { reason: reason.as_str() }));
        }
        Self {
            paths: OnceLock::new(),
            requests: Family::default(),
            seconds: Family::new_with_constructor(buckets),
            unknown_clients,
            refused_connections: Counter::default(),
            unknown_logged: AtomicU64::new(0),
            begun: Instant::now(),
        }
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub struct RequestTimer {
    method: &'static str,
    path: &'static str,
    begun: Instant,
}

impl Metrics {
    /// Knows the paths of the table of routes from now on; any other is `other`.
    pub fn know_paths(&self, paths: impl Iterator<Item = &'static str>) {
        self.paths.get_or_init(|| paths.map(|path| (path, path)).collect());
    }

    /// Counts a request whose client is unknown, and says so in the log once a minute.
    pub fn unknown_client(&self, reason: UnknownClient) {
        let reason = reason.as_str();
        self.unknown_clients.get_or_create(&UnknownLabel { reason }).inc();
        let now = self.begun.elapsed().as_secs();
        let due = |next: u64| (next <= now).then_some(now + UNKNOWN_LOGGED_EVERY);
        if self.unknown_logged.fetch_update(Ordering::Relaxed, Ordering::Relaxed, due).is_ok() {
            tracing::error!(
                reason,
                "a proxy does not say who asks, or is not trusted: all its clients share one set of limits; \
                 see docs/operations.md, \"Behind a proxy\""
            );
        }
    }

    /// Begins to measure.
    pub fn begin(&self, request: &Request) -> RequestTimer {
        let matched = request.extensions().get::<MatchedPath>();
        let path = matched.and_then(|path| self.paths.get()?.get(path.as_str())).copied();
        let method = match *request.method() {
            Method::GET => "GET",
            Method::HEAD => "HEAD",
            Method::POST => "POST",
            _ => OTHER,
        };
        RequestTimer { method, path: path.unwrap_or(OTHER), begun: Instant::now() }
    }
}

impl RequestTimer {
    /// Records the request when its response headers are ready; a stream may still be open.
    pub fn end(self, metrics: &Metrics, status: StatusCode) {
        let Self { method, path, begun } = self;
        let asked = RequestLabels { method, path, status: status.as_u16() };
        metrics.requests.get_or_create(&asked).inc();
        metrics.seconds.get_or_create(&PathLabel { path }).observe(begun.elapsed().as_secs_f64());
    }
}

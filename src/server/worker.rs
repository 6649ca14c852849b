//! `/sw.js`: the service worker, or what takes its place where it is to be gone.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::AppState;

/// The worker; `«version»` stands for that of the site's files.
const ON: &str = include_str!("worker.js");

/// A worker that removes itself and what it kept.
const OFF: &str = include_str!("worker_off.js");

/// Answers with the worker. Browsers ask for it anew at least once a day, and at every
/// visit when it may not be kept.
pub async fn worker(State(state): State<AppState>) -> Response {
    let body =
        if state.offline { ON.replace("«version»", &version(&state)) } else { OFF.to_owned() };
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, body).into_response()
}

/// Changes with any of the site's files.
fn version(state: &AppState) -> String {
    let names = &state.assets.names;
    let all = [&names.css, &names.all.js, &names.all.wasm].map(|name| name.as_str()).join("\n");
    // Forms are kept as they are when the campaign is open, or not, under one privacy text.
    let privacy = &state.service.campaign().privacy.version;
    let phase = state.service.phase();
    let text = format!("{}\n{all}\n{privacy}\n{phase:?}", env!("CARGO_PKG_VERSION"));
    let hash = Sha256::digest(text);
    URL_SAFE_NO_PAD.encode(&hash[..9])
}

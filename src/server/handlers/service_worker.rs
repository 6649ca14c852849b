//! `/sw.js`: the service worker, or what takes its place where it is to be gone.

use axum::{
    extract::State,
    http::{HeaderMap, Uri, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::lang::Lang;
use sha2::{Digest, Sha256};

use crate::{session::visitor, state::AppState};

/// The worker; `«version»` stands for that of the site's files, `«lang»`
/// for the language of the browser that asks.
const ON: &str = include_str!("../../browser/service_worker.js");

/// A worker that removes itself and what it kept.
const OFF: &str = include_str!("../../browser/service_worker_off.js");

/// Answers with the worker. Browsers ask for it anew at least once a day, and at every
/// visit when it may not be kept.
pub async fn worker(State(state): State<AppState>, uri: Uri, headers: HeaderMap) -> Response {
    // Each page registers that of its own language.
    let lang = visitor::lang_of_address(&uri).unwrap_or_else(|| visitor::lang_of(&headers));
    let body = match state.offline {
        true => ON.replace("«version»", &version(&state, lang)).replace("«lang»", lang.as_str()),
        false => OFF.to_owned(),
    };
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, body).into_response()
}

/// Changes with any of the site's files, and with the language that the browser reads.
fn version(state: &AppState, lang: Lang) -> String {
    let names = &state.assets.names;
    let all = [&names.css, &names.all.js, &names.all.wasm].map(|name| name.as_str()).join("\n");
    // Forms are kept as they are when the campaign is open, or not, under one privacy text.
    let privacy = &state.service.campaign().privacy.version;
    let phase = state.service.phase();
    let text = format!("{}\n{all}\n{privacy}\n{phase:?}\n{lang:?}", env!("CARGO_PKG_VERSION"));
    let hash = Sha256::digest(text);
    URL_SAFE_NO_PAD.encode(&hash[..9])
}

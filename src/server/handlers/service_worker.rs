//! Scripts that the server sends itself: `/sw.js`, the service worker, or one that unregisters it, and
//! `/prove.js`.

use axum::{
    extract::State,
    http::{HeaderMap, Uri, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::lang::Lang;
use sha2::{Digest, Sha256};

use crate::{session::visitor, state::AppState};

/// Answers with the worker. Browsers ask for it anew at least once a day, and at every
/// visit when it may not be kept.
pub async fn worker(State(state): State<AppState>, uri: Uri, headers: HeaderMap) -> Response {
    // Each page registers that of its own language.
    let lang = visitor::lang_of_address(&uri).unwrap_or_else(|| visitor::lang_of(&headers));
    let body = match state.offline {
        true => format!(
            "const VERSION='{}',LANG='{}';\n{}",
            version(&state, lang),
            lang.as_str(),
            state.assets.scripts.service_worker,
        ),
        false => state.assets.scripts.service_worker_off.clone(),
    };
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, body).into_response()
}

/// `/prove.js`: works out the proofs of signing forms.
pub async fn prove(State(state): State<AppState>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, state.assets.scripts.prove.clone()).into_response()
}

/// Changes with any of the site's files, and with the language that the browser reads.
fn version(state: &AppState, lang: Lang) -> String {
    let names = &state.assets.names;
    let all = [&names.css, &names.all_islands.js, &names.all_islands.wasm]
        .map(|name| name.as_str())
        .join("\n");
    // Forms are kept as they are when the campaign is open, or not, under one privacy text.
    let privacy = &state.service.campaign().privacy.version;
    let phase = state.service.phase();
    let text = format!("{}\n{all}\n{privacy}\n{phase:?}\n{lang:?}", env!("CARGO_PKG_VERSION"));
    let hash = Sha256::digest(text);
    URL_SAFE_NO_PAD.encode(&hash[..9])
}

//! WeChat JS-SDK: the signed configuration that lets a page set its share card
//! (<https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/JS-SDK.html>), and the script
//! that uses it.

use std::fmt::Write as _;

use axum::{
    Json,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use sha1::{Digest, Sha1};
use ui::error::Refusal;

use crate::{http::error::AppError, state::AppState};

/// The signature of a page's configuration: SHA-1 over the four values, by name.
fn signature(ticket: &str, nonce: &str, time: i64, url: &str) -> String {
    let text = format!("jsapi_ticket={ticket}&noncestr={nonce}&timestamp={time}&url={url}");
    let mut hex = String::with_capacity(40);
    for byte in Sha1::digest(text) {
        write!(hex, "{byte:02x}").ok();
    }
    hex
}

/// For which page a configuration is asked.
#[derive(Deserialize)]
pub struct ConfigQuery {
    #[serde(default)]
    url: String,
}

/// The signed configuration of one of our pages.
pub async fn config(
    State(state): State<AppState>,
    Query(asked): Query<ConfigQuery>,
) -> Result<Response, AppError> {
    let wechat = state.wechat.as_ref().ok_or(Refusal::NotFound)?;
    // WeChat holds the signature against the page's address, without what follows `#`.
    let url = asked.url.split('#').next().unwrap_or_default();
    let ours = url.strip_prefix(&*state.public_url).is_some_and(|path| path.starts_with('/'));
    if state.public_url.is_empty() || !ours {
        return Err(Refusal::Malformed.into());
    }
    let mut nonce = [0; 12];
    getrandom::fill(&mut nonce).map_err(|_| Refusal::Internal)?;
    let ticket = match wechat.ticket(&state.service).await {
        Ok(ticket) => ticket,
        Err(error) => {
            tracing::warn!(%error, "no WeChat ticket: shared links use the meta tags of the page");
            return Err(Refusal::Unavailable.into());
        }
    };
    let nonce = URL_SAFE_NO_PAD.encode(nonce);
    let time = state.service.now() / 1000;
    let body = serde_json::json!({
        "appId": wechat.app,
        "timestamp": time,
        "nonceStr": nonce,
        "signature": signature(&ticket, &nonce, time, url),
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// The script, where there is an app id.
pub async fn script(State(state): State<AppState>) -> Response {
    if state.wechat.is_none() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, state.assets.scripts.wechat_share.clone()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_wechat_does() {
        let ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg";
        let url = "http://mp.weixin.qq.com?params=value";
        let signed = signature(ticket, "Wm3WZYTPz0wzccnW", 1_414_587_457, url);
        assert_eq!(signed, "0f9de62fce790f9a083d5c99e95740ceb90c27ed");
    }
}

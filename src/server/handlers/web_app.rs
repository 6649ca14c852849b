//! Web-app metadata: manifest, speculation rules, messages of the lobby screen, share image.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::json;
use ui::{error::Refusal, share};

use crate::{
    http::error::{self, AppError},
    session::visitor,
    state::AppState,
};

/// Answers with `body` as JSON of that kind, which may be kept for so many seconds.
fn answer(content_type: &'static str, seconds: u32, body: &impl Serialize) -> Response {
    match serde_json::to_string(body) {
        Ok(body) => {
            let kept = format!("public, max-age={seconds}");
            ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, &kept)], body)
                .into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a JSON response could not be encoded");
            error::refuse(Refusal::Internal)
        }
    }
}

/// The newest messages that may be shown, for `/screen`.
pub async fn board_messages(State(state): State<AppState>) -> Result<Response, AppError> {
    Ok(answer("application/json", 10, &state.service.newest_messages().await?))
}

/// The manifest (<https://www.w3.org/TR/appmanifest/>), in the words of the campaign.
pub async fn manifest(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let lang = visitor::lang_of(&headers);
    let titles = &state.service.campaign().in_lang(lang).titles;
    let icon = |size: u16| {
        let sizes = format!("{size}x{size}");
        json!({ "src": format!("/icon-{size}.png"), "sizes": sizes, "type": "image/png", "purpose": "any maskable" })
    };
    let manifest = json!({
        "name": format!("{} · {}", titles.street, titles.title),
        "short_name": titles.short,
        "lang": lang.tag(),
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f3f2f0",
        "theme_color": "#a61b1b",
        "icons": [icon(192), icon(512)],
        "shortcuts": [
            { "name": lang.say("随手拍", "Report"), "url": "/report" },
            { "name": lang.say("我要签名", "Sign the pledge"), "url": "/sign" },
        ],
    });
    // Each browser keeps that of its own language.
    let mut response = answer("application/manifest+json", 3600, &manifest);
    let private = HeaderValue::from_static("private, max-age=3600");
    response.headers_mut().insert(header::CACHE_CONTROL, private);
    response
}

/// Which pages a browser may fetch before they are asked for, once a finger or pointer
/// nears a link (<https://developer.mozilla.org/docs/Web/API/Speculation_Rules_API>).
/// They are fetched only: to run their islands would open event streams.
pub async fn speculation_rules(State(state): State<AppState>) -> Response {
    let not = |path: &str| json!({ "not": { "href_matches": path } });
    let mut pages = vec![
        json!({ "href_matches": "/*" }),
        not("/console*"),
        not("/photos/*"),
        not("/g/*"),
        not("/me"),
        not("/signed"),
        // To choose a language is to remember it.
        json!({ "not": { "selector_matches": "[hreflang]" } }),
    ];
    if state.wechat.as_ref().is_some_and(|wechat| wechat.has_login()) {
        // The way to them may lead over WeChat.
        pages.extend([not("/sign"), not("/report")]);
    }
    let rules = json!({ "prefetch": [{ "where": { "and": pages }, "eagerness": "moderate" }] });
    answer("application/speculationrules+json", 3600, &rules)
}

/// `/share.png`, the picture of a shared link as it is now; a few minutes later it may be asked for anew.
pub async fn share_image(State(state): State<AppState>) -> Response {
    let lit = share::lit_windows(&state.service, &state.service.counts());
    match state.share_image.showing(lit) {
        Some(picture) => {
            let headers = [
                (header::CONTENT_TYPE, "image/png"),
                (header::CACHE_CONTROL, "public, max-age=300"),
            ];
            (headers, picture).into_response()
        }
        None => error::refuse(Refusal::Internal),
    }
}

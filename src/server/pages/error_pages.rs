//! Outermost middleware: renders every refusal as an HTML page, or as JSON if the client prefers
//! it.

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::lang::Lang;
use ui::error::Refusal;

use super::render;
use crate::{
    http::{
        caching::NO_STORE,
        error::{from_status, retry_after, status, wants_json},
        security_headers,
    },
    session::visitor,
    state::AppState,
};

/// What is kept of the request to render an error page later.
struct RequestInfo {
    headers: HeaderMap,
    of_console: bool,
}

impl RequestInfo {
    fn of(request: &Request) -> Self {
        let kept = [
            header::HOST,
            header::ACCEPT,
            header::ACCEPT_ENCODING,
            header::ACCEPT_LANGUAGE,
            header::COOKIE,
        ];
        let kept = kept.into_iter().filter_map(|name| {
            let value = request.headers().get(&name)?.clone();
            Some((name, value))
        });
        let of_console = request.uri().path().starts_with("/console");
        Self { headers: kept.collect(), of_console }
    }
}

/// Renders errors, adds the security headers, and records the metrics of every response.
pub async fn render_errors(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let asked = RequestInfo::of(&request);
    let measured = state.metrics.begin(&request);
    let bare = next.run(request).await;
    let mut response = render_if_bare(&state, &asked, bare).await;
    security_headers::secure(&state, &mut response);
    if state.connections.is_scarce() {
        // Nobody keeps one for a request that may never come.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    measured.end(&state.metrics, response.status());
    response
}

async fn render_if_bare(state: &AppState, asked: &RequestInfo, bare: Response) -> Response {
    let refused = bare.extensions().get::<Refusal>().copied();
    let refused = refused.or_else(|| from_status(bare.status()));
    let content_type = bare.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let readable = content_type.is_some_and(|kind| {
        kind.starts_with(b"text/html") || kind.starts_with(b"application/json")
    });
    let Some(refused) = refused.filter(|_| !readable) else { return bare };

    let mut rendered = if wants_json(&asked.headers) {
        json(refused, visitor::lang_of(&asked.headers))
    } else {
        render::refusal(state, &asked.headers, asked.of_console, refused).await
    };
    *rendered.status_mut() = status(refused);
    let headers = rendered.headers_mut();
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    for name in [header::ALLOW, header::SET_COOKIE] {
        for value in bare.headers().get_all(&name) {
            headers.append(&name, value.clone());
        }
    }
    if let Some(wait) = retry_after(refused) {
        headers.insert(header::RETRY_AFTER, wait.into());
    }
    rendered
}

fn json(refused: Refusal, lang: Lang) -> Response {
    let body = serde_json::json!({
        "status": status(refused).as_u16(),
        "title": refused.title(lang),
        "detail": refused.advice(lang),
    });
    Json(body).into_response()
}

//! Whatever refuses, a person gets a page, a program JSON: the outermost layer of all.

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
        caching::KEPT_NOWHERE,
        error::{from_status, retry_after, status, wants_json},
        security_headers,
    },
    session::visitor,
    state::AppState,
};

/// What a refusal has to know of the request, which is gone by then.
struct Asked {
    headers: HeaderMap,
    of_console: bool,
}

impl Asked {
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

/// Gives every refusal a body that its asker can read, and every answer the headers that
/// keep others from using it.
pub async fn render_errors(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let asked = Asked::of(&request);
    let measured = state.metrics.begin(&request);
    let bare = next.run(request).await;
    let mut response = readable(&state, &asked, bare).await;
    security_headers::secure(&state, &mut response);
    measured.end(&state.metrics, response.status());
    response
}

async fn readable(state: &AppState, asked: &Asked, bare: Response) -> Response {
    let refused = bare.extensions().get::<Refusal>().copied();
    let refused = refused.or_else(|| from_status(bare.status()));
    let kind = bare.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let readable = kind.is_some_and(|kind| {
        kind.starts_with(b"text/html") || kind.starts_with(b"application/json")
    });
    let Some(refused) = refused.filter(|_| !readable) else { return bare };

    let mut dressed = if wants_json(&asked.headers) {
        json(refused, visitor::lang_of(&asked.headers))
    } else {
        render::refusal(state, &asked.headers, asked.of_console, refused).await
    };
    *dressed.status_mut() = status(refused);
    let headers = dressed.headers_mut();
    headers.insert(header::CACHE_CONTROL, KEPT_NOWHERE);
    for name in [header::ALLOW, header::SET_COOKIE] {
        for value in bare.headers().get_all(&name) {
            headers.append(&name, value.clone());
        }
    }
    if let Some(wait) = retry_after(refused) {
        headers.insert(header::RETRY_AFTER, wait.into());
    }
    dressed
}

fn json(refused: Refusal, lang: Lang) -> Response {
    let body = serde_json::json!({
        "status": status(refused).as_u16(),
        "title": refused.title(lang),
        "detail": refused.advice(lang),
    });
    Json(body).into_response()
}

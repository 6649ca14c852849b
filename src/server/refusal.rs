//! Refusals: whatever refuses, a person gets a page, a program JSON.
//!
//! A handler returns [`response`]; libraries return bare status codes. [`dress`]
//! turns both into what the asker can read.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{AppState, render};
use crate::{store::StoreError, ui::pages::refusal::Refusal};

/// Seconds after which someone may try again when the database is away.
const RETRY_AFTER: &str = "5";

/// A bare response that [`dress`] makes readable.
pub fn response(refusal: Refusal) -> Response {
    let mut response = status(refusal).into_response();
    response.extensions_mut().insert(refusal);
    response
}

/// What a failing store means to the person who asked.
pub fn from_store(error: &StoreError) -> Response {
    tracing::error!(%error, "the store failed");
    response(error.into())
}

const fn status(refusal: Refusal) -> StatusCode {
    match refusal {
        Refusal::Malformed => StatusCode::BAD_REQUEST,
        Refusal::Forbidden => StatusCode::FORBIDDEN,
        Refusal::NotFound => StatusCode::NOT_FOUND,
        Refusal::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        Refusal::TooSlow => StatusCode::REQUEST_TIMEOUT,
        Refusal::Closed(_) => StatusCode::CONFLICT,
        Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Refusal::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// What a library means by a bare status; `None` where it refuses nothing.
fn from_status(status: StatusCode) -> Option<Refusal> {
    match status {
        StatusCode::FORBIDDEN => Some(Refusal::Forbidden),
        StatusCode::NOT_FOUND => Some(Refusal::NotFound),
        StatusCode::METHOD_NOT_ALLOWED => Some(Refusal::WrongMethod),
        StatusCode::REQUEST_TIMEOUT => Some(Refusal::TooSlow),
        StatusCode::PAYLOAD_TOO_LARGE => Some(Refusal::TooLarge),
        StatusCode::SERVICE_UNAVAILABLE => Some(Refusal::Unavailable),
        StatusCode::UNPROCESSABLE_ENTITY => None,
        StatusCode::BAD_REQUEST | StatusCode::UNSUPPORTED_MEDIA_TYPE => Some(Refusal::Malformed),
        other if other.is_server_error() => Some(Refusal::Internal),
        _ => None,
    }
}

/// Gives every refusal a body that its asker can read.
pub async fn dress(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let kept = parts.clone();
    let bare = next.run(Request::from_parts(parts, body)).await;
    let refused = bare.extensions().get::<Refusal>().copied();
    let refused = refused.or_else(|| from_status(bare.status()));
    let already_a_page = bare
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let Some(refused) = refused.filter(|_| !already_a_page) else { return bare };

    let mut dressed = if wants_json(&kept.headers) {
        json(refused)
    } else {
        render::refusal(&state, kept, refused).await
    };
    *dressed.status_mut() = status(refused);
    let headers = dressed.headers_mut();
    for name in [header::ALLOW, header::SET_COOKIE] {
        for value in bare.headers().get_all(&name) {
            headers.append(&name, value.clone());
        }
    }
    if refused == Refusal::Unavailable {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
    }
    dressed
}

/// Whether the asker would rather have JSON than a page.
fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept
        .is_some_and(|accept| accept.contains("application/json") && !accept.contains("text/html"))
}

fn json(refused: Refusal) -> Response {
    let body = serde_json::json!({
        "status": status(refused).as_u16(),
        "title": refused.title(),
        "detail": refused.advice(),
    });
    ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// The errors of a form's fields, where a program asks.
pub fn field_errors<'e>(
    headers: &HeaderMap,
    errors: impl Iterator<Item = (&'static str, &'e str)>,
) -> Option<Response> {
    wants_json(headers).then(|| {
        let errors: serde_json::Map<String, serde_json::Value> =
            errors.map(|(field, text)| (field.to_owned(), text.into())).collect();
        let body = serde_json::json!({ "status": 422, "errors": errors });
        let kind = [(header::CONTENT_TYPE, "application/json")];
        (StatusCode::UNPROCESSABLE_ENTITY, kind, body.to_string()).into_response()
    })
}

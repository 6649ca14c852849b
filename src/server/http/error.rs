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

use super::{render, security_headers};
use crate::{
    domain::lang::Lang,
    server::{AppState, session::visitor},
    service::{PictureError, report::ReportError},
    store::StoreError,
    ui::error::Refusal,
};

/// Seconds after which someone who did too much may go on, where nobody said.
const TOO_MANY_WAIT: u32 = 600;

/// Seconds after which someone may try again.
const fn retry_after(refused: Refusal) -> Option<u32> {
    match refused {
        Refusal::Unavailable => Some(5),
        Refusal::TooMany(seconds) => Some(seconds),
        _ => None,
    }
}

/// Says when someone may try again whose form was refused with `status`, if that is not
/// said yet.
pub fn say_when(response: &mut Response, status: StatusCode) {
    if let Some(seconds) = from_status(status).and_then(retry_after) {
        response.headers_mut().entry(header::RETRY_AFTER).or_insert(seconds.into());
    }
}

/// Says that someone may try again in `seconds`.
pub fn say_wait(mut response: Response, seconds: Option<u32>) -> Response {
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

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

/// What a report that was not taken or changed means to the person who asked, where no
/// form can be shown again.
pub fn from_report(error: &ReportError) -> Response {
    response(match error {
        ReportError::Closed(phase) => Refusal::Closed(*phase),
        ReportError::NotFound => Refusal::NotFound,
        ReportError::Forbidden(why) => Refusal::Barred(why),
        ReportError::NotTheirs => Refusal::NotTheirs,
        ReportError::NewVisitor => Refusal::NewVisitor,
        ReportError::Conflict | ReportError::Stale(_) => Refusal::Conflict,
        ReportError::TooMany(seconds) => Refusal::TooMany(*seconds),
        ReportError::Picture(PictureError::TooLarge) => Refusal::TooLarge,
        ReportError::Picture(_) => Refusal::NotAPicture,
        ReportError::Form(_) => Refusal::Malformed,
        ReportError::Store(error) => return from_store(error),
    })
}

const fn status(refusal: Refusal) -> StatusCode {
    match refusal {
        Refusal::Malformed => StatusCode::BAD_REQUEST,
        Refusal::Forbidden
        | Refusal::Barred(_)
        | Refusal::NotTheirs
        | Refusal::NewVisitor
        | Refusal::NothingToRecover => StatusCode::FORBIDDEN,
        Refusal::NotFound => StatusCode::NOT_FOUND,
        Refusal::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        Refusal::TooSlow => StatusCode::REQUEST_TIMEOUT,
        Refusal::Closed(_) | Refusal::Conflict | Refusal::OfAnother => StatusCode::CONFLICT,
        Refusal::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        Refusal::NotAPicture => StatusCode::UNSUPPORTED_MEDIA_TYPE,
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
        StatusCode::CONFLICT => Some(Refusal::Conflict),
        StatusCode::TOO_MANY_REQUESTS => Some(Refusal::TooMany(TOO_MANY_WAIT)),
        StatusCode::BAD_REQUEST | StatusCode::UNSUPPORTED_MEDIA_TYPE => Some(Refusal::Malformed),
        other if other.is_server_error() => Some(Refusal::Internal),
        _ => None,
    }
}

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
pub async fn dress(State(state): State<AppState>, request: Request, next: Next) -> Response {
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
    headers.insert(header::CACHE_CONTROL, render::KEPT_NOWHERE);
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

/// Whether the asker would rather have JSON than a page.
pub fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept
        .is_some_and(|accept| accept.contains("application/json") && !accept.contains("text/html"))
}

fn json(refused: Refusal, lang: Lang) -> Response {
    let body = serde_json::json!({
        "status": status(refused).as_u16(),
        "title": refused.title(lang),
        "detail": refused.advice(lang),
    });
    ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// The errors of a form's fields, where a program asks.
pub fn field_errors(
    headers: &HeaderMap,
    status: StatusCode,
    errors: impl Iterator<Item = (&'static str, String)>,
) -> Option<Response> {
    wants_json(headers).then(|| {
        let errors: serde_json::Map<String, serde_json::Value> =
            errors.map(|(field, text)| (field.to_owned(), text.into())).collect();
        let body = serde_json::json!({ "status": status.as_u16(), "errors": errors });
        let kind = [(header::CONTENT_TYPE, "application/json")];
        let mut response = (status, kind, body.to_string()).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, render::KEPT_NOWHERE);
        say_when(&mut response, status);
        response
    })
}

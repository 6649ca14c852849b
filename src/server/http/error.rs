//! Refusals: what each means as a status, and how a handler answers with one.
//!
//! A handler returns [`response`]; libraries return bare status codes. `error_pages`
//! turns both into what the asker can read.

use axum::{
    Json,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::caching::KEPT_NOWHERE;
use crate::{
    service::{PictureError, report::ReportError},
    store::StoreError,
    ui::error::Refusal,
};

/// Seconds after which someone who did too much may go on, where nobody said.
const TOO_MANY_WAIT: u32 = 600;

/// Seconds after which someone may try again.
pub(crate) const fn retry_after(refused: Refusal) -> Option<u32> {
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

/// A bare response that `error_pages::render_errors` makes readable.
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

pub(crate) const fn status(refusal: Refusal) -> StatusCode {
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
pub(crate) fn from_status(status: StatusCode) -> Option<Refusal> {
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

/// Whether the asker would rather have JSON than a page.
pub fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept
        .is_some_and(|accept| accept.contains("application/json") && !accept.contains("text/html"))
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
        let mut response = (status, Json(body)).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, KEPT_NOWHERE);
        say_when(&mut response, status);
        response
    })
}

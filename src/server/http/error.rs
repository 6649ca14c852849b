//! Errors of handlers: [`AppError`], and the HTTP status of each [`Refusal`].
//!
//! Handlers return `Result<Response, AppError>` and use `?`; libraries return bare status codes.
//! `pages::error_pages` renders both.

use axum::{
    Json,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use service::{
    PhotoError, SignError, message::MessageDecision, report::ReportError,
    signature_review::SignatureReviewError, staff::StaffError,
};
use store::StoreError;
use ui::{error::Refusal, form_state::FormState};

use super::caching::NO_STORE;

/// Error of a handler; `?` converts the errors of use cases.
#[derive(Debug)]
pub enum AppError {
    /// It is refused.
    Refused(Refusal),
    /// The store failed: logged; 503 if it is unavailable, else 500.
    Store(StoreError),
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refusal) => refuse(refusal),
            Self::Store(error) => {
                tracing::error!(%error, "the store failed");
                refuse(Refusal::from(&error))
            }
        }
    }
}

/// A refusal without a body; `error_pages::render_errors` renders it.
pub fn refuse(refusal: Refusal) -> Response {
    let mut response = status(refusal).into_response();
    response.extensions_mut().insert(refusal);
    response
}

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Where no form can be shown again.
impl From<ReportError> for AppError {
    fn from(error: ReportError) -> Self {
        Self::Refused(match error {
            ReportError::Closed(phase) => Refusal::Closed(phase),
            ReportError::NotFound => Refusal::NotFound,
            ReportError::Forbidden(why) => Refusal::NotPermitted(why),
            ReportError::NotTheirs => Refusal::WrongVisitor,
            ReportError::NewVisitor => Refusal::NoVisitorCookie,
            ReportError::Conflict | ReportError::Stale(_) => Refusal::Conflict,
            ReportError::TooMany(seconds) | ReportError::TooFast(seconds) => {
                Refusal::RateLimited(seconds)
            }
            ReportError::NoRoom => Refusal::Unavailable,
            ReportError::Photo(PhotoError::TooLarge) => Refusal::TooLarge,
            ReportError::Photo(_) => Refusal::UnsupportedImage,
            ReportError::Form(_) => Refusal::Malformed,
            ReportError::Store(error) => return Self::Store(error),
        })
    }
}

impl From<SignError> for AppError {
    fn from(error: SignError) -> Self {
        Self::Refused(match error {
            SignError::Closed(phase) => Refusal::Closed(phase),
            SignError::Form(_) => Refusal::Malformed,
            SignError::TooFast(seconds) => Refusal::RateLimited(seconds),
            SignError::Store(error) => return Self::Store(error),
        })
    }
}

impl From<StaffError> for AppError {
    fn from(error: StaffError) -> Self {
        match error {
            StaffError::Forbidden => Self::Refused(Refusal::NotPermitted("人员由管理员管理")),
            StaffError::NotFound | StaffError::Form(_) => Self::Refused(Refusal::NotFound),
            StaffError::Store(error) => Self::Store(error),
        }
    }
}

impl From<SignatureReviewError> for AppError {
    fn from(error: SignatureReviewError) -> Self {
        match error {
            SignatureReviewError::Forbidden => {
                Self::Refused(Refusal::NotPermitted("签名由管理员核查"))
            }
            SignatureReviewError::NotFound | SignatureReviewError::Form(_) => {
                Self::Refused(Refusal::NotFound)
            }
            SignatureReviewError::Store(error) => Self::Store(error),
        }
    }
}

impl From<MessageDecision> for AppError {
    fn from(error: MessageDecision) -> Self {
        match error {
            MessageDecision::Forbidden => {
                Self::Refused(Refusal::NotPermitted("寄语由支部负责人或管理员审核"))
            }
            MessageDecision::NotFound => Self::Refused(Refusal::NotFound),
            MessageDecision::Store(error) => Self::Store(error),
        }
    }
}

/// Default `Retry-After` of a 429, in seconds.
const TOO_MANY_WAIT: u32 = 600;

/// Seconds after which someone may try again.
pub(crate) const fn retry_after(refused: Refusal) -> Option<u32> {
    match refused {
        Refusal::Unavailable => Some(5),
        Refusal::RateLimited(seconds) => Some(seconds),
        _ => None,
    }
}

/// Sets `Retry-After` for a refused form, unless it is set already.
pub fn set_default_retry_after(response: &mut Response, status: StatusCode) {
    if let Some(seconds) = from_status(status).and_then(retry_after) {
        response.headers_mut().entry(header::RETRY_AFTER).or_insert(seconds.into());
    }
}

/// Says that someone may try again in `seconds`.
pub fn with_retry_after(mut response: Response, seconds: Option<u32>) -> Response {
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

pub(crate) const fn status(refusal: Refusal) -> StatusCode {
    match refusal {
        Refusal::Malformed => StatusCode::BAD_REQUEST,
        Refusal::Forbidden
        | Refusal::NotPermitted(_)
        | Refusal::WrongVisitor
        | Refusal::NoVisitorCookie
        | Refusal::NothingToRecover => StatusCode::FORBIDDEN,
        Refusal::NotFound => StatusCode::NOT_FOUND,
        Refusal::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        Refusal::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
        Refusal::Closed(_) | Refusal::Conflict | Refusal::WrongOwner => StatusCode::CONFLICT,
        Refusal::RateLimited(_) => StatusCode::TOO_MANY_REQUESTS,
        Refusal::UnsupportedImage => StatusCode::UNSUPPORTED_MEDIA_TYPE,
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
        StatusCode::REQUEST_TIMEOUT => Some(Refusal::RequestTimeout),
        StatusCode::PAYLOAD_TOO_LARGE => Some(Refusal::TooLarge),
        StatusCode::SERVICE_UNAVAILABLE => Some(Refusal::Unavailable),
        StatusCode::UNPROCESSABLE_ENTITY => None,
        StatusCode::CONFLICT => Some(Refusal::Conflict),
        StatusCode::TOO_MANY_REQUESTS => Some(Refusal::RateLimited(TOO_MANY_WAIT)),
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

/// What is wrong with a form, for a program: each field with its sentence.
pub fn form_errors(form: &FormState, status: StatusCode) -> Response {
    let errors: serde_json::Map<String, serde_json::Value> =
        form.all_errors().map(|(field, text)| (field.to_owned(), text.into())).collect();
    let body = serde_json::json!({ "status": status.as_u16(), "errors": errors });
    let mut response = (status, Json(body)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
    set_default_retry_after(&mut response, status);
    response
}

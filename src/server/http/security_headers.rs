//! Headers that go onto every answer.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::Response,
};

use crate::state::AppState;

/// What a page may use of the phone: where it is, after asking.
const PERMISSIONS: &str = "camera=(), geolocation=(self), microphone=(), payment=(), usb=()";

/// How long browsers insist on https, once they came by it: a year.
const HSTS: &str = "max-age=31536000";

/// Adds the security headers. Scripts, styles and wasm get only some of them: they are not
/// documents, and phones load them often.
pub fn secure(state: &AppState, response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if state.https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let is_kind = |begins: &[u8]| content_type.is_some_and(|kind| kind.starts_with(begins));
    if is_kind(b"text/javascript") || is_kind(b"text/css") || is_kind(b"application/wasm") {
        return;
    }
    // Only pages have links that could be followed next.
    if is_kind(b"text/html") {
        headers.insert(
            HeaderName::from_static("speculation-rules"),
            HeaderValue::from_static("\"/speculation-rules.json\""),
        );
    }
    let mut set = |name: HeaderName, value: HeaderValue| headers.insert(name, value);
    set(header::CONTENT_SECURITY_POLICY, state.assets.policy.clone());
    set(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    set(HeaderName::from_static("permissions-policy"), HeaderValue::from_static(PERMISSIONS));
    set(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
}

//! Headers that go onto every answer.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::Response,
};

use super::AppState;

/// What a page may use of the phone: where it is, after asking.
const PERMISSIONS: &str = "camera=(), geolocation=(self), microphone=(), payment=(), usb=()";

/// How long browsers insist on https, once they came by it: a year.
const HSTS: &str = "max-age=31536000";

/// Adds what keeps others from using our pages against their readers.
pub fn secure(state: &AppState, response: &mut Response) {
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: HeaderValue| headers.insert(name, value);
    set(header::CONTENT_SECURITY_POLICY, state.assets.policy.clone());
    set(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    set(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    set(HeaderName::from_static("permissions-policy"), HeaderValue::from_static(PERMISSIONS));
    set(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    // Only pages have links that could be followed next.
    if headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
        headers.insert(
            HeaderName::from_static("speculation-rules"),
            HeaderValue::from_static("\"/speculation-rules.json\""),
        );
    }
    if state.https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
}

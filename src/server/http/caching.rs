//! What browsers may keep of a page: the values of `Cache-Control`.

use axum::http::HeaderValue;

/// Revalidated on every visit, but usable for back navigation: public pages and blank forms.
pub const PRIVATE_NO_CACHE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// Not stored: personal or refused pages. The next person at the same device must not find them
/// with the back button.
pub const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

//! What browsers may keep of a page: the values of `Cache-Control`, and entity tags.

use axum::http::{HeaderMap, HeaderValue, header};

/// Revalidated on every visit, but usable for back navigation: public pages and blank forms.
pub const PRIVATE_NO_CACHE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// Whether a browser says that it has what the entity tag `tag` stands for.
#[must_use]
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    headers.get_all(header::IF_NONE_MATCH).iter().any(|value| {
        let tags = value.to_str().unwrap_or_default().split(',');
        tags.map(|given| given.trim().trim_start_matches("W/")).any(|given| given == tag)
    })
}

/// Not stored: personal or refused pages. The next person at the same device must not find them
/// with the back button.
pub const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

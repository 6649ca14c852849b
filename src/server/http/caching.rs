//! What browsers may keep of a page: the values of `Cache-Control`.

use axum::http::HeaderValue;

/// A page that is asked for anew whenever it is opened, and that a browser may keep to go back
/// to: public ones, and forms in which nothing was sent yet.
pub const KEPT_TO_GO_BACK: HeaderValue = HeaderValue::from_static("private, no-cache");

/// A page that is one person's, or was refused: the next one at the phone must not find it by
/// going back.
pub const KEPT_NOWHERE: HeaderValue = HeaderValue::from_static("no-store");

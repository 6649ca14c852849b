//! Signed cookies: signed with the newest secret, verified with any known one.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum_extra::extract::cookie::{Cookie, Key, SignedCookieJar};

/// The keys of signed cookies. Cheap to clone.
#[derive(Clone)]
pub struct CookieKeys {
    newest: Key,
    older: Arc<[Key]>,
}

impl CookieKeys {
    /// Signs by the first of these.
    #[must_use]
    pub fn new(newest: Key, older: impl IntoIterator<Item = Key>) -> Self {
        Self { newest, older: older.into_iter().collect() }
    }

    /// The cookies that a request brings, to read and to sign.
    pub fn jar(&self, headers: &HeaderMap) -> SignedCookieJar {
        SignedCookieJar::from_headers(headers, self.newest.clone())
    }

    /// The cookie of that name if an older secret signed it.
    #[must_use]
    pub fn signed_before(&self, headers: &HeaderMap, name: &str) -> Option<Cookie<'static>> {
        self.older.iter().find_map(|key| {
            let jar = SignedCookieJar::from_headers(headers, key.clone());
            jar.get(name)
        })
    }
}

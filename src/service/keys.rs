//! Keys for what is kept, made from the secret that all nodes share.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Keys for what is kept. One for each purpose, so that none tells of another.
#[derive(Clone)]
pub struct Keys {
    places: Hmac<Sha256>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// Makes the keys from a secret of any length.
    #[must_use]
    pub fn of(secret: &[u8]) -> Self {
        let places = mac(secret).chain_update(b"chuangquan places").finalize().into_bytes();
        Self { places: mac(&places) }
    }

    /// What stands for a place that somebody came from.
    #[must_use]
    pub fn hash(&self, place: &str) -> String {
        let hash = self.places.clone().chain_update(place.as_bytes()).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode(&hash[..16])
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn mac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("a key of any length")
}

//! Keys of hashes, made from the secret that all nodes share.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Keys of hashes. Apart from those of cookies and rows, so that none tells of another.
#[derive(Clone)]
pub struct HashKeys {
    newest: Hmac<Sha256>,
    older: Vec<Hmac<Sha256>>,
}

impl fmt::Debug for HashKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

impl HashKeys {
    /// Makes the keys from secrets of any length, the newest first.
    #[must_use]
    pub fn of<'s>(secrets: impl IntoIterator<Item = &'s [u8]>) -> Self {
        let mut keys = secrets.into_iter().map(|secret| {
            let key = mac(secret).chain_update(b"chuangquan places").finalize().into_bytes();
            mac(&key)
        });
        let newest = keys.next().unwrap_or_else(|| mac(b""));
        Self { newest, older: keys.collect() }
    }

    /// Keyed hash of `text` (a client network, a recovery phrase, a WeChat account, …) by the
    /// newest key.
    #[must_use]
    pub fn hash(&self, text: &str) -> String {
        hash(&self.newest, text)
    }

    /// Hashes of `text` by the older keys, to find rows that were written before the secret
    /// changed.
    pub fn older_hashes(&self, text: &str) -> impl Iterator<Item = String> {
        self.older.iter().map(move |key| hash(key, text))
    }
}

fn hash(key: &Hmac<Sha256>, text: &str) -> String {
    let hash = key.clone().chain_update(text.as_bytes()).finalize().into_bytes();
    URL_SAFE_NO_PAD.encode(&hash[..16])
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn mac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("a key of any length")
}

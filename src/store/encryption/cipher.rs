//! Encryption ("sealing") of personal data, with keys derived from the secret file, which is never
//! stored in the database or in a backup.
//!
//! XChaCha20-Poly1305: nonces of 24 bytes can be random for every value. The name of the row is
//! associated data, so a value copied into another row does not decrypt. Each value starts with the
//! id of its key, so that values under an old secret can be found.

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::error::StoreError;

/// What every sealed text begins with.
const MARK: &str = "s1.";

/// Lengths in bytes: the name of a key, a nonce, the tag.
const ID: usize = 4;
const NONCE: usize = 24;
const TAG: usize = 16;

/// Keys derived from one secret.
struct KeySet {
    key_id: [u8; ID],
    cipher: XChaCha20Poly1305,
    backup_mac_key: Hmac<Sha256>,
    number_key: Hmac<Sha256>,
}

/// Seals by the newest key, opens by any. Cheap to clone.
#[derive(Clone)]
pub struct Seal(Arc<[KeySet]>);

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    /// Makes the keys from secrets, the newest first.
    #[must_use]
    pub fn of<'s>(secrets: impl IntoIterator<Item = &'s [u8]>) -> Self {
        Self(secrets.into_iter().map(derive_keys).collect())
    }

    /// Seals `text` for what is called `row`.
    ///
    /// # Errors
    /// [`StoreError::Setup`] when there is no key, or the system has no random bytes.
    pub fn seal(&self, row: &str, text: &str) -> Result<String, StoreError> {
        let fault = |problem: &str| StoreError::Setup(format!("cannot seal: {problem}"));
        let keys = self.0.first().ok_or_else(|| fault("there is no secret"))?;
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|error| fault(&error.to_string()))?;
        let payload = Payload { msg: text.as_bytes(), aad: row.as_bytes() };
        let ciphertext = keys.cipher.encrypt(&XNonce::from(nonce), payload);
        let closed = ciphertext.map_err(|_| fault("it is too long"))?;
        let bytes = [&keys.key_id[..], &nonce, &closed].concat();
        Ok(format!("{MARK}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// What was sealed for `row`.
    ///
    /// # Errors
    /// [`StoreError::Setup`] when none of the keys opens it.
    pub fn open(&self, row: &str, sealed: &str) -> Result<String, StoreError> {
        let fault = |problem| StoreError::Setup(format!("{row} cannot be opened: {problem}"));
        let bytes = bytes_of(sealed).ok_or_else(|| fault("it is not sealed"))?;
        let (id, rest) = bytes.split_at_checked(ID).unwrap_or_default();
        let nonce = rest.first_chunk::<NONCE>().copied().unwrap_or_default();
        let closed = rest.get(NONCE..).unwrap_or_default();
        let lock = self.0.iter().find(|lock| lock.key_id == id);
        let lock = lock.ok_or_else(|| fault("it was sealed by another secret"))?;
        let payload = Payload { msg: closed, aad: row.as_bytes() };
        let opened = lock.cipher.decrypt(&XNonce::from(nonce), payload);
        let opened = opened.map_err(|_| fault("it was changed, or belongs to another row"))?;
        String::from_utf8(opened).map_err(|_| fault("it is not text"))
    }

    /// HMAC-SHA256 over a backup manifest, by the newest secret.
    ///
    /// # Errors
    /// [`StoreError::Setup`] when there is no key.
    pub fn backup_mac(&self, bytes: &[u8]) -> Result<String, StoreError> {
        let none = || StoreError::Setup("cannot sign a backup: there is no secret".into());
        let mac = self.0.first().ok_or_else(none)?.backup_mac_key.clone().chain_update(bytes);
        Ok(URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    /// Whether `mac` is the HMAC of `bytes` under any of the secrets.
    pub fn verify_mac(&self, bytes: &[u8], mac: &str) -> bool {
        let Ok(code) = URL_SAFE_NO_PAD.decode(mac.trim()) else { return false };
        let is_valid = |lock: &KeySet| {
            lock.backup_mac_key.clone().chain_update(bytes).verify_slice(&code).is_ok()
        };
        self.0.iter().any(is_valid)
    }

    /// Keyed hashes of a number that rows are found by, the newest key's first.
    pub fn number_hashes(&self, number: &str) -> impl Iterator<Item = String> {
        self.0.iter().map(move |lock| {
            let hash = lock.number_key.clone().chain_update(number).finalize().into_bytes();
            URL_SAFE_NO_PAD.encode(&hash[..16])
        })
    }

    /// The names of its keys, the newest first.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|lock| format!("{:08x}", u32::from_be_bytes(lock.key_id)))
    }

    /// Whether the newest key sealed it.
    pub fn is_newest(&self, sealed: &str) -> bool {
        let bytes = bytes_of(sealed).unwrap_or_default();
        self.0.first().is_some_and(|lock| bytes.starts_with(&lock.key_id))
    }
}

/// For lists: drops a row that cannot be decrypted, and logs it, so that one damaged row does not
/// make the whole list fail.
pub fn openable<T>(opened: Result<T, StoreError>) -> Option<T> {
    opened
        .inspect_err(
            |error| tracing::error!(%error, "a row cannot be decrypted and is left out of a list"),
        )
        .ok()
}

/// Whether a text is ciphertext. User input is never taken for it: a name has at most 20
/// characters, a message 60; ciphertext has more, all of them base64url.
pub fn is_sealed(text: &str) -> bool {
    bytes_of(text).is_some()
}

fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(MARK)?).ok()?;
    (bytes.len() >= ID + NONCE + TAG).then_some(bytes)
}

fn derive_keys(secret: &[u8]) -> KeySet {
    let key = derived(secret, b"chuangquan rows");
    let [a, b, c, d, ..] = derived(secret, b"chuangquan name of the key of rows");
    let copies = mac(&derived(secret, b"chuangquan copies"));
    KeySet {
        key_id: [a, b, c, d],
        cipher: XChaCha20Poly1305::new(&Key::from(key)),
        backup_mac_key: copies,
        number_key: mac(&derived(secret, b"chuangquan numbers")),
    }
}

/// A key for one purpose, as HKDF expands a secret that is random already.
fn derived(secret: &[u8], purpose: &[u8]) -> [u8; 32] {
    mac(secret).chain_update(purpose).finalize().into_bytes().into()
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn mac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("a key of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_for_its_row_and_by_its_keys() {
        let (old, new): (&[u8], &[u8]) = (&[1; 64], &[2; 64]);
        let seal = Seal::of([old]);
        let closed = seal.seal("reports/1", "三楼的李测试").unwrap();
        assert!(is_sealed(&closed) && !closed.contains("李"));
        assert_eq!(seal.open("reports/1", &closed).unwrap(), "三楼的李测试");
        assert_ne!(closed, seal.seal("reports/1", "三楼的李测试").unwrap());
        assert!(seal.open("reports/2", &closed).is_err(), "another row");
        assert!(Seal::of([new]).open("reports/1", &closed).is_err(), "another secret");
        let both = Seal::of([new, old]);
        assert_eq!(both.open("reports/1", &closed).unwrap(), "三楼的李测试");
        assert!(!both.is_newest(&closed));
        assert_eq!(both.names().nth(1), seal.names().next());
        assert!(both.is_newest(&both.seal("reports/1", "x").unwrap()));
    }

    #[test]
    fn a_backup_mac_needs_the_secret() {
        let (old, new): (&[u8], &[u8]) = (&[1; 64], &[2; 64]);
        let code = Seal::of([old]).backup_mac(b"rows").unwrap();
        assert!(Seal::of([new, old]).verify_mac(b"rows", &format!("{code}\n")));
        assert!(!Seal::of([old]).verify_mac(b"more rows", &code));
        for other in ["", "x", &code[1..], &Seal::of([new]).backup_mac(b"rows").unwrap()] {
            assert!(!Seal::of([old]).verify_mac(b"rows", other), "{other}");
        }
        assert!(
            Seal::of([]).backup_mac(b"rows").is_err() && !Seal::of([]).verify_mac(b"rows", &code)
        );
    }

    #[test]
    fn nothing_that_was_changed_opens() {
        let seal = Seal::of([&[1; 64][..]]);
        let closed = seal.seal("reports/1", "门口").unwrap();
        for index in MARK.len()..closed.len() {
            let mut bytes = closed.clone().into_bytes();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            if changed != closed {
                assert!(seal.open("reports/1", &changed).is_err(), "{changed}");
            }
        }
        for no_seal in ["", "s1.", "王测试", "s1.王测试", &"a".repeat(90)] {
            assert!(!is_sealed(no_seal) && seal.open("reports/1", no_seal).is_err());
        }
        // What people write at most is never taken for it.
        assert!(!is_sealed(&format!("s1.{}", "a".repeat(57))));
    }
}

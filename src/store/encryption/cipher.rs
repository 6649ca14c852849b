//! Sealing: what people tell about themselves is kept encrypted, by keys that are made from
//! the secret file and never stand beside it.
//!
//! XChaCha20-Poly1305: a nonce of 24 random bytes can be drawn for every value without
//! counting. What is sealed is bound to the row that it belongs to, so that it opens nowhere
//! else, and names its key, so that old secrets can be told from newer ones.

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

/// A key and its name.
struct Lock {
    id: [u8; ID],
    cipher: XChaCha20Poly1305,
    copies: Hmac<Sha256>,
}

/// Seals by the newest key, opens by any. Cheap to clone.
#[derive(Clone)]
pub struct Seal(Arc<[Lock]>);

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    /// Makes the keys from secrets, the newest first.
    #[must_use]
    pub fn of<'s>(secrets: impl IntoIterator<Item = &'s [u8]>) -> Self {
        Self(secrets.into_iter().map(lock).collect())
    }

    /// Seals `text` for what is called `row`.
    ///
    /// # Errors
    /// [`StoreError::Setup`] when there is no key, or the system has no random bytes.
    pub fn seal(&self, row: &str, text: &str) -> Result<String, StoreError> {
        let fault = |problem: &str| StoreError::Setup(format!("cannot seal: {problem}"));
        let lock = self.0.first().ok_or_else(|| fault("there is no secret"))?;
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|error| fault(&error.to_string()))?;
        let payload = Payload { msg: text.as_bytes(), aad: row.as_bytes() };
        let closed = lock.cipher.encrypt(&XNonce::from(nonce), payload);
        let closed = closed.map_err(|_| fault("it is too long"))?;
        let bytes = [&lock.id[..], &nonce, &closed].concat();
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
        let lock = self.0.iter().find(|lock| lock.id == id);
        let lock = lock.ok_or_else(|| fault("it was sealed by another secret"))?;
        let payload = Payload { msg: closed, aad: row.as_bytes() };
        let opened = lock.cipher.decrypt(&XNonce::from(nonce), payload);
        let opened = opened.map_err(|_| fault("it is not what was sealed for this row"))?;
        String::from_utf8(opened).map_err(|_| fault("it is not text"))
    }

    /// A code over `bytes` of a copy, which nobody without the secret can write.
    ///
    /// # Errors
    /// [`StoreError::Setup`] when there is no key.
    pub fn code(&self, bytes: &[u8]) -> Result<String, StoreError> {
        let none = || StoreError::Setup("cannot vouch for a copy: there is no secret".into());
        let mac = self.0.first().ok_or_else(none)?.copies.clone().chain_update(bytes);
        Ok(URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    /// Whether `code` was written over `bytes` by one of the secrets.
    pub fn wrote(&self, bytes: &[u8], code: &str) -> bool {
        let Ok(code) = URL_SAFE_NO_PAD.decode(code.trim()) else { return false };
        let wrote =
            |lock: &Lock| lock.copies.clone().chain_update(bytes).verify_slice(&code).is_ok();
        self.0.iter().any(wrote)
    }

    /// The names of its keys, the newest first.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|lock| format!("{:08x}", u32::from_be_bytes(lock.id)))
    }

    /// Whether the newest key sealed it.
    pub fn is_newest(&self, sealed: &str) -> bool {
        let bytes = bytes_of(sealed).unwrap_or_default();
        self.0.first().is_some_and(|lock| bytes.starts_with(&lock.id))
    }
}

/// What could be opened. In lists, what could not is left out and said to the operator: one
/// damaged row must not take all others along.
pub fn openable<T>(opened: Result<T, StoreError>) -> Option<T> {
    opened.inspect_err(|error| tracing::error!(%error, "a row is left out of a list")).ok()
}

/// Whether a text is sealed. Nothing that people write is: a name has at most 20 characters,
/// a 寄语 60, and what is sealed has more, all of them letters and digits.
pub fn is_sealed(text: &str) -> bool {
    bytes_of(text).is_some()
}

fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(MARK)?).ok()?;
    (bytes.len() >= ID + NONCE + TAG).then_some(bytes)
}

fn lock(secret: &[u8]) -> Lock {
    let key = derived(secret, b"chuangquan rows");
    let [a, b, c, d, ..] = derived(secret, b"chuangquan name of the key of rows");
    let copies = mac(&derived(secret, b"chuangquan copies"));
    Lock { id: [a, b, c, d], cipher: XChaCha20Poly1305::new(&Key::from(key)), copies }
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
    fn only_who_has_the_secret_vouches_for_a_copy() {
        let (old, new): (&[u8], &[u8]) = (&[1; 64], &[2; 64]);
        let code = Seal::of([old]).code(b"rows").unwrap();
        assert!(Seal::of([new, old]).wrote(b"rows", &format!("{code}\n")));
        assert!(!Seal::of([old]).wrote(b"more rows", &code));
        for other in ["", "x", &code[1..], &Seal::of([new]).code(b"rows").unwrap()] {
            assert!(!Seal::of([old]).wrote(b"rows", other), "{other}");
        }
        assert!(Seal::of([]).code(b"rows").is_err() && !Seal::of([]).wrote(b"rows", &code));
    }

    #[test]
    fn nothing_that_was_changed_opens() {
        let seal = Seal::of([&[1; 64][..]]);
        let closed = seal.seal("reports/1", "门口").unwrap();
        for place in MARK.len()..closed.len() {
            let mut bytes = closed.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
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

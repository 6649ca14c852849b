//! Keys of signing forms, and the proofs that phones work out for them (decision 0046).
//!
//! A key says when a form was shown to which visitor; no row is kept of it. Where many forms were
//! shown in one network lately, a key asks for work, which a phone does while the form is filled in:
//! a script then pays for each signature, and a person waits for nothing.

use domain::{client_network::ClientNetwork, time::Millis, visitor::VisitorId};
use pbkdf2::pbkdf2_hmac;
use sha2::Sha256;
use store::RuleHit;
use subtle::ConstantTimeEq;

use super::effort::Effort;
use crate::{
    base::{Service, now},
    keyed_hash::HashKeys,
};

/// How long a key may be used, in milliseconds: two hours.
const KEY_MAX_AGE: Millis = 2 * 3_600_000;

/// How far the clocks of two nodes may be apart, in milliseconds.
const CLOCK_SKEW: Millis = 5_000;

/// Parts of a proof. Each takes a random number of tries; several make the time more even.
const PARTS: u8 = 4;

/// PBKDF2 iterations of a try. Browsers have PBKDF2 built in, so a phone is about as fast as a
/// program.
const ITERATIONS: u32 = 500;

/// What a signing form carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureKey {
    /// Value of the field `key`: time, effort and MAC.
    pub text: String,
    /// How much work it asks for.
    pub effort: Effort,
    /// Value of the field `proof`, if it was worked out already.
    pub proof: String,
}

/// What a form brought.
#[derive(Clone, Debug, Default)]
pub struct SentKey {
    /// The field `key`.
    pub key: String,
    /// The field `proof`: the solution of each part, with dots between.
    pub proof: String,
}

/// A key of ours, for this visitor, not too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KnownKey {
    /// Since it was issued.
    pub age: Millis,
    /// How much work it asks for.
    pub effort: Effort,
    /// Whether that was done; a key that asks for none proves nothing.
    pub proven: bool,
}

impl Service {
    /// Lets proofs take this many tries instead of [`Effort::BASE`]: for tests with thousands of
    /// signers.
    #[must_use]
    pub fn with_proof_effort(self, effort: Effort) -> Self {
        Self { proof_effort: effort, ..self }
    }

    /// A key for the form of `visitor` in `network`, which asks for work where many were issued
    /// lately.
    #[must_use]
    pub fn signature_key(&self, visitor: &VisitorId, network: &ClientNetwork) -> SignatureKey {
        let issued = self.issued_keys.increment(network.wide(), now());
        let effort = Effort::after(issued, self.proof_effort);
        self.key_of_effort(visitor, if self.limits { effort } else { Effort::NONE })
    }

    /// A key whose proof releases a signature that was held for the want of one.
    #[must_use]
    pub fn later_key(&self, visitor: &VisitorId, network: &ClientNetwork) -> SignatureKey {
        let issued = self.issued_keys.increment(network.wide(), now());
        let effort = Effort::after(issued, self.proof_effort).max(self.proof_effort);
        self.key_of_effort(visitor, effort)
    }

    /// The key of a form that is shown again, with its proof, as long as it is good; else a new one.
    #[must_use]
    pub fn key_again(
        &self,
        sent: SentKey,
        visitor: &VisitorId,
        network: &ClientNetwork,
    ) -> SignatureKey {
        match self.known_key(&sent, visitor, now()) {
            Some(known) => SignatureKey { text: sent.key, effort: known.effort, proof: sent.proof },
            None => self.signature_key(visitor, network),
        }
    }

    /// What a key that was sent is worth; `None` if it is not ours, not this visitor's, or too old.
    pub(crate) fn known_key(
        &self,
        sent: &SentKey,
        visitor: &VisitorId,
        now: Millis,
    ) -> Option<KnownKey> {
        read_key(&self.keys, sent, visitor, now)
    }

    /// The use of the proof of this key: good once.
    pub(crate) fn proof_hit(&self, sent: &SentKey) -> RuleHit {
        let bucket = self.keys.hash(&format!("proof of\n{}", sent.key));
        RuleHit::of_proof(bucket, KEY_MAX_AGE + CLOCK_SKEW)
    }

    fn key_of_effort(&self, visitor: &VisitorId, effort: Effort) -> SignatureKey {
        let text = key_text(&self.keys, visitor, now(), effort);
        SignatureKey { text, effort, proof: String::new() }
    }
}

fn key_text(keys: &HashKeys, visitor: &VisitorId, issued: Millis, effort: Effort) -> String {
    let mac = keys.hash(&mac_text(visitor, issued, effort));
    format!("{}.{mac}", key_head(issued, effort))
}

fn read_key(keys: &HashKeys, sent: &SentKey, visitor: &VisitorId, now: Millis) -> Option<KnownKey> {
    let (head, mac) = sent.key.rsplit_once('.')?;
    let (issued, effort) = head.split_once('.')?;
    let issued: Millis = issued.parse().ok()?;
    let effort = Effort(effort.parse().ok()?);
    let meant = mac_text(visitor, issued, effort);
    let mut ours = std::iter::once(keys.hash(&meant)).chain(keys.older_hashes(&meant));
    let is_ours = |known: String| bool::from(known.as_bytes().ct_eq(mac.as_bytes()));
    // As it was written: a number can be written in more than one way.
    let is_exact = head == key_head(issued, effort);
    if !is_exact || !ours.any(is_ours) {
        return None;
    }
    let age = now - issued;
    if !(-CLOCK_SKEW..=KEY_MAX_AGE).contains(&age) {
        return None;
    }
    let proven = effort > Effort::NONE && is_proof(&sent.key, effort, &sent.proof);
    Some(KnownKey { age: age.max(0), effort, proven })
}

fn key_head(issued: Millis, effort: Effort) -> String {
    format!("{issued}.{}", effort.0)
}

/// Each value on a line of its own, so that none can pass for a part of another.
fn mac_text(visitor: &VisitorId, issued: Millis, effort: Effort) -> String {
    format!("signature key\n{}\n{issued}\n{}", visitor.as_str(), effort.0)
}

/// Whether `proof` solves every part for `key`. Ends at the first wrong one, so nonsense costs a
/// single try.
fn is_proof(key: &str, effort: Effort, proof: &str) -> bool {
    let solutions: Option<Vec<u32>> = proof.split('.').map(|n| n.parse().ok()).take(8).collect();
    let Some(solutions) = solutions else { return false };
    solutions.len() == usize::from(PARTS)
        && (0..PARTS)
            .zip(solutions)
            .all(|(part, solution)| is_solution(key, effort, part, solution))
}

fn is_solution(key: &str, effort: Effort, part: u8, solution: u32) -> bool {
    let mut salt = [part; 5];
    salt[1..].copy_from_slice(&solution.to_be_bytes());
    let mut first = [0; 4];
    pbkdf2_hmac::<Sha256>(key.as_bytes(), &salt, ITERATIONS, &mut first);
    // About one in `effort` is as small.
    u32::from_be_bytes(first) <= u32::MAX / effort.0.max(1)
}

/// Works out a proof as a phone does: for tests and benchmarks.
#[must_use]
pub fn work_out(key: &str, effort: Effort) -> String {
    let solution = |part| (0..=u32::MAX).find(|n| is_solution(key, effort, part, *n));
    let solutions: Vec<String> = (0..PARTS).filter_map(solution).map(|n| n.to_string()).collect();
    solutions.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUED: Millis = 1_800_000_000_000;

    fn visitor(letter: &str) -> VisitorId {
        VisitorId::parse(&letter.repeat(22)).unwrap()
    }

    fn read(keys: &HashKeys, key: &str, proof: &str, now: Millis) -> Option<KnownKey> {
        let sent = SentKey { key: key.into(), proof: proof.into() };
        read_key(keys, &sent, &visitor("a"), now)
    }

    #[test]
    fn a_key_is_good_for_its_visitor_and_for_two_hours() {
        let keys = HashKeys::of([b"a secret".as_slice()]);
        let effort = Effort(3);
        let key = key_text(&keys, &visitor("a"), ISSUED, effort);
        let proof = work_out(&key, effort);
        let known = |age, proven| Some(KnownKey { age, effort, proven });
        assert_eq!(read(&keys, &key, &proof, ISSUED + 2_000), known(2_000, true));
        assert_eq!(read(&keys, &key, &proof, ISSUED + KEY_MAX_AGE), known(KEY_MAX_AGE, true));
        assert_eq!(read(&keys, &key, &proof, ISSUED + KEY_MAX_AGE + 1), None);
        assert_eq!(read(&keys, &key, &proof, ISSUED - 1_000), known(0, true), "clocks differ");
        assert_eq!(read(&keys, &key, &proof, ISSUED - 6_000), None);
        assert_eq!(read(&keys, &key, "", ISSUED), known(0, false));

        let others = key_text(&keys, &visitor("b"), ISSUED, effort);
        let older = HashKeys::of([b"new".as_slice(), b"a secret"]);
        assert_eq!(read(&keys, &others, &work_out(&others, effort), ISSUED), None);
        assert_eq!(read(&older, &key, &proof, ISSUED), known(0, true), "while a secret is rotated");
        assert_eq!(read(&HashKeys::of([b"b".as_slice()]), &key, &proof, ISSUED), None);
        let (head, mac) = key.rsplit_once('.').unwrap();
        let changed = [
            format!("{ISSUED}.1.{mac}"),
            format!("{}.3.{mac}", ISSUED + 1),
            format!("+{head}.{mac}"),
            format!("{ISSUED}.03.{mac}"),
            format!("{head}."),
            format!("{head}.{mac} "),
            head.to_owned(),
            mac.to_owned(),
            String::new(),
            "9".repeat(65_536),
        ];
        for key in changed {
            assert_eq!(read(&keys, &key, &proof, ISSUED), None, "{key:.60}");
        }
    }

    #[test]
    fn only_the_whole_proof_of_a_key_proves() {
        let keys = HashKeys::of([b"a secret".as_slice()]);
        let free = key_text(&keys, &visitor("a"), ISSUED, Effort::NONE);
        let known = read(&keys, &free, "0.0.0.0", ISSUED).unwrap();
        assert!(!known.proven, "what asks for no work proves nothing");

        let effort = Effort(40);
        let key = key_text(&keys, &visitor("a"), ISSUED, effort);
        let later = key_text(&keys, &visitor("a"), ISSUED + 1, effort);
        let proof = work_out(&key, effort);
        let is_proven = |key: &str, proof: &str| read(&keys, key, proof, ISSUED).unwrap().proven;
        assert!(is_proven(&key, &proof));
        assert!(!is_proven(&later, &proof));
        let parts: Vec<&str> = proof.split('.').collect();
        let wrong = [
            parts[..3].join("."),
            format!("{proof}.0"),
            format!("{proof}."),
            format!("{}.{}.{}.4294967296", parts[0], parts[1], parts[2]),
            format!("-{proof}"),
            parts.iter().rev().copied().collect::<Vec<_>>().join("."),
            ".".repeat(65_536),
            "9".repeat(65_536),
        ];
        for proof in wrong {
            assert!(!is_proven(&key, &proof), "{proof:.60}");
        }
    }
}

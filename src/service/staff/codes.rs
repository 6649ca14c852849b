//! Codes of a second factor: how they are typed, and when one is good.

use totp_rs::{Builder, Secret, Totp};

use crate::base::now;

/// A code as it was typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SentCode {
    /// Six digits.
    Totp(String),
    /// Digits and letters of anything else.
    OneTime(String),
}

impl SentCode {
    pub(super) fn of(typed: &str) -> Self {
        let plain = |c: char| match c {
            // Input methods for Chinese write wide digits.
            '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10),
            c if c.is_ascii_alphanumeric() => Some(c.to_ascii_lowercase()),
            _ => None,
        };
        let letters: String = typed.chars().filter_map(plain).take(40).collect();
        match letters.len() == 6 && letters.bytes().all(|byte| byte.is_ascii_digit()) {
            true => Self::Totp(letters),
            false => Self::OneTime(letters),
        }
    }
}

pub(super) fn totp(secret: &str, issuer: Option<String>, login: &str) -> Option<Totp> {
    let secret = Secret::try_from_base32(secret).ok()?;
    Builder::new().with_secret(secret).with_issuer(issuer).with_account_name(login).build().ok()
}

/// The step of a code that is good now, or was 30 seconds ago, or will be in 30; `None` if it is not,
/// or one as late as `last` was given already.
pub(super) fn accepted_step(secret: &str, digits: &str, last: i64) -> Option<i64> {
    let seconds = u64::try_from(now() / 1000).ok()?;
    let step = totp(secret, None, "staff")?.check(digits, seconds)?;
    i64::try_from(step).ok().filter(|step| *step > last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        for typed in ["123456", " 123 456 ", "１２３４５６", "123-456"] {
            assert_eq!(SentCode::of(typed), SentCode::Totp("123456".into()), "{typed}");
        }
        for typed in ["12345-67890", "1234567890", "１２３４５ 67890"] {
            assert_eq!(SentCode::of(typed), SentCode::OneTime("1234567890".into()), "{typed}");
        }
        assert_eq!(SentCode::of(""), SentCode::OneTime(String::new()));
        assert_eq!(SentCode::of("12345"), SentCode::OneTime("12345".into()));
    }

    /// The secret and codes of RFC 6238, appendix B, for SHA-1, of which apps show six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = Secret::new(Box::from(*b"12345678901234567890")).to_base32();
        let totp = totp(&secret, None, "staff").unwrap();
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")]
        {
            assert_eq!(totp.check(code, seconds), Some(seconds / 30), "{code}");
            assert_eq!(totp.check(code, seconds + 30), Some(seconds / 30), "half a minute late");
            assert_eq!(totp.check(code, seconds + 90), None);
        }
    }
}

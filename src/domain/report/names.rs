//! Identifiers of a report: the secret code in URLs, and the case number for telephone calls.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text;

/// An unguessable identifier in URLs: 22 characters of URL-safe base64 (16 random bytes).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(String);

/// Error of [`Code::parse`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 22 characters of URL-safe base64")]
pub struct InvalidCode;

impl Code {
    /// Length of a code, in characters.
    pub const LENGTH: usize = 22;

    /// Parses a code.
    ///
    /// # Errors
    /// [`InvalidCode`] if `text` has another length or other characters.
    pub fn parse(text: &str) -> Result<Self, InvalidCode> {
        let allowed = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
        let fits = text.len() == Self::LENGTH && text.bytes().all(allowed);
        fits.then(|| Self(text.to_owned())).ok_or(InvalidCode)
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Code {
    type Error = InvalidCode;

    fn try_from(text: String) -> Result<Self, InvalidCode> {
        Self::parse(&text)
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0
    }
}

/// Case number (办件编号) like `2026-00123-0`: short enough to read out, with a check digit at the
/// end. It is not secret and gives no access to the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseNumber {
    /// The year of filing.
    pub year: i16,
    /// Serial number of the report, from 1 over all years.
    pub serial: u64,
}

impl CaseNumber {
    /// Parses a typed number: of any width, with or without dashes and spaces, and with what people
    /// write around it: `办件编号：`, `#`. `None` if the format or the check digit is wrong.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let folded = text::folded(typed);
        let number = folded.trim_matches(|c: char| !c.is_ascii_digit());
        let digits: String = number.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        let well_formed =
            (10..=24).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_digit());
        if !well_formed {
            return None;
        }
        let (year, rest) = digits.split_at(4);
        let (serial, check) = rest.split_at(rest.len() - 1);
        let number = Self { year: year.parse().ok()?, serial: serial.parse().ok()? };
        // A telephone number is none.
        let is_year = (2000..3000).contains(&number.year);
        (is_year && check.parse() == Ok(number.check_digit())).then_some(number)
    }

    /// The digits of a typed number without its year: `#12`, `00012-3`. At most nine of them.
    #[must_use]
    pub fn short(typed: &str) -> Option<u64> {
        let folded = text::folded(typed);
        let number = folded.trim_start_matches(|c: char| "#办件编号: ".contains(c));
        let number = number.trim_end_matches(['号', '件', ' ']);
        let digits: String = number.chars().filter(|c| *c != '-').collect();
        let fits = (1..=9).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_digit());
        if fits { digits.parse().ok() } else { None }
    }

    /// Whether `digits` are its serial, or that with the check digit.
    #[must_use]
    pub fn is_short(self, digits: u64) -> bool {
        digits == self.serial
            || digits / 10 == self.serial && digits % 10 == u64::from(self.check_digit())
    }

    /// Luhn check digit (ISO/IEC 7812-1): detects every single wrong digit, and nearly every
    /// transposition of two neighbours.
    fn check_digit(self) -> u32 {
        let digits = format!("{:04}{:05}", self.year, self.serial);
        let sum: u32 = digits
            .bytes()
            .rev()
            .enumerate()
            .map(|(i, digit)| {
                let digit = u32::from(digit - b'0') * if i % 2 == 0 { 2 } else { 1 };
                digit / 10 + digit % 10
            })
            .sum();
        (10 - sum % 10) % 10
    }
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:05}-{}", self.year, self.serial, self.check_digit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_typed_case_numbers() {
        for serial in [1, 42, 99_999, 100_000, 123_456_789] {
            let number = CaseNumber { year: 2026, serial };
            let written = number.to_string();
            assert_eq!(CaseNumber::parse(&written), Some(number));
            assert_eq!(CaseNumber::parse(&written.replace('-', "")), Some(number));
            let wide: String = written
                .chars()
                .map(|c| match c {
                    '-' => '—',
                    digit => char::from_u32(digit as u32 + 0xFEE0).unwrap(),
                })
                .collect();
            for typed in [
                format!(" {} ", written.replace('-', " ")),
                wide,
                format!("办件编号：{written}"),
                format!("#{written}"),
                format!("（{written}）"),
            ] {
                assert_eq!(CaseNumber::parse(&typed), Some(number), "{typed}");
            }
        }
        for none in [
            "",
            "2026",
            "路口",
            "2026-00001-",
            "2026-00001-0",
            "2026-00001-0号楼2026",
            &"9".repeat(40),
        ] {
            assert_eq!(CaseNumber::parse(none), None, "{none}");
        }
    }

    #[test]
    fn a_number_may_be_typed_without_its_year() {
        let number = CaseNumber { year: 2026, serial: 123 };
        let check = number.check_digit();
        for typed in ["123", "#123", "＃１２３", "办件 123 号", "00123", &format!("00123-{check}")]
        {
            let short = CaseNumber::short(typed).unwrap();
            assert!(number.is_short(short), "{typed}");
        }
        let other = format!("00123-{}", (check + 1) % 10);
        assert!(!number.is_short(CaseNumber::short(&other).unwrap()));
        for none in ["", "123弄", "路口", "1234567890", "#"] {
            assert_eq!(CaseNumber::short(none), None, "{none}");
        }
    }

    #[test]
    fn detects_a_wrong_digit() {
        let written = CaseNumber { year: 2026, serial: 123 }.to_string();
        for (at, digit) in written.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
            for other in ('0'..='9').filter(|other| *other != digit) {
                let mut wrong = written.clone();
                wrong.replace_range(at..=at, &other.to_string());
                assert_eq!(CaseNumber::parse(&wrong), None, "{wrong}");
            }
        }
    }

    #[test]
    fn rejects_malformed_codes() {
        assert!(Code::parse("abcdefghijklmnopqrst-_").is_ok());
        for bad in ["", "abc", "abcdefghijklmnopqrstu/", "abcdefghijklmnopqrstuvwxyz"] {
            assert_eq!(Code::parse(bad), Err(InvalidCode));
        }
    }
}

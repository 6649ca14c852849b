//! Telephone numbers as people write them: `０２１－６０００ ００００转801（王阿姨）、138.0000.0000`.

mod number;
mod read;

use std::fmt;

pub use self::number::Telephone;
use super::{clean, error::TelephoneError};

/// Most numbers in one field.
const NUMBERS_MAX: usize = 3;

/// One to three telephone numbers. Displayed, they are as they are stored, and read again they are
/// the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telephones(Vec<Telephone>);

impl fmt::Display for Telephones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, telephone) in self.0.iter().enumerate() {
            write!(f, "{}{telephone}", if n == 0 { "" } else { "、" })?;
        }
        Ok(())
    }
}

impl Telephones {
    /// Reads a field; `None` if nothing is typed.
    ///
    /// # Errors
    /// [`TelephoneError`]: the first fault.
    pub fn parse(typed: &str) -> Result<Option<Self>, TelephoneError> {
        let line = clean::one_line(typed).map_err(TelephoneError::Text)?;
        if line.is_empty() {
            return Ok(None);
        }
        let mut found = Vec::new();
        for part in read::parts(&line) {
            found.extend(read::part_of(&part)?);
        }
        match found.len() {
            0 => Err(TelephoneError::NotANumber),
            n if n > NUMBERS_MAX => Err(TelephoneError::TooMany { most: NUMBERS_MAX }),
            _ => Ok(Some(Self(found))),
        }
    }

    /// Each of them.
    #[must_use]
    pub fn all(&self) -> &[Telephone] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::TextError;

    fn kept(typed: &str) -> String {
        Telephones::parse(typed).unwrap().unwrap().to_string()
    }

    #[test]
    fn takes_numbers_as_people_write_them() {
        for (typed, stored) in [
            ("138 0000 0000", "13800000000"),
            ("１３８００００００００", "13800000000"),
            ("021-6000 0000", "02160000000"),
            ("021—60000000", "02160000000"),
            ("021－6000－0000", "02160000000"),
            ("138.0000.0000", "13800000000"),
            ("138·0000·0000", "13800000000"),
            ("+86（21）60000000", "+862160000000"),
            ("(021)60000000", "02160000000"),
            ("12345", "12345"),
            ("60000000转801", "60000000转801"),
            ("021-60000000 转 801", "02160000000转801"),
            ("60000000转分机801", "60000000转801"),
            ("60000000分机：801", "60000000转801"),
            ("60000000 ext. 801", "60000000转801"),
            ("60000000x801", "60000000转801"),
            ("60000000#801", "60000000转801"),
            ("60000000-转801", "60000000转801"),
            ("60000000（转801）", "60000000转801"),
            ("13800000000（王阿姨）", "13800000000（王阿姨）"),
            ("13800000000(晚上打)", "13800000000（晚上打）"),
            ("13800000000【女儿】", "13800000000（女儿）"),
            ("13800000000（Ms Wang，周一打）", "13800000000（Ms Wang，周一打）"),
            ("13800000000（转告女儿）", "13800000000（转告女儿）"),
            ("13800000000（王（女儿", "13800000000（王女儿）"),
            ("021一60000000", "02160000000"),
            ("13800000000、13900000000", "13800000000、13900000000"),
            ("13800000000/021-60000000", "13800000000、02160000000"),
            ("13800000000 13900000000", "13800000000、13900000000"),
            ("138 0000 0000 139 0000 0000", "13800000000、13900000000"),
            ("60000000 60000001", "60000000、60000001"),
            ("13800000000或60000000转2", "13800000000、60000000转2"),
            ("13800000000（13900000000）", "13800000000、13900000000"),
            ("手机：13800000000", "13800000000"),
            ("电话号码：13800000000", "13800000000"),
            ("021-60000000-801", "02160000000转801"),
            ("60000000-801", "60000000转801"),
            ("60000000 801", "60000000转801"),
            ("60000000 12345", "60000000、12345"),
            ("6000000 6000001", "6000000、6000001"),
            ("400-820-0000", "4008200000"),
            ("0512-6000000", "05126000000"),
            ("+86 21 6000 0000", "+862160000000"),
            ("+8613800000000 +8613900000000", "+8613800000000、+8613900000000"),
            ("+44 20 7946 0000", "+442079460000"),
            ("Tel: 021 60000000", "02160000000"),
            ("\u{202A}13800000000\u{202C}", "13800000000"),
        ] {
            assert_eq!(kept(typed), stored, "{typed}");
        }
        assert_eq!(Telephones::parse(" \u{200B}"), Ok(None));
    }

    #[test]
    fn says_what_is_wrong() {
        for (typed, error) in [
            ("没有", TelephoneError::NotANumber),
            ("（王阿姨）", TelephoneError::NotANumber),
            ("1380000000O", TelephoneError::NotANumber),
            ("60000000转", TelephoneError::NotANumber),
            ("1234", TelephoneError::Digits(4)),
            ("1380000000012345678", TelephoneError::Digits(19)),
            ("10000、10001、10002、10003", TelephoneError::TooMany { most: 3 }),
            ("1380\u{0}0000", TelephoneError::Text(TextError::Control)),
        ] {
            assert_eq!(Telephones::parse(typed), Err(error), "{typed}");
        }
    }

    proptest! {
        /// However a number is broken up, it is the same, and stored it is read again the same.
        #[test]
        fn dashes_and_width_change_nothing(
            digits in "1[3-9][0-9]{9}", at in 1_usize..10, dash in "[-—–－. ·・]", wide in any::<bool>(),
        ) {
            let mut typed = digits.clone();
            typed.insert_str(at, &dash);
            if wide {
                typed = typed.chars().map(|c| match c {
                    '0'..='9' => char::from_u32(c as u32 + 0xFEE0).unwrap(),
                    other => other,
                }).collect();
            }
            prop_assert_eq!(kept(&typed), digits);
        }

        #[test]
        fn what_is_stored_is_read_again_the_same(typed in "([0-9０-９]{1,11}|[+转#()（）、/ 王xW一.-]){0,8}") {
            if let Ok(Some(once)) = Telephones::parse(&typed) {
                let again = Telephones::parse(&once.to_string());
                prop_assert_eq!(again, Ok(Some(once)), "{}", typed);
            }
        }
    }

    #[test]
    fn is_found_with_country_and_area_and_without() {
        let spellings = |typed: &str| {
            let phones = Telephones::parse(typed).unwrap().unwrap();
            phones.all()[0].spellings()
        };
        for typed in ["13800000000", "+86 138 0000 0000", "008613800000000", "8613800000000"] {
            assert_eq!(spellings(typed), ["13800000000"], "{typed}");
        }
        for typed in ["021-60000000", "+86（21）60000000", "+86 021 60000000"] {
            assert_eq!(spellings(typed), ["02160000000", "60000000"], "{typed}");
        }
        assert_eq!(spellings("0512-6000000"), ["05126000000", "6000000"]);
        assert_eq!(spellings("60000000转801"), ["60000000"]);
        assert_eq!(spellings("12345"), ["12345"]);
        assert_eq!(spellings("013800000000"), ["13800000000"]);
    }
}

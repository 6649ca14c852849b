//! Why a text is refused, in words for whoever typed it.

use crate::lang::LocalizedText;

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextError {
    /// It contains a control character.
    Control,
    /// It has more than `most` characters.
    TooLong {
        /// How many it may have.
        most: usize,
        /// How many it has.
        length: usize,
    },
    /// It contains a link.
    Link,
    /// It begins like a formula, which would run in an exported table.
    Formula,
}

impl From<TextError> for LocalizedText {
    fn from(error: TextError) -> Self {
        match error {
            TextError::Control => Self::new(
                "里面有无法保存的控制字符，请删去后重新输入",
                "There is a control character in it, which cannot be kept; please type it again",
            ),
            TextError::TooLong { most, length } => {
                let over = length.saturating_sub(most);
                Self::new(
                    format!("最多{most}个字，现在有{length}个，请删去{over}个"),
                    format!(
                        "At most {most} characters; there are {length} now. Please take out {over}"
                    ),
                )
            }
            TextError::Link => Self::new(
                "里面不能有网址，请删去",
                "There must be no web address in it; please take it out",
            ),
            TextError::Formula => {
                Self::new("不能以 = + - @ 开头", "It must not begin with = + - or @")
            }
        }
    }
}

/// Why a field is not a telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TelephoneError {
    /// It has no digits, or words that belong to no number.
    NotANumber,
    /// A number has too few or too many digits.
    Digits(usize),
    /// There are more numbers than are kept.
    TooMany {
        /// How many are kept.
        most: usize,
    },
    /// Faults of any text.
    Text(TextError),
}

impl From<TelephoneError> for LocalizedText {
    fn from(error: TelephoneError) -> Self {
        match error {
            TelephoneError::NotANumber => Self::new(
                "请填写电话号码，例如13800000000或021-60000000转801；备注写在括号里",
                "Please enter a telephone number, such as 13800000000 or 021-60000000 ext 801; \
                 remarks go into brackets",
            ),
            TelephoneError::Digits(digits) => Self::new(
                format!("这个号码有{digits}位数字；电话号码是5到15位，请检查"),
                format!("This number has {digits} digits; a telephone number has 5 to 15"),
            ),
            TelephoneError::TooMany { most } => Self::new(
                format!("最多填写{most}个号码"),
                format!("At most {most} numbers, please"),
            ),
            TelephoneError::Text(error) => error.into(),
        }
    }
}

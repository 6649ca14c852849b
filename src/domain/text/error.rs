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

impl TextError {
    /// The error text, about what is called so in Chinese and in English: 姓名, The name.
    #[must_use]
    pub fn about(self, zh: &str, en: &str) -> LocalizedText {
        match self {
            Self::Control => LocalizedText::new(
                format!("{zh}里有无法保存的控制字符，请重新输入"),
                format!("{en} has a control character, which cannot be kept; please type it again"),
            ),
            Self::TooLong { most, length } => {
                let over = length.saturating_sub(most);
                LocalizedText::new(
                    format!("{zh}最多{most}个字，现在有{length}个，请删去{over}个"),
                    format!(
                        "{en} may have {most} characters and has {length}; please take out {over}"
                    ),
                )
            }
            Self::Link => LocalizedText::new(
                format!("{zh}里不能有网址，请删去"),
                format!("{en} must not contain a web address; please take it out"),
            ),
            Self::Formula => LocalizedText::new(
                format!("{zh}不能以 = + - @ 开头"),
                format!("{en} must not begin with = + - or @"),
            ),
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
            TelephoneError::Text(error) => error.about("电话", "The telephone number"),
        }
    }
}

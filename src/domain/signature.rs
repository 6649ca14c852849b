//! Signatures: what a resident asks for, what is valid, and what is kept.

use super::{
    campaign::Campaign, lang::Said, report::action::command::FieldErrors, slug::Slug, text,
};

/// Longest name, in characters after NFC.
pub const NAME_MAX: usize = 20;
/// Longest 寄语, in characters after NFC.
pub const MESSAGE_MAX: usize = 60;

/// The name of a signer: 1–[`NAME_MAX`] characters, one line, nothing hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerName(String);

/// A 寄语: 1–[`MESSAGE_MAX`] characters, one line, no link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message(String);

/// Why a name is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// Nothing that can be seen.
    Blank,
    /// More than [`NAME_MAX`] characters.
    TooLong,
    /// A control or format character.
    Hidden,
    /// A link.
    Link,
    /// A beginning that a spreadsheet would take for a formula.
    Formula,
}

/// Why a 寄语 is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageError {
    /// More than [`MESSAGE_MAX`] characters.
    TooLong,
    /// A control or format character other than the emoji joiner.
    Hidden,
    /// A link.
    Link,
}

impl From<NameError> for Said {
    fn from(error: NameError) -> Self {
        match error {
            NameError::Blank => Self::new("请填写您的姓名", "Please enter your name"),
            NameError::TooLong => Self::new(
                format!("姓名最多{NAME_MAX}个字，请写短一些"),
                format!("A name has at most {NAME_MAX} characters; please shorten it"),
            ),
            NameError::Hidden => Self::new(
                "姓名里有看不见的特殊字符，请重新输入",
                "The name has invisible characters; please type it again",
            ),
            NameError::Link => Self::new("姓名里不能有网址", "A name cannot contain a web address"),
            NameError::Formula => {
                Self::new("姓名不能以 = + - @ 开头", "A name cannot begin with = + - or @")
            }
        }
    }
}

impl From<MessageError> for Said {
    fn from(error: MessageError) -> Self {
        match error {
            MessageError::TooLong => Self::new(
                format!("寄语最多{MESSAGE_MAX}个字，请写短一些"),
                format!("A message has at most {MESSAGE_MAX} characters; please shorten it"),
            ),
            MessageError::Hidden => Self::new(
                "寄语里有看不见的特殊字符，请重新输入",
                "The message has invisible characters; please type it again",
            ),
            MessageError::Link => {
                Self::new("寄语里不能有网址", "A message cannot contain a web address")
            }
        }
    }
}

impl SignerName {
    /// Takes what was typed as a name; blanks around it fall away.
    ///
    /// # Errors
    /// [`NameError`] says which rule it breaks.
    pub fn parse(typed: &str) -> Result<Self, NameError> {
        let name = text::nfc(typed.trim());
        if name.chars().any(|c| text::is_control(c) || text::is_format(c)) {
            Err(NameError::Hidden)
        } else if text::is_blank(&name) {
            Err(NameError::Blank)
        } else if text::length(&name) > NAME_MAX {
            Err(NameError::TooLong)
        } else if name.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
            Err(NameError::Formula)
        } else if text::has_link(&name) {
            Err(NameError::Link)
        } else {
            Ok(Self(name))
        }
    }

    /// The name as it is kept.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Message {
    /// Takes what was typed as a 寄语. Line breaks become spaces; `None` when
    /// nothing visible is left.
    ///
    /// # Errors
    /// [`MessageError`] says which rule it breaks.
    pub fn parse(typed: &str) -> Result<Option<Self>, MessageError> {
        let one_line = typed.split(['\r', '\n']).filter(|line| !line.is_empty());
        let message = text::nfc(one_line.collect::<Vec<_>>().join(" ").trim());
        let hidden = |c: char| c != text::ZERO_WIDTH_JOINER && text::is_format(c);
        if message.chars().any(|c| text::is_control(c) || hidden(c)) {
            Err(MessageError::Hidden)
        } else if text::is_blank(&message) {
            Ok(None)
        } else if text::length(&message) > MESSAGE_MAX {
            Err(MessageError::TooLong)
        } else if text::has_link(&message) {
            Err(MessageError::Link)
        } else {
            Ok(Some(Self(message)))
        }
    }

    /// The 寄语 as it is kept.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The form as it was posted, before any rule has looked at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignatureForm {
    /// Field `name`.
    pub name: String,
    /// Field `grid`: a slug, or empty for 说不清.
    pub grid: String,
    /// Field `pledges`, as often as it was sent.
    pub pledges: Vec<String>,
    /// Field `message`.
    pub message: String,
    /// Field `show_name`.
    pub show_name: bool,
    /// Field `consent`.
    pub consent: bool,
}

/// A signature that may be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSignature {
    /// Who signs.
    pub name: SignerName,
    /// Where they live; `None` for 说不清.
    pub grid: Option<Slug>,
    /// Which pledges they take on: at least one, each once, in campaign order.
    pub pledges: Vec<Slug>,
    /// What they add.
    pub message: Option<Message>,
    /// Whether the masked name may be shown.
    pub show_name: bool,
}

impl SignatureForm {
    /// Whether it is by whom that name is, as it is kept.
    #[must_use]
    pub fn is_by(&self, name: &str) -> bool {
        SignerName::parse(&self.name).is_ok_and(|own| own.as_str() == name)
    }

    /// Holds the form against the rules and the campaign.
    ///
    /// # Errors
    /// All faults at once, so that they can be mended at once, in the order in which a person
    /// meets them.
    pub fn check(&self, campaign: &Campaign) -> Result<NewSignature, FieldErrors> {
        let mut errors = FieldErrors::new();
        let unknown = self.pledges.iter().any(|slug| campaign.pledge(slug).is_none());
        let chosen = |slug: &Slug| self.pledges.iter().any(|p| p == slug.as_str());
        let pledges: Vec<Slug> = campaign
            .pledges
            .iter()
            .map(|pledge| &pledge.slug)
            .filter(|slug| chosen(slug))
            .cloned()
            .collect();
        if unknown {
            errors.push(("pledges", unknown_pledge()));
        } else if pledges.is_empty() {
            errors.push(("pledges", no_pledge()));
        }
        let name = SignerName::parse(&self.name).map_err(|error| ("name", error.into()));
        let grid = match self.grid.as_str() {
            "" => Ok(None),
            slug => match campaign.grid(slug) {
                Some(grid) => Ok(Some(grid.slug.clone())),
                None => Err(("grid", unknown_grid())),
            },
        };
        let message = Message::parse(&self.message).map_err(|error| ("message", error.into()));
        let consent = if self.consent { Ok(()) } else { Err(("consent", no_consent())) };
        match (name, grid, message, consent) {
            (Ok(name), Ok(grid), Ok(message), Ok(())) if errors.is_empty() => {
                Ok(NewSignature { name, grid, pledges, message, show_name: self.show_name })
            }
            (name, grid, message, consent) => {
                errors.extend(name.err());
                errors.extend(grid.err());
                errors.extend(message.err());
                errors.extend(consent.err());
                Err(errors)
            }
        }
    }
}

/// Said of a pledge that is not in the campaign.
fn unknown_pledge() -> Said {
    Said::new(
        "有一项承诺不在倡议里，请重新选择",
        "One of the pledges is unknown; please choose again",
    )
}

/// Said of a form without a pledge.
fn no_pledge() -> Said {
    Said::new("请至少选择一项承诺", "Please choose at least one pledge")
}

/// Said of a grid that is not in the campaign.
pub(super) fn unknown_grid() -> Said {
    Said::new(
        "没有找到这个小区或路段，请重新选择，或选“说不清”",
        "This compound or street was not found; please choose again, or choose “Not sure”",
    )
}

/// Said of a form without a consent.
pub(super) fn no_consent() -> Said {
    Said::new(
        "请先阅读并同意个人信息说明",
        "Please read and agree to the Personal information notice first",
    )
}

/// The ordinal of a stored signature: 第 N 位. Starts at 1; never used twice.
pub type Ordinal = u64;

/// A stored live signature, as its own visitor sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// 第 N 位.
    pub ordinal: Ordinal,
    /// The whole name; shown to its own visitor only.
    pub name: String,
    /// Where they live, if they said.
    pub grid: Option<Slug>,
    /// The pledges taken on.
    pub pledges: Vec<Slug>,
    /// What they added.
    pub message: Option<String>,
    /// When it was committed: milliseconds since 1970-01-01T00:00Z.
    pub signed_at: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_people_have_are_taken() {
        let twenty = "王".repeat(NAME_MAX);
        for name in ["王测试", "阿卜杜拉·测试", "J. Test", "O'Test", "𠮷测试", twenty.as_str()]
        {
            assert_eq!(SignerName::parse(name).unwrap().as_str(), name);
        }
        assert_eq!(SignerName::parse(" \u{3000}王测试 ").unwrap().as_str(), "王测试");
        assert_eq!(
            SignerName::parse(&"e\u{301}".repeat(NAME_MAX)).unwrap().as_str(),
            "é".repeat(20)
        );
    }

    #[test]
    fn names_that_hide_something_are_refused() {
        let cases = [
            ("", NameError::Blank),
            (" \u{3000} ", NameError::Blank),
            ("\u{3164}", NameError::Blank),
            (&*"王".repeat(NAME_MAX + 1), NameError::TooLong),
            ("王\u{0}测", NameError::Hidden),
            ("王\n测", NameError::Hidden),
            ("王\u{200B}测", NameError::Hidden),
            ("王\u{200D}测", NameError::Hidden),
            ("\u{202E}试测王", NameError::Hidden),
            ("王\u{2028}测", NameError::Hidden),
            ("=1+1", NameError::Formula),
            ("＋王", NameError::Formula),
            ("-王", NameError::Formula),
            ("@王", NameError::Formula),
            ("加微信 abc.com", NameError::Link),
        ];
        for (name, error) in cases {
            assert_eq!(SignerName::parse(name), Err(error), "{name:?}");
        }
    }

    #[test]
    fn messages_keep_emoji_and_lose_line_breaks() {
        let family = "👨\u{200D}👩\u{200D}👧 加油";
        assert_eq!(Message::parse(family).unwrap().unwrap().as_str(), family);
        assert_eq!(Message::parse("一\r\n二").unwrap().unwrap().as_str(), "一 二");
        assert_eq!(Message::parse(" \r\n "), Ok(None));
        assert_eq!(Message::parse(&"好".repeat(61)), Err(MessageError::TooLong));
        assert_eq!(Message::parse("好\u{202E}"), Err(MessageError::Hidden));
        assert_eq!(Message::parse("看 http://x.y"), Err(MessageError::Link));
        assert!(Message::parse(&"好".repeat(60)).is_ok());
    }
}

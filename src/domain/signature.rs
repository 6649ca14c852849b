//! Signatures: the form and its validation, and the stored signature.

use super::{
    campaign::Campaign, lang::LocalizedText, report::action::command::FieldErrors, slug::Slug, text,
};

/// Longest name, in characters after NFC.
pub const NAME_MAX: usize = 20;
/// Longest 寄语, in characters after NFC.
pub const MESSAGE_MAX: usize = 60;

/// Name of a signer: 1–[`NAME_MAX`] characters, one line, no invisible characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerName(String);

/// A message (寄语): 1–[`MESSAGE_MAX`] characters, one line, no link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message(String);

/// Validation error of a [`SignerName`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// No visible character.
    Blank,
    /// More than [`NAME_MAX`] characters.
    TooLong,
    /// Contains a control or format character.
    Hidden,
    /// Contains a link.
    Link,
    /// Begins like a spreadsheet formula, which would run in an exported table.
    Formula,
}

/// Validation error of a [`Message`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageError {
    /// More than [`MESSAGE_MAX`] characters.
    TooLong,
    /// Contains a control or format character other than the zero-width joiner.
    Hidden,
    /// Contains a link.
    Link,
}

impl From<NameError> for LocalizedText {
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

impl From<MessageError> for LocalizedText {
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
    /// Parses a typed name; surrounding white space is removed.
    ///
    /// # Errors
    /// [`NameError`]: the first rule that `typed` breaks.
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

    /// The normalised name, as stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Message {
    /// Parses a typed message. Line breaks become spaces; `None` if nothing visible is left.
    ///
    /// # Errors
    /// [`MessageError`]: the first rule that `typed` breaks.
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

    /// The normalised message, as stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Posted fields of the form, not yet validated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignatureForm {
    /// Field `name`.
    pub name: String,
    /// Field `grid`: a slug, or empty for 说不清 (not sure).
    pub grid: String,
    /// All values of the field `pledges`.
    pub pledges: Vec<String>,
    /// Field `message`.
    pub message: String,
    /// Field `show_name`.
    pub show_name: bool,
    /// Field `consent`.
    pub consent: bool,
}

/// A validated signature, not yet stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSignature {
    /// Name of the signer.
    pub name: SignerName,
    /// Grid in which they live; `None` for 说不清 (not sure).
    pub grid: Option<Slug>,
    /// Chosen pledges: at least one, no duplicates, in campaign order.
    pub pledges: Vec<Slug>,
    /// Message, if any.
    pub message: Option<Message>,
    /// Whether the masked name may be shown publicly.
    pub show_name: bool,
}

impl SignatureForm {
    /// Whether the normalised name in the form equals `name`, a stored one.
    #[must_use]
    pub fn has_name(&self, name: &str) -> bool {
        SignerName::parse(&self.name).is_ok_and(|parsed| parsed.as_str() == name)
    }

    /// Validates the form against the campaign.
    ///
    /// # Errors
    /// All invalid fields, in the order of the form.
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

/// Error text for a pledge that is not in the campaign.
fn unknown_pledge() -> LocalizedText {
    LocalizedText::new(
        "有一项承诺不在倡议里，请重新选择",
        "One of the pledges is unknown; please choose again",
    )
}

/// Error text for a form without a pledge.
fn no_pledge() -> LocalizedText {
    LocalizedText::new("请至少选择一项承诺", "Please choose at least one pledge")
}

/// Error text for a grid that is not in the campaign.
pub(super) fn unknown_grid() -> LocalizedText {
    LocalizedText::new(
        "没有找到这个小区或路段，请重新选择，或选“说不清”",
        "This compound or street was not found; please choose again, or choose “Not sure”",
    )
}

/// Error text for a form without consent.
pub(super) fn no_consent() -> LocalizedText {
    LocalizedText::new(
        "请先阅读并同意个人信息说明",
        "Please read and agree to the Personal information notice first",
    )
}

/// Ordinal of a stored signature (第 N 位): from 1, never reused.
pub type Ordinal = u64;

/// A stored signature that is not withdrawn, as shown to its own visitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Ordinal (第 N 位).
    pub ordinal: Ordinal,
    /// Full name; shown only to its own visitor.
    pub name: String,
    /// Grid in which they live, if given.
    pub grid: Option<Slug>,
    /// Chosen pledges.
    pub pledges: Vec<Slug>,
    /// Message, if any.
    pub message: Option<String>,
    /// Commit time, in milliseconds since 1970-01-01T00:00Z.
    pub signed_at: i64,
    /// Whether it is suspect only for the want of a proof
    /// ([`FraudRule::NoProof`](crate::signature_review::FraudRule::NoProof)).
    pub awaits_proof: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_common_names() {
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
    fn rejects_invalid_names() {
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

//! Signatures: the form and its validation, and the stored signature.

use super::{
    campaign::Campaign,
    lang::LocalizedText,
    report::action::command::FieldErrors,
    slug::Slug,
    text::{self, Name, TextError},
};

/// Longest 寄语, in characters.
pub const MESSAGE_MAX: usize = 60;

/// A message (寄语): 1–[`MESSAGE_MAX`] characters, one line, no link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message(String);

impl Message {
    /// Parses a typed message. Line breaks become spaces; `None` if nothing visible is left.
    ///
    /// # Errors
    /// [`TextError`]: the first rule that `typed` breaks.
    pub fn parse(typed: &str) -> Result<Option<Self>, TextError> {
        let message = text::one_line(typed, MESSAGE_MAX).and_then(text::without_links)?;
        Ok(message.map(Self))
    }

    /// The message as it is stored.
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
    pub name: Name,
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
    /// Whether the name in the form is `name`, a stored one, to whoever reads them.
    #[must_use]
    pub fn has_name(&self, name: &str) -> bool {
        text::folded(&self.name) == text::folded(name)
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
        let name = match Name::parse(&self.name) {
            Ok(Some(name)) => Ok(name),
            Ok(None) => Err(("name", no_name())),
            Err(error) => Err(("name", name_error(error))),
        };
        let grid = match self.grid.as_str() {
            "" => Ok(None),
            slug => match campaign.grid(slug) {
                Some(grid) => Ok(Some(grid.slug.clone())),
                None => Err(("grid", unknown_grid())),
            },
        };
        let message =
            Message::parse(&self.message).map_err(|error| ("message", message_error(error)));
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

/// Error text for a form without a name.
#[must_use]
pub fn no_name() -> LocalizedText {
    LocalizedText::new("请填写您的姓名", "Please enter your name")
}

/// Error text for a faulty name.
#[must_use]
pub fn name_error(error: TextError) -> LocalizedText {
    error.about("姓名", "The name")
}

/// Error text for a faulty message.
#[must_use]
pub fn message_error(error: TextError) -> LocalizedText {
    error.about("寄语", "The message")
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
    fn messages_keep_emoji_and_lose_line_breaks() {
        let family = "👨\u{200D}👩\u{200D}👧 加油";
        assert_eq!(Message::parse(family).unwrap().unwrap().as_str(), family);
        assert_eq!(Message::parse("一\r\n二").unwrap().unwrap().as_str(), "一 二");
        assert_eq!(Message::parse(" \r\n "), Ok(None));
        let too_long = TextError::TooLong { most: 60, length: 61 };
        assert_eq!(Message::parse(&"好".repeat(61)), Err(too_long));
        assert_eq!(Message::parse("好\u{202E}").unwrap().unwrap().as_str(), "好");
        assert_eq!(Message::parse("好\u{0}"), Err(TextError::Control));
        assert_eq!(Message::parse("看 http://x.y"), Err(TextError::Link));
        assert!(Message::parse("我用 A.app").is_ok(), "looked at by staff");
        assert!(Message::parse(&"👨\u{200D}👩\u{200D}👧".repeat(60)).is_ok());
        assert!(Message::parse(&"好".repeat(60)).is_ok());
    }
}

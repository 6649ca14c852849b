//! Texts of any field: cleaned, measured, and refused where they break a rule.

use super::{
    clean,
    error::TextError,
    link::{Links, links},
    unicode::length,
};

/// Length of what will be stored of a line that is being typed.
#[must_use]
pub fn typed_length(typed: &str) -> usize {
    clean::one_line(typed).map_or_else(|_| length(typed), |line| length(&line))
}

/// One line of text for storage: line breaks become spaces; `None` if nothing is visible.
///
/// # Errors
/// [`TextError::Control`], or [`TextError::TooLong`] beyond `most` characters.
pub fn one_line(typed: &str, most: usize) -> Result<Option<String>, TextError> {
    fits(clean::one_line(typed)?, most)
}

/// Text for storage, its lines with `\n` between them; `None` if nothing is visible.
///
/// # Errors
/// As [`one_line`].
pub fn lines(typed: &str, most: usize) -> Result<Option<String>, TextError> {
    fits(clean::lines(typed)?, most)
}

/// A text that contains no certain link.
///
/// # Errors
/// [`TextError::Link`]
pub fn without_links(text: Option<String>) -> Result<Option<String>, TextError> {
    match &text {
        Some(text) if links(text) == Links::Certain => Err(TextError::Link),
        _ => Ok(text),
    }
}

fn fits(text: String, most: usize) -> Result<Option<String>, TextError> {
    if is_blank(&text) {
        return Ok(None);
    }
    let length = length(&text);
    if length > most { Err(TextError::TooLong { most, length }) } else { Ok(Some(text)) }
}

/// Whether `text` has no visible character: only white space, fillers or variation selectors.
fn is_blank(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_whitespace()
            || clean::is_invisible(c)
            || matches!(c, '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{2800}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    #[test]
    fn text_without_visible_characters_is_none() {
        for blank in [
            "",
            " ",
            "\u{3000}\t",
            "\u{200B}",
            "\u{3164}",
            "\u{2800}\u{FE0F}",
            "\u{180B}",
            "\u{17B4}",
            "\r\n",
        ] {
            assert_eq!(lines(blank, 10), Ok(None), "{blank:?}");
            assert_eq!(one_line(blank, 10), Ok(None), "{blank:?}");
        }
        assert_eq!(one_line(" 王\r\n测 ", 10), Ok(Some("王 测".into())));
        assert_eq!(lines(" 王\r\n测 ", 10), Ok(Some("王\n测".into())));
    }

    #[test]
    fn errors_say_by_how_much() {
        let error = one_line(&"好".repeat(61), 60).unwrap_err();
        assert_eq!(error, TextError::TooLong { most: 60, length: 61 });
        let said = error.about("寄语", "The message");
        let (zh, en) = (said.in_lang(Lang::Zh), said.in_lang(Lang::En));
        assert_eq!(zh, "寄语最多60个字，现在有61个，请删去1个");
        assert_eq!(en, "The message may have 60 characters and has 61; please take out 1");
    }
}

//! UI languages, and texts in both of them.
//!
//! A text and its translation stand together where they are used: `lang.say("签名", "Sign")`.
//! Staff pages are in Chinese only.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

/// A language of the public pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lang {
    /// Simplified Chinese, the default.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// Both languages.
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// BCP 47 tag, for HTML and HTTP.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// Value in URLs and cookies.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// Name of the language in that language.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zh => "中文",
            Self::En => "English",
        }
    }

    /// The other language.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Zh => Self::En,
            Self::En => Self::Zh,
        }
    }

    /// Parses a BCP 47 tag by its primary subtag: `en-GB` is English.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.trim().split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|lang| primary.eq_ignore_ascii_case(lang.as_str()))
    }

    /// The preferred language of an `Accept-Language` header (RFC 9110, section 12.5.4); Chinese if
    /// it has neither language, or both with the same weight.
    #[must_use]
    pub fn from_accept_language(header: &str) -> Self {
        let weight = |lang: Self| {
            let weights = header.split(',').filter_map(|range| {
                let mut parts = range.split(';');
                let named = Self::parse(parts.next()?)? == lang;
                let weight = parts.find_map(|part| part.trim().strip_prefix("q="));
                named.then(|| weight.map_or(1.0, |q| q.trim().parse::<f32>().unwrap_or(0.0)))
            });
            weights.fold(0.0, f32::max)
        };
        if weight(Self::En) > weight(Self::Zh) { Self::En } else { Self::Zh }
    }

    /// `lang` attribute for text written by staff: Chinese; `None` if the page is Chinese as well.
    #[must_use]
    pub fn staff_text_lang(self) -> Option<&'static str> {
        (self != Self::Zh).then_some(Self::Zh.tag())
    }

    /// Selects the text in this language.
    #[must_use]
    pub fn say<T>(self, zh: T, en: T) -> T {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

/// A text in both languages, to be shown once the reader's language is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalizedText {
    zh: Cow<'static, str>,
    /// `None` for text that only staff read.
    en: Option<Cow<'static, str>>,
}

impl LocalizedText {
    /// A text in both languages.
    #[must_use]
    pub fn new(zh: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        Self { zh: zh.into(), en: Some(en.into()) }
    }

    /// The text in `lang`; Chinese if there is no English text.
    #[must_use]
    pub fn in_lang(&self, lang: Lang) -> &str {
        match (lang, &self.en) {
            (Lang::En, Some(english)) => english,
            _ => &self.zh,
        }
    }
}

/// Formats the Chinese text.
impl fmt::Display for LocalizedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.zh)
    }
}

impl From<&'static str> for LocalizedText {
    fn from(zh: &'static str) -> Self {
        Self { zh: zh.into(), en: None }
    }
}

impl From<String> for LocalizedText {
    fn from(zh: String) -> Self {
        Self { zh: zh.into(), en: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_language_selects_the_highest_weight() {
        for (header, lang) in [
            ("", Lang::Zh),
            ("*", Lang::Zh),
            ("zh-CN,zh;q=0.9,en;q=0.8", Lang::Zh),
            ("en-US,en;q=0.9", Lang::En),
            ("en-GB,en;q=0.9,zh;q=0.8", Lang::En),
            ("en;q=0.5, zh-TW", Lang::Zh),
            ("fr-FR, fr;q=0.9, en;q=0.8, zh;q=0.2", Lang::En),
            ("fr, de;q=0.5", Lang::Zh),
            ("zh;q=0, EN;q=0.1", Lang::En),
            ("en;q=0", Lang::Zh),
            ("en;q=x;;,,;q=1", Lang::Zh),
            ("zh, en", Lang::Zh),
        ] {
            assert_eq!(Lang::from_accept_language(header), lang, "{header:?}");
        }
    }

    #[test]
    fn text_without_english_falls_back_to_chinese() {
        assert_eq!(LocalizedText::new("好", "Good").in_lang(Lang::En), "Good");
        assert_eq!(LocalizedText::new("好", "Good").in_lang(Lang::Zh), "好");
        assert_eq!(LocalizedText::from("好").in_lang(Lang::En), "好");
    }
}

//! The languages that residents read, and words in both.
//!
//! Each word stands beside its translation, where it is used: `lang.say("签名", "Sign")`.
//! Staff read Chinese.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

/// A language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lang {
    /// Simplified Chinese: what the campaign is written in.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// Its name in HTML and HTTP (BCP 47).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// Its name in addresses and cookies.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// What it calls itself.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zh => "中文",
            Self::En => "English",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Zh => Self::En,
            Self::En => Self::Zh,
        }
    }

    /// Reads a language tag by its first part, so that `en-GB` is English.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.trim().split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|lang| primary.eq_ignore_ascii_case(lang.as_str()))
    }

    /// The best of an `Accept-Language` (RFC 9110, section 12.5.4); Chinese where it asks
    /// for neither, or for both alike.
    #[must_use]
    pub fn accepted(header: &str) -> Self {
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

    /// The language of what staff wrote, where it is another one than this.
    #[must_use]
    pub fn of_staff(self) -> Option<&'static str> {
        (self != Self::Zh).then_some(Self::Zh.tag())
    }

    /// The one of two words that is in this language.
    #[must_use]
    pub fn say<T>(self, zh: T, en: T) -> T {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

/// A sentence that is made before it is known who will read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    zh: Cow<'static, str>,
    /// Missing where only staff read it.
    en: Option<Cow<'static, str>>,
}

impl Said {
    /// The sentence in both languages.
    #[must_use]
    pub fn new(zh: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        Self { zh: zh.into(), en: Some(en.into()) }
    }

    /// The sentence in `lang`, as far as there is one.
    #[must_use]
    pub fn in_lang(&self, lang: Lang) -> &str {
        match (lang, &self.en) {
            (Lang::En, Some(english)) => english,
            _ => &self.zh,
        }
    }
}

/// In Chinese.
impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.zh)
    }
}

impl From<&'static str> for Said {
    fn from(zh: &'static str) -> Self {
        Self { zh: zh.into(), en: None }
    }
}

impl From<String> for Said {
    fn from(zh: String) -> Self {
        Self { zh: zh.into(), en: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_that_is_liked_best_is_taken() {
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
            assert_eq!(Lang::accepted(header), lang, "{header:?}");
        }
    }

    #[test]
    fn a_sentence_without_english_is_said_in_chinese() {
        assert_eq!(Said::new("好", "Good").in_lang(Lang::En), "Good");
        assert_eq!(Said::new("好", "Good").in_lang(Lang::Zh), "好");
        assert_eq!(Said::from("好").in_lang(Lang::En), "好");
    }
}

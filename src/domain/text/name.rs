//! Names of people, and what of them the public sees.

use unicode_normalization::UnicodeNormalization;

use super::{
    error::TextError,
    field::one_line,
    link::{Links, links},
};

/// A name: 1 to [`Name::MAX`] characters on one line, without links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Longest name, in characters.
    pub const MAX: usize = 40;

    /// Parses a typed name; `None` if nothing visible is typed.
    ///
    /// # Errors
    /// [`TextError`]: the first rule that `typed` breaks.
    pub fn parse(typed: &str) -> Result<Option<Self>, TextError> {
        let Some(name) = one_line(typed, Self::MAX)? else { return Ok(None) };
        if name.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
            Err(TextError::Formula)
        } else if links(&name) != Links::None {
            Err(TextError::Link)
        } else {
            Ok(Some(Self(name)))
        }
    }

    /// The name as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a name may be shown to everyone: letters that people here have in their names, at least
/// two, with at most one separator between two of them. Digits, signs, letters in disguise (full
/// width, circled) and of scripts that nobody signs with spell things that no name does.
#[must_use]
pub fn is_presentable(name: &str) -> bool {
    const SEPARATORS: [&str; 8] = ["", " ", "·", "'", "’", "-", ".", ". "];
    let (mut letters, mut marks, mut separator) = (0, 0, String::new());
    for c in name.chars() {
        if is_name_letter(c) {
            if letters == 0 && !separator.is_empty() || !SEPARATORS.contains(&separator.as_str()) {
                return false;
            }
            separator.clear();
            (letters, marks) = (letters + 1, 0);
        } else if is_name_mark(c) && separator.is_empty() && letters > 0 && marks < 2 {
            marks += 1;
        } else {
            separator.push(c);
        }
    }
    letters >= 2 && separator.is_empty() && name.nfkc().eq(name.chars())
}

/// Letters of Chinese, Latin, Cyrillic, Arabic (Uyghur), Tibetan, Mongolian, Yi, Hangul and kana, but
/// not the two 卍, which are Chinese characters as well.
fn is_name_letter(c: char) -> bool {
    let of_a_name = matches!(c,
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{400}'..='\u{481}'
        | '\u{48a}'..='\u{52f}' | '\u{620}'..='\u{64a}' | '\u{66e}'..='\u{6d3}' | '\u{f40}'..='\u{f6c}'
        | '\u{1820}'..='\u{1878}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{a000}'..='\u{a48c}'
        | '\u{ac00}'..='\u{d7a3}' | '\u{20000}'..='\u{323af}');
    of_a_name && c.is_alphabetic() && !matches!(c, '卍' | '卐')
}

/// Marks that stand on or under a letter of a name: accents, Arabic and Tibetan vowels.
const fn is_name_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{331}' | '\u{64b}'..='\u{655}' | '\u{f71}'..='\u{f84}' | '\u{f90}'..='\u{fbc}')
}

/// The public form of a name: its first letter, and an asterisk for each further one, at most two:
/// 王测试 is 王**, 欧阳 is 欧*. A single letter is not shown.
#[must_use]
pub fn masked(name: &str) -> String {
    let mut letters = name.chars().filter(|c| c.is_alphabetic());
    let Some(first) = letters.next() else { return "*".into() };
    match letters.count() {
        0 => "*".into(),
        further => {
            let marks = name.chars().skip_while(|c| *c != first).skip(1);
            let marks = marks.take_while(|c| is_name_mark(*c)).take(2);
            [first].into_iter().chain(marks).chain("**".chars().take(further)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_names_of_people() {
        let forty = "王".repeat(Name::MAX);
        for name in [
            "王测试",
            "王",
            "阿卜杜拉·测试",
            "J. Test",
            "J.Li",
            "O'Test",
            "𠮷测试",
            "می\u{200C}خواهم",
            "王👨\u{200D}👩\u{200D}👧",
            forty.as_str(),
        ] {
            assert_eq!(Name::parse(name).unwrap().unwrap().as_str(), name);
        }
        for (typed, kept) in [
            (" \u{3000}王测试 ", "王测试"),
            ("\u{FEFF}王\u{200B}测\u{202E}试", "王测试"),
            ("王\n测\u{2028}试", "王 测 试"),
        ] {
            assert_eq!(Name::parse(typed).unwrap().unwrap().as_str(), kept);
        }
        let decomposed = Name::parse(&"e\u{301}".repeat(Name::MAX)).unwrap().unwrap();
        assert_eq!(decomposed.as_str(), "é".repeat(Name::MAX));
        for blank in ["", " \u{3000} ", "\u{3164}", "\u{200B}"] {
            assert_eq!(Name::parse(blank), Ok(None));
        }
    }

    #[test]
    fn refuses_what_is_no_name() {
        let long = "王".repeat(Name::MAX + 2);
        for (typed, error) in [
            (long.as_str(), TextError::TooLong { most: 40, length: 42 }),
            ("王\u{0}测", TextError::Control),
            ("=1+1", TextError::Formula),
            ("＋王", TextError::Formula),
            ("\u{200B}-王", TextError::Formula),
            ("@王", TextError::Formula),
            ("加微信 abc.com", TextError::Link),
            ("王v2.cn", TextError::Link),
            ("http://a.b", TextError::Link),
        ] {
            assert_eq!(Name::parse(typed), Err(error), "{typed:?}");
        }
    }

    #[test]
    fn masks_all_but_the_first_letter() {
        for (name, shown) in [
            ("王测试", "王**"),
            ("欧阳", "欧*"),
            ("王", "*"),
            ("𠮷田", "𠮷*"),
            ("阿卜杜拉·测试", "阿**"),
            ("J. Test", "J**"),
            ("e\u{301}a", "e\u{301}*"),
            ("1", "*"),
            ("王1", "*"),
            ("", "*"),
        ] {
            assert_eq!(masked(name), shown, "{name}");
        }
    }

    #[test]
    fn only_names_are_presentable() {
        for name in [
            "欧阳",
            "王测试",
            "阿卜杜拉·测试",
            "J. Test",
            "J.Test",
            "O'Test",
            "Anne-Marie Test",
            "José Test",
        ] {
            assert!(is_presentable(name), "{name}");
        }
        for other in [
            "",
            "王",
            "王1",
            "✊✊",
            "Ⓐ王",
            "\u{FDFA}",
            "王  测",
            "·王测",
            "王测·",
            "王、测",
            "Ａｂ",
            "打 倒!",
            "\u{301}王测",
            "王·\u{301}测",
            "党\u{20e0}测",
            "x\u{301}\u{302}\u{303}a",
            "卐卐",
            "\u{13000}\u{13001}",
            "\u{115f}王",
        ] {
            assert!(!is_presentable(other), "{other}");
        }
    }
}

//! Validation of short free text: normalisation, length, invisible characters and links.

#[cfg(not(target_arch = "wasm32"))]
use unicode_normalization::UnicodeNormalization;

/// Normalises to Unicode NFC, so that composed and decomposed characters count the same. The wasm
/// build calls JavaScript's `normalize`, which keeps the Unicode tables out of the wasm file.
#[must_use]
pub fn nfc(text: &str) -> String {
    #[cfg(not(target_arch = "wasm32"))]
    return UnicodeNormalization::nfc(text).collect();
    #[cfg(target_arch = "wasm32")]
    return js_sys::JsString::from(text).normalize("NFC").into();
}

/// Length in characters (Unicode scalar values), the unit of every limit.
#[must_use]
pub fn length(text: &str) -> usize {
    text.chars().count()
}

/// Zero-width joiner: part of many emoji, so the only format character that messages and report
/// texts may contain.
pub const ZERO_WIDTH_JOINER: char = '\u{200D}';

/// Whether `c` is a format character (general category Cf): invisible, and able to hide or reorder
/// the characters next to it.
///
/// The ranges are those of Unicode 16 (`UnicodeData.txt`, category Cf). A test compares them with
/// the tables of the crate `unicode-general-category`.
#[must_use]
pub const fn is_format(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}'
        | '\u{890}'..='\u{891}' | '\u{8E2}' | '\u{180E}' | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206F}'
        | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{110BD}' | '\u{110CD}'
        | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0001}' | '\u{E0020}'..='\u{E007F}')
}

/// Whether `c` is a control character (Cc) or a line or paragraph separator (Zl, Zp).
#[must_use]
pub fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether `text` has no visible character: only white space, fillers or variation selectors.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_whitespace()
            || is_format(c)
            || matches!(c,
                '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' | '\u{2800}'
                | '\u{34F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
    })
}

/// Whether `text` contains a URL or host name, which phones would turn into a link.
#[must_use]
pub fn has_link(text: &str) -> bool {
    const TLDS: [&str; 16] = [
        "com", "cn", "net", "org", "top", "xyz", "cc", "vip", "info", "shop", "site", "club",
        "ltd", "app", "link", "online",
    ];
    let lower = text.to_ascii_lowercase().replace(['．', '。'], ".");
    if lower.contains("://") || lower.contains("www.") {
        return true;
    }
    let mut parts = lower.split('.');
    let mut previous = parts.next().unwrap_or_default();
    parts.any(|part| {
        let follows_name = previous.ends_with(|c: char| c.is_ascii_alphanumeric());
        previous = part;
        let tld = part.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        follows_name && TLDS.contains(&tld)
    })
}

/// Whether a name may be shown to everyone: letters that people here have in their names, at least
/// two, with at most one separator between two of them. Digits, signs, letters in disguise (full
/// width, circled) and of scripts that nobody signs with spell things that no name does. Not for
/// browsers: it needs the Unicode tables.
#[cfg(not(target_arch = "wasm32"))]
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
#[cfg(not(target_arch = "wasm32"))]
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
    fn format_characters_are_those_of_the_unicode_tables() {
        use unicode_general_category::{GeneralCategory, get_general_category};
        for c in (0..=0x0010_FFFF).filter_map(char::from_u32) {
            let by_table = get_general_category(c) == GeneralCategory::Format;
            assert_eq!(is_format(c), by_table, "U+{:04X}", c as u32);
        }
    }

    #[test]
    fn composed_and_decomposed_count_the_same() {
        assert_eq!(length(&nfc("e\u{301}")), 1);
        assert_eq!(nfc("e\u{301}"), nfc("é"));
    }

    #[test]
    fn detects_links_but_not_ordinary_text() {
        for link in ["http://a.b", "见 WWW.x", "加群 abc.com", "a.cn/x", "x。com", "t.cn"] {
            assert!(has_link(link), "{link}");
        }
        for plain in ["王测试", "J. Smith", "J.Smith", "加油...", "3.5公里", "共建.共享", "com"]
        {
            assert!(!has_link(plain), "{plain}");
        }
    }

    #[test]
    fn text_without_visible_characters_is_blank() {
        for blank in ["", " ", "\u{3000}\t", "\u{200B}", "\u{3164}", "\u{2800}\u{FE0F}"] {
            assert!(is_blank(blank), "{blank:?}");
        }
        assert!(!is_blank(" 王 "));
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

//! Validation of short free text: normalisation, length, invisible characters and links.

/// Normalises to Unicode NFC, so that composed and decomposed characters count the same. The wasm
/// build calls JavaScript's `normalize`, which keeps the Unicode tables out of the wasm file.
#[must_use]
pub fn nfc(text: &str) -> String {
    #[cfg(not(target_arch = "wasm32"))]
    return unicode_normalization::UnicodeNormalization::nfc(text).collect();
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

/// The public form of a name: its first character and two asterisks, like `王**`.
#[must_use]
pub fn masked(name: &str) -> String {
    name.chars().take(1).chain("**".chars()).collect()
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
    fn masks_all_but_the_first_character() {
        assert_eq!(masked("王测试"), "王**");
        assert_eq!(masked("王"), "王**");
        assert_eq!(masked("𠮷田"), "𠮷**");
    }
}

//! What of a typed text is kept. Invisible characters come along when people paste, so they are taken
//! out in silence where nobody can have meant them; control characters are a fault.

use super::{
    error::TextError,
    unicode::{graphemes, nfc},
};

/// Zero-width joiner: part of many emoji, and of words in some scripts.
const ZWJ: char = '\u{200D}';
/// Zero-width non-joiner: between letters of Persian and Indic words.
const ZWNJ: char = '\u{200C}';
/// Mongolian vowel separator: before the last vowel of some words.
const MVS: char = '\u{180E}';
/// The flag that tags make one of a region, such as Scotland.
const BLACK_FLAG: char = '\u{1F3F4}';
/// The end of tags.
const CANCEL_TAG: char = '\u{E007F}';

/// One line, cleaned: line breaks become spaces.
pub(super) fn one_line(typed: &str) -> Result<String, TextError> {
    let breaks = typed.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty());
    lines(&breaks.collect::<Vec<_>>().join(" "))
}

/// Text in lines, cleaned: `\n` between them; in NFC; without white space before and after.
pub(super) fn lines(typed: &str) -> Result<String, TextError> {
    let typed = typed.replace("\r\n", "\n").replace('\r', "\n");
    if typed.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return Err(TextError::Control);
    }
    let spaced = typed.chars().map(|c| match c {
        '\t' | '\u{2028}' | '\u{2029}' => ' ',
        other => other,
    });
    let mut visible = String::with_capacity(typed.len());
    for c in spaced.filter(|c| !is_invisible(*c) || may_join(*c)) {
        // A character has one look, so a second selector only hides something.
        if !(is_selector(c) && visible.ends_with(is_selector)) {
            visible.push(c);
        }
    }
    Ok(nfc(&without_loose_joiners(&visible)).trim().to_owned())
}

/// Whether `c` is invisible, and able to hide or reorder the characters next to it: most format
/// characters (general category Cf), and the fillers.
///
/// The ranges are those of Unicode 16 (`UnicodeData.txt`, category Cf), without the numeral signs,
/// which are seen. A test compares them with the tables of the crate `unicode-general-category`.
pub(super) const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{13430}'..='\u{1343F}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E00FF}' | '\u{E01F0}'..='\u{E0FFF}')
}

/// Whether `c` selects a look of the character before it.
fn is_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Whether `c` has a meaning between some others.
const fn may_join(c: char) -> bool {
    matches!(c, ZWJ | ZWNJ | MVS | '\u{E0020}'..='\u{E007F}')
}

/// `text` with joiners between letters only, and where they make one emoji of several; with tags only
/// where they make a whole flag.
fn without_loose_joiners(text: &str) -> String {
    if !text.chars().any(may_join) {
        return text.to_owned();
    }
    let clusters: Vec<Vec<char>> =
        graphemes(text).iter().map(|cluster| cluster.chars().collect()).collect();
    let mut kept = String::with_capacity(text.len());
    let mut base = ' ';
    for (n, cluster) in clusters.iter().enumerate() {
        let after = clusters.get(n + 1).and_then(|next| next.first().copied());
        // A joiner that stands alone, as MVS does, belongs to the letter before it.
        let first = cluster.first().copied().unwrap_or(' ');
        if !may_join(first) {
            base = first;
        }
        let is_flag = first == BLACK_FLAG
            && cluster.last() == Some(&CANCEL_TAG)
            && (4..=8).contains(&(cluster.len() - 1))
            && cluster.iter().filter(|c| **c == CANCEL_TAG).count() == 1;
        for (i, c) in cluster.iter().copied().enumerate() {
            let inside = cluster.get(i + 1).copied();
            let next = inside.or(after).unwrap_or(' ');
            let between_letters = base.is_alphabetic() && next.is_alphabetic() && !may_join(next);
            let keeps = match c {
                // The cluster goes on after it only if it makes one emoji of two.
                ZWJ => between_letters || inside.is_some_and(|next| !continues(next)),
                ZWNJ | MVS => between_letters,
                _ if may_join(c) => is_flag,
                _ => true,
            };
            if keeps {
                kept.push(c);
            }
        }
    }
    kept
}

/// Whether `c` belongs to whatever stands before it: a mark, a selector, a joiner.
fn continues(c: char) -> bool {
    may_join(c) || graphemes(&format!("a{c}")).len() == 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn invisible_characters_are_those_of_the_unicode_tables() {
        use unicode_general_category::{GeneralCategory, get_general_category};
        let seen = |c| {
            matches!(c, '\u{600}'..='\u{605}' | '\u{6DD}' | '\u{70F}' | '\u{890}'..='\u{891}'
                | '\u{8E2}' | '\u{110BD}' | '\u{110CD}')
        };
        let more = |c| {
            matches!(c, '\u{34F}' | '\u{2065}' | '\u{3164}' | '\u{FFA0}'
                | '\u{E0000}'..='\u{E00FF}' | '\u{E01F0}'..='\u{E0FFF}')
        };
        for c in (0..=0x0010_FFFF).filter_map(char::from_u32) {
            let format = get_general_category(c) == GeneralCategory::Format;
            assert_eq!(is_invisible(c), format && !seen(c) || more(c), "U+{:04X}", c as u32);
        }
    }

    #[test]
    fn what_people_paste_is_taken_out() {
        for (typed, kept) in [
            ("\u{FEFF}王测试", "王测试"),
            ("王\u{AD}测\u{200B}试", "王测试"),
            ("\u{202A}王测试\u{202C}", "王测试"),
            ("\u{2066}王测试\u{2069}\u{200E}\u{200F}", "王测试"),
            ("王\t测\u{2028}试\u{2029}", "王 测 试"),
            ("e\u{200B}\u{301}", "é"),
            ("王\u{3164}测", "王测"),
            ("葛\u{E0100}\u{E0101}\u{FE00}城", "葛\u{E0100}城"),
            ("王\u{E0100}测\u{E0080}", "王\u{E0100}测"),
            ("王\u{200D}", "王"),
            ("\u{200C}王", "王"),
            ("👍\u{200D}", "👍"),
            ("王\u{200D}👍", "王👍"),
            ("王\u{E0067}\u{E0062}\u{E007F}", "王"),
            ("\u{1F3F4}\u{E0067}\u{E0062}", "\u{1F3F4}"),
            ("\u{1F3F4}\u{E007F}", "\u{1F3F4}"),
        ] {
            assert_eq!(lines(typed).unwrap(), kept, "{typed:?}");
        }
    }

    #[test]
    fn what_has_a_meaning_is_kept() {
        for text in [
            "می\u{200C}خواهم",
            "क्\u{200D}ष",
            "क्\u{200C}ष",
            "ᠬᠠᠨ\u{180E}ᠠ",
            "👨\u{200D}👩\u{200D}👧",
            "👩🏽\u{200D}❤\u{FE0F}\u{200D}💋\u{200D}👨🏽",
            "🏳\u{FE0F}\u{200D}🌈",
            "\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
            "1\u{FE0F}\u{20E3} 号楼",
            "葛\u{E0100}城",
            "一\n\n二",
            "\u{600}12",
        ] {
            assert_eq!(lines(text).unwrap(), text, "{text:?}");
        }
    }

    #[test]
    fn control_characters_are_refused() {
        for c in (0..0xA0).filter_map(char::from_u32).filter(|c| c.is_control()) {
            let kept = matches!(c, '\t' | '\n' | '\r');
            assert_eq!(lines(&format!("王{c}测")).is_ok(), kept, "{c:?}");
        }
    }

    proptest! {
        /// What is stored and sent again stays as it is, in NFC and without anything hidden.
        #[test]
        fn cleaning_again_changes_nothing(
            typed in "(\\PC|[\u{200B}-\u{200F}\u{180E}\u{E0061}\u{E007F}\u{1F3F4}\u{301}\u{FE0F}👩❤क्ष\n\t]){0,24}"
        ) {
            let once = lines(&typed).unwrap();
            prop_assert_eq!(lines(&once).unwrap(), once.clone(), "{:?}", typed);
            prop_assert_eq!(nfc(&once), once.clone());
            prop_assert!(!once.chars().any(|c| is_invisible(c) && !may_join(c)));
            let line = one_line(&typed).unwrap();
            prop_assert!(!line.contains(['\n', '\r', '\t']));
            prop_assert_eq!(one_line(&line).unwrap(), line);
        }
    }
}

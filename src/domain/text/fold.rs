//! When two texts are the same to whoever looks for them. What is stored is never folded.

use unicode_normalization::UnicodeNormalization;

use super::clean::is_invisible;

/// `text` for comparison: without the differences of width and other forms of one character (NFKC),
/// of case, of dashes, brackets and middle dots, and without anything invisible. White space is one
/// space.
#[must_use]
pub fn folded(text: &str) -> String {
    let plain = text.nfkc().filter(|c| !is_invisible(*c)).flat_map(char::to_lowercase);
    let plain: String = plain.nfkc().map(of_its_kind).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a number of an office is found by: its letters and figures, folded. `None` if it is too short
/// to be one, or has no figure.
#[must_use]
pub fn number_key(text: &str) -> Option<String> {
    let key: String = folded(text).chars().filter(|c| c.is_alphanumeric()).collect();
    let fits = key.chars().count() >= 4 && key.contains(|c: char| c.is_ascii_digit());
    fits.then_some(key)
}

/// One character for all of its kind.
const fn of_its_kind(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}'
        | '\u{2043}'
        | '\u{207B}'
        | '\u{2212}'
        | '\u{2500}'
        | '\u{2E3A}'
        | '\u{2E3B}'
        | '\u{301C}'
        | '\u{30FC}'
        | '~' => '-',
        '[' | '{' | '【' | '〔' | '〖' | '〘' | '〈' | '《' | '「' | '『' | '⟨' | '⟪' => {
            '('
        }
        ']' | '}' | '】' | '〕' | '〗' | '〙' | '〉' | '》' | '」' | '』' | '⟩' | '⟫' => {
            ')'
        }
        '•' | '・' | '‧' | '∙' | '⋅' => '·',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_people_mean_is_the_same() {
        for (one, other) in [
            ("２０２６－０００１２－３", "2026-00012-3"),
            ("2026—00012–3", "2026-00012-3"),
            ("１００弄", "100弄"),
            ("【测试】（北）", "[测试](北)"),
            ("ＡＢｃ", "abc"),
            ("买买提•艾力", "买买提·艾力"),
            ("王\u{200D}测试", "王测试"),
            ("三号楼\u{3000} 门口", "三号楼 门口"),
            ("ﾃｽﾄ", "テスト"),
            ("é", "E\u{301}"),
        ] {
            assert_eq!(folded(one), folded(other), "{one}");
        }
        assert_ne!(folded("100弄"), folded("100号"));
    }

    #[test]
    fn numbers_of_offices_are_found_however_they_are_written() {
        for typed in ["沪容〔2026〕123号", "沪容[2026]123号", "沪容（２０２６） 123号"]
        {
            assert_eq!(number_key(typed).as_deref(), Some("沪容2026123号"), "{typed}");
        }
        assert_eq!(number_key("20261130-12345"), number_key("20261130 12345"));
        for none in ["", "12", "路口转角", "-----"] {
            assert_eq!(number_key(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn folding_again_changes_nothing(text in "\\PC{0,24}") {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once.clone(), "{:?}", text);
        }
    }
}

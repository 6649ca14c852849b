//! What is written in a field, taken apart: numbers, extensions, remarks.

use super::number::Telephone;
use crate::text::{
    error::{TelephoneError, TextError},
    unicode::length,
};

/// Digits of a number: an internal one has five or more, and E.164 ends at fifteen.
const DIGITS: std::ops::RangeInclusive<usize> = 5..=15;
/// Most digits of an extension.
const EXTENSION_MAX: usize = 6;
/// Most characters of a remark.
const REMARK_MAX: usize = 20;

/// What stands between the signs that separate numbers, outside brackets.
pub(super) fn parts(line: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0_u32;
    for c in line.chars() {
        let plain = narrow(c);
        match plain {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && matches!(plain, ',' | ';' | '、' | '/' | '|' | '或' | '和') {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// The number or numbers of one part: two may have only a space between them.
pub(super) fn part_of(part: &str) -> Result<Vec<Telephone>, TelephoneError> {
    let (plain, remark) = without_brackets(part)?;
    let (plain, extension) = without_extension(&plain);
    let plain = without_label(&plain);
    let numbers = numbers(&plain)?;
    let last = numbers.len().saturating_sub(1);
    let with = |(n, number)| Telephone {
        number,
        extension: extension.clone().filter(|_| n == last),
        remark: remark.clone().filter(|_| n == last),
    };
    Ok(numbers.into_iter().enumerate().map(with).collect())
}

/// `part`, narrowed, without the remarks in brackets, which stay as they were written. Digits and an
/// extension in brackets belong to the number.
fn without_brackets(part: &str) -> Result<(String, Option<String>), TelephoneError> {
    let (mut plain, mut remarks) = (String::new(), Vec::new());
    let (mut inside, mut depth) = (String::new(), 0_u32);
    // A bracket that is not closed ends with the part.
    for c in part.chars().chain(std::iter::repeat_n(')', part.len())) {
        match narrow(c) {
            '(' => depth += 1,
            ')' if depth == 1 => {
                depth = 0;
                let remark = std::mem::take(&mut inside);
                match of_number(&remark) {
                    Some(digits) => plain.push_str(&digits),
                    None => remarks.push(remark.trim().to_owned()),
                }
            }
            ')' => depth = depth.saturating_sub(1),
            narrow if depth == 0 => plain.push(narrow),
            _ => inside.push(c),
        }
    }
    remarks.retain(|remark| !remark.is_empty());
    let remark = remarks.join("，");
    let length = length(&remark);
    if length > REMARK_MAX {
        return Err(TelephoneError::Text(TextError::TooLong { most: REMARK_MAX, length }));
    }
    Ok((plain, Some(remark).filter(|remark| !remark.is_empty())))
}

/// What stands in brackets, narrowed, if it belongs to the number before it or is another one.
fn of_number(inside: &str) -> Option<String> {
    let inside: String = inside.chars().map(narrow).collect();
    let digits = inside.chars().filter(char::is_ascii_digit).count();
    if inside.chars().all(|c| c.is_ascii_digit() || is_between(c) || c == '+') {
        return Some(if digits > 6 { format!("  {inside}") } else { inside });
    }
    let (before, extension) = without_extension(&inside);
    extension.filter(|_| before.trim().is_empty()).map(|_| inside)
}

/// The words that stand before an extension.
const EXTENSION: [&str; 7] = ["转分机", "转", "分机", "extension", "ext", "x", "#"];

/// Where the words before an extension begin.
fn extension_at(text: &str) -> Option<usize> {
    EXTENSION.iter().filter_map(|word| text.find(word)).min()
}

/// `text` without its extension, and that.
fn without_extension(text: &str) -> (String, Option<String>) {
    let Some(at) = extension_at(text) else { return (text.to_owned(), None) };
    let (number, after) = text.split_at(at);
    let word = EXTENSION.iter().find(|word| after.starts_with(**word)).map_or(0, |word| word.len());
    let after = after.get(word..).unwrap_or_default();
    let after = after.trim_start_matches(|c: char| is_between(c) || c == ':').trim_end();
    let fits = (1..=EXTENSION_MAX).contains(&after.len());
    if fits && after.bytes().all(|c| c.is_ascii_digit()) {
        (number.to_owned(), Some(after.to_owned()))
    } else {
        // Not an extension: the words stay, and are a fault.
        (text.to_owned(), None)
    }
}

/// `text` without what forms print before a number: `手机：138…`.
fn without_label(text: &str) -> String {
    const LABELS: [&str; 9] =
        ["联系电话", "手机号码", "手机号", "电话", "手机", "座机", "宅电", "固话", "tel"];
    let text = text.trim();
    let bare = LABELS.iter().find_map(|label| text.strip_prefix(label)).unwrap_or(text);
    bare.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '.')).to_owned()
}

/// The numbers in what is left: one, or where that has too many digits, those between the spaces.
fn numbers(plain: &str) -> Result<Vec<String>, TelephoneError> {
    let whole = number(plain)?;
    let digits = count(&whole);
    if DIGITS.contains(&digits) {
        return Ok(vec![whole]);
    }
    let mut found: Vec<String> = Vec::new();
    // Digits come in groups; a number is complete when the next group would make it too long, or when
    // it is as long as a mobile number or begins like a new one.
    for group in plain.split_whitespace().map(number) {
        let group = group?;
        match found.last_mut() {
            Some(last)
                if count(last) < 7 || count(&group) < 5 && count(last) + count(&group) <= 12 =>
            {
                last.push_str(&group);
            }
            _ => found.push(group),
        }
    }
    let fit = found.iter().all(|one| DIGITS.contains(&count(one)));
    if fit && !found.is_empty() { Ok(found) } else { Err(TelephoneError::Digits(digits)) }
}

/// The digits of a number, with the `+` before them.
fn number(text: &str) -> Result<String, TelephoneError> {
    let text = text.trim();
    let (plus, rest) = text.strip_prefix('+').map_or(("", text), |rest| ("+", rest));
    let mut digits = String::from(plus);
    for c in rest.chars() {
        match c {
            c if c.is_ascii_digit() => digits.push(c),
            c if is_between(c) => {}
            _ => return Err(TelephoneError::NotANumber),
        }
    }
    if count(&digits) == 0 { Err(TelephoneError::NotANumber) } else { Ok(digits) }
}

fn count(number: &str) -> usize {
    number.bytes().filter(u8::is_ascii_digit).count()
}

/// What people write between the digits of one number.
const fn is_between(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '.' | '·' | '_')
}

/// Without width and case; any dash, dot, bracket or comma is one.
const fn narrow(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}'
        | '\u{2212}'
        | '\u{FE58}'
        | '\u{FE63}'
        | '\u{2500}'
        | '\u{30FC}'
        | '\u{2043}'
        | '一'
        | '~'
        | '～'
        | '\u{301C}' => '-',
        '。' | '｡' | '•' | '・' | '∙' | '‧' => '.',
        '【' | '〔' | '［' | '[' | '《' | '〈' | '「' | '{' | '｛' => '(',
        '】' | '〕' | '］' | ']' | '》' | '〉' | '」' | '}' | '｝' => ')',
        '\u{FF01}'..='\u{FF5E}' => match char::from_u32(c as u32 - 0xFEE0) {
            Some(narrow) => narrow.to_ascii_lowercase(),
            None => c,
        },
        other => other.to_ascii_lowercase(),
    }
}

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
    let mut numbers = numbers(&plain)?;
    if let Some(last) = numbers.last_mut() {
        last.extension = extension.or(last.extension.take());
        last.remark = remark;
    }
    Ok(numbers)
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
    const LABELS: [&str; 13] = [
        "联系电话",
        "联系方式",
        "电话号码",
        "手机号码",
        "手机号",
        "电话",
        "手机",
        "座机",
        "宅电",
        "固话",
        "mobile",
        "phone",
        "tel",
    ];
    let text = text.trim();
    let bare = LABELS.iter().find_map(|label| text.strip_prefix(label)).unwrap_or(text);
    bare.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '.')).to_owned()
}

/// The numbers in what is left. Digits come in groups; what comes after a complete number is its
/// extension (`021-60000000-801`), or where more than four digits are left, another number.
fn numbers(plain: &str) -> Result<Vec<Telephone>, TelephoneError> {
    let mut groups: Vec<String> = Vec::new();
    for group in plain.split(is_between).filter(|group| !group.is_empty()) {
        // A `+` begins a number wherever it stands.
        for (n, part) in group.split('+').enumerate() {
            match (n, part) {
                (_, "") => {}
                (0, part) => groups.push(number(part)?),
                (_, part) => groups.push(format!("+{}", number(part)?)),
            }
        }
    }
    let digits = groups.iter().map(|group| count(group)).sum();
    let mut left: usize = digits;
    let mut found: Vec<Telephone> = Vec::new();
    for group in groups {
        let begins = group.starts_with('+') || left > 4;
        left -= count(&group);
        match found.last_mut() {
            Some(last) if !is_complete(&last.number) && !group.starts_with('+') => {
                last.number.push_str(&group);
            }
            Some(last) if !begins && last.extension.is_none() => last.extension = Some(group),
            Some(_) if !begins => return Err(TelephoneError::Digits(digits)),
            _ => found.push(Telephone { number: group, extension: None, remark: None }),
        }
    }
    match found.iter().find(|one| !DIGITS.contains(&count(&one.number))) {
        Some(_) => Err(TelephoneError::Digits(digits)),
        None if found.is_empty() => Err(TelephoneError::NotANumber),
        None => Ok(found),
    }
}

/// Whether `number` has all its digits, as numbers here have them.
fn is_complete(number: &str) -> bool {
    let home = number.strip_prefix("+86").unwrap_or(number);
    let begins = |with: &[&str]| with.iter().any(|with| home.starts_with(with));
    let digits = count(home);
    match home.as_bytes() {
        _ if home.starts_with('+') => false,
        [b'1', b'3'..=b'9', ..] => digits >= 11,
        [b'0', b'1', b'3'..=b'9', ..] => digits >= 12,
        [b'0', ..] if begins(&["010", "02"]) => digits >= 11,
        [b'0', b'3'..=b'9', ..] => digits >= 11,
        _ if number.starts_with('+') => digits >= 10,
        _ if begins(&["400", "800"]) => digits >= 10,
        [b'2'..=b'9', ..] => digits >= 7,
        _ => false,
    }
}

/// The digits of a group.
fn number(text: &str) -> Result<String, TelephoneError> {
    match text.bytes().all(|c| c.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err(TelephoneError::NotANumber),
    }
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

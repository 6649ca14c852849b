//! Addresses of the web in a text, which phones turn into links.

/// Whether a text has links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Links {
    /// It has none.
    None,
    /// Something in it looks like a domain, such as `v2.cn`, but may be a version or a product:
    /// somebody should look at it.
    Doubtful,
    /// It has a scheme, `www.`, or a host with a path.
    Certain,
}

/// Top-level domains that are seen in spam here. Those that are also surnames are not among them:
/// `J.Li` is a name.
const TOP_LEVEL: [&str; 42] = [
    "com", "cn", "net", "org", "top", "xyz", "cc", "vip", "info", "shop", "site", "club", "ltd",
    "app", "link", "online", "tv", "io", "fun", "store", "tech", "pro", "work", "live", "icu",
    "biz", "space", "website", "cloud", "hk", "tw", "gov", "edu", "mobi", "asia", "run", "win",
    "bid", "email", "page", "dev", "host",
];

/// What links `text` has.
#[must_use]
pub fn links(text: &str) -> Links {
    let typed = text;
    let text: Vec<char> = typed.chars().map(narrow).collect();
    let has = |word: &str| {
        let word: Vec<char> = word.chars().collect();
        text.windows(word.len()).any(|window| window == word)
    };
    let www = text.windows(5).any(|w| matches!(w, ['w', 'w', 'w', '.', c] if c.is_alphanumeric()));
    if has("://") || www {
        return Links::Certain;
    }
    let mut found = beside_letters(typed);
    let mut rest = text.as_slice();
    while let Some(begin) = rest.iter().position(|c| is_of_host(*c)) {
        let run = rest.get(begin..).unwrap_or_default();
        let end = run.iter().position(|c| !is_of_host(*c) && *c != '.').unwrap_or(run.len());
        let (host, after) = run.split_at(end);
        found = found.max(of_host(host, after));
        rest = after;
    }
    found
}

/// The same for hosts of letters that are not Latin: `彩票.com`, `abc.中国/x`. A Chinese full stop ends a
/// sentence there.
fn beside_letters(text: &str) -> Links {
    const CHINESE: [&str; 4] = ["中国", "公司", "网络", "网址"];
    let text: Vec<char> =
        text.chars().map(|c| if c == '．' { '.' } else { c.to_ascii_lowercase() }).collect();
    let mut found = Links::None;
    for (at, _) in text.iter().enumerate().filter(|(_, c)| **c == '.') {
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        let after = text.get(at + 1..).unwrap_or_default();
        let end = after.iter().position(|c| !c.is_alphanumeric()).unwrap_or(after.len());
        let (top, rest) = after.split_at(end);
        let top: String = top.iter().collect();
        let latin: String = top.chars().take_while(char::is_ascii_alphanumeric).collect();
        let has_path = matches!(rest, ['/', ..]);
        let is_beside = before.is_some_and(|c| c.is_alphanumeric() && !c.is_ascii());
        if before.is_some_and(|c| c.is_alphanumeric())
            && has_path
            && CHINESE.contains(&top.as_str())
            || is_beside && has_path && TOP_LEVEL.contains(&top.as_str())
        {
            return Links::Certain;
        }
        if is_beside && TOP_LEVEL.contains(&latin.as_str()) {
            found = Links::Doubtful;
        }
    }
    found
}

/// What `host` is, with what follows it.
fn of_host(host: &[char], after: &[char]) -> Links {
    let host: String = host.iter().collect();
    let whole = host.trim_end_matches(['.', '-']);
    let Some((before, top)) = whole.rsplit_once('.') else { return Links::None };
    let is_address =
        whole.split('.').count() == 4 && whole.bytes().all(|c| c == b'.' || c.is_ascii_digit());
    if is_address && matches!(after, ['/', ..]) && whole.len() == host.len() {
        return Links::Certain;
    }
    let is_top = top.len() >= 2 && top.bytes().all(|c| c.is_ascii_lowercase());
    if !is_top || before.split('.').any(str::is_empty) {
        return Links::None;
    }
    let has_path = whole.len() == host.len()
        && match after {
            ['/', ..] => true,
            ['?' | '#', next, ..] => next.is_ascii_alphanumeric(),
            [':', next, ..] => next.is_ascii_digit(),
            _ => false,
        };
    match has_path {
        true => Links::Certain,
        false if TOP_LEVEL.contains(&top) => Links::Doubtful,
        false => Links::None,
    }
}

const fn is_of_host(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-'
}

/// Without width and case; a full stop of any kind is one.
const fn narrow(c: char) -> char {
    match c {
        '。' | '｡' | '．' => '.',
        '\u{FF01}'..='\u{FF5E}' => match char::from_u32(c as u32 - 0xFEE0) {
            Some(narrow) => narrow.to_ascii_lowercase(),
            None => c,
        },
        other => other.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tells_links_from_ordinary_text() {
        for link in [
            "http://a.b",
            "HTTPS：／／a.b",
            "weixin://dl",
            "见 WWW.x",
            "ｗｗｗ．ｘ．ｃｎ",
            "加群 abc.com/x",
            "a.cn/",
            "t.co/Ab1",
            "u。nu/x",
            "a.b.com?x=1",
            "abc.com:8080",
            "www.彩票.com",
            "彩票.com/a",
            "abc.中国/x",
            "1.2.3.4/x",
        ] {
            assert_eq!(links(link), Links::Certain, "{link}");
        }
        for doubtful in [
            "v2.cn",
            "A.app",
            "abc.com",
            "加群abc.com。",
            "x。com",
            "彩票.com",
            "someone@qq.com",
            "WPS.Cloud版",
        ] {
            assert_eq!(links(doubtful), Links::Doubtful, "{doubtful}");
        }
        for plain in [
            "王测试",
            "J. Smith",
            "J.Smith",
            "J.Li",
            "加油...",
            "3.5公里",
            "3.5km/h",
            "共建.共享",
            "com",
            "2026.11.30/12:00",
            "No.A/B栋",
            "a.m./p.m.",
            "和/或",
            "12：30",
            "………com",
            "2026.11.30/12",
            "看完。Com好",
            "",
        ] {
            assert_eq!(links(plain), Links::None, "{plain}");
        }
    }

    proptest! {
        #[test]
        fn words_around_a_link_do_not_hide_it(before in "[王测 ，。！]{0,6}", after in "[王测 ，。！]{0,6}") {
            prop_assert_eq!(links(&format!("{before}http://a.cn/{after}")), Links::Certain);
            prop_assert_eq!(links(&format!("{before}v2.cn{after}")), Links::Doubtful);
            prop_assert_eq!(links(&format!("{before}{after}")), Links::None);
        }
    }
}

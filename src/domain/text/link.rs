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
    let text: Vec<char> = text.chars().map(narrow).collect();
    let has = |word: &str| {
        let word: Vec<char> = word.chars().collect();
        text.windows(word.len()).any(|window| window == word)
    };
    let www = text.windows(5).any(|w| matches!(w, ['w', 'w', 'w', '.', c] if is_of_host(*c)));
    if has("://") || www {
        return Links::Certain;
    }
    let mut found = Links::None;
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

/// What `host` is, with what follows it.
fn of_host(host: &[char], after: &[char]) -> Links {
    let host: String = host.iter().collect();
    let whole = host.trim_end_matches(['.', '-']);
    let Some((before, top)) = whole.rsplit_once('.') else { return Links::None };
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
        ] {
            assert_eq!(links(link), Links::Certain, "{link}");
        }
        for doubtful in [
            "v2.cn",
            "A.app",
            "abc.com",
            "加群abc.com。",
            "x。com",
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

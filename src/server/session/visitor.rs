//! The visitor: the signed cookie `visitor` (`__Host-visitor` under https), and unsigned preference
//! cookies.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::{
    http::{HeaderMap, HeaderValue, Uri, header},
    response::Response,
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{client_network::ClientNetwork, lang::Lang, visitor::VisitorId};
use service::Requester;
use ui::display::LargeText;

use super::cookies::CookieKeys;

/// Lifetime of the visitor cookie: 400 days, the most that browsers allow.
pub const LIFETIME: Duration = Duration::from_secs(400 * 86_400);

/// Age at which the visitor cookie is renewed.
pub(super) const RENEWAL: Duration = Duration::from_secs(30 * 86_400);

/// The grid of a stairwell poster.
pub(super) const GRID: &str = "grid";

/// Set while this visitor has a signature: which call to action comes first.
pub(super) const SIGNED: &str = "signed";

/// The size of text of 大字版, for who reads that.
const CARE: &str = "care";

/// The language that was chosen.
const LANG: &str = "lang";

/// Set while WeChat login is not needed or not wanted.
pub(super) const WECHAT_HINT: &str = "wechat";

/// How long after a successful WeChat login it is not repeated; not for ever, since the visitor may
/// have been merged with another one on another device.
const AFTER_LOGIN: Duration = Duration::from_secs(86_400);

/// How long a failed or cancelled WeChat login is not repeated.
const AFTER_FAILURE: Duration = Duration::from_secs(600);

/// Who is asking, in a request's extensions.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The browser's id, new or known.
    pub id: VisitorId,
    /// Whether the request brought it.
    pub known: bool,
    /// Grid of the last scanned poster; not validated yet.
    pub grid: Option<String>,
    /// Whether this browser says it has signed; only a hint.
    pub signed: bool,
    /// 大字版, if they chose it.
    pub large_text: Option<LargeText>,
    /// The language they chose, or their browser asks for.
    pub lang: Lang,
    /// Whether WeChat need not be asked who this is.
    pub skip_wechat_login: bool,
    /// Where they ask from. Stored only as a keyed hash.
    pub client_network: ClientNetwork,
    /// How long they are known, in milliseconds; the cookie has seconds.
    pub known_for: i64,
}

impl Visitor {
    /// The subject of rate limits.
    pub fn requester(&self) -> Requester<'_> {
        Requester {
            visitor: self.known.then_some(&self.id),
            client_network: &self.client_network,
            device: None,
        }
    }

    /// A new random visitor; `None` if the system has no random bytes.
    pub fn fresh() -> Option<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).ok()?;
        let id = VisitorId::parse(&URL_SAFE_NO_PAD.encode(bytes))?;
        Some(Self {
            id,
            known: false,
            grid: None,
            signed: false,
            large_text: None,
            lang: Lang::Zh,
            skip_wechat_login: false,
            client_network: ClientNetwork::unknown(),
            known_for: 0,
        })
    }
}

/// Response extension: the middleware switches the browser to this visitor.
#[derive(Clone, Debug)]
pub struct BecomeVisitor(pub VisitorId);

/// The visitor of a request outside of the middleware (`/live`).
pub fn visitor_of_request(
    headers: &HeaderMap,
    keys: &CookieKeys,
    https: bool,
) -> Option<VisitorId> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let name = cookie_name(https);
    let newest = keys.jar(headers).get(name);
    let cookie = newest.or_else(|| keys.signed_before(headers, name))?;
    parse(cookie.value(), now).map(|(id, _)| id)
}

/// 大字版, as far as a request asks for it.
pub fn large_text_of(headers: &HeaderMap) -> Option<LargeText> {
    large_text_in(&CookieJar::from_headers(headers))
}

pub(super) fn large_text_in(hints: &CookieJar) -> Option<LargeText> {
    hints.get(CARE).and_then(|cookie| LargeText::parse(cookie.value()))
}

/// The language that a request asks for by what was chosen before, or by the browser's
/// settings.
pub fn lang_of(headers: &HeaderMap) -> Lang {
    lang_in(&CookieJar::from_headers(headers), headers)
}

pub(super) fn lang_in(hints: &CookieJar, headers: &HeaderMap) -> Lang {
    let chosen = hints.get(LANG).and_then(|cookie| Lang::parse(cookie.value()));
    chosen.unwrap_or_else(|| {
        let accepted = headers.get(header::ACCEPT_LANGUAGE);
        Lang::from_accept_language(
            accepted.and_then(|value| value.to_str().ok()).unwrap_or_default(),
        )
    })
}

/// The language that an address asks for: `?lang=en`.
pub fn lang_of_address(uri: &Uri) -> Option<Lang> {
    let query = uri.query()?.split('&');
    query.filter_map(|part| part.strip_prefix("lang=")).find_map(Lang::parse)
}

/// Whether a request was made from a page of this site by a user action: a link from elsewhere with
/// `?lang=` must not change the stored language.
pub(super) fn is_same_origin_navigation(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").is_none_or(|site| site == "same-origin");
    site && !headers.contains_key("sec-purpose")
}

/// Sets a preference cookie, which is not signed. The visitor cookie is set in `middleware`.
pub fn remember(response: &mut Response, hint: Hint<'_>, https: bool) {
    let cookie = match hint {
        Hint::Grid(slug) => cookie(GRID, slug.to_owned(), https),
        Hint::Signed => cookie(SIGNED, "1".to_owned(), https),
        Hint::NotSigned => forgotten(SIGNED, https),
        Hint::LargeText(Some(care)) => cookie(CARE, care.as_str().to_owned(), https),
        Hint::LargeText(None) => forgotten(CARE, https),
        Hint::WeChatLoginDone => brief(cookie(WECHAT_HINT, "1".to_owned(), https), AFTER_LOGIN),
        Hint::WeChatLoginStarted => {
            brief(cookie(WECHAT_HINT, "0".to_owned(), https), AFTER_FAILURE)
        }
        Hint::BorrowedPhone => cookie(WECHAT_HINT, "lent".to_owned(), https),
        Hint::Lang(lang) => cookie(LANG, lang.as_str().to_owned(), https),
    };
    append(response.headers_mut(), &cookie);
}

/// Something to be remembered about how to show pages.
#[derive(Clone, Copy, Debug)]
pub enum Hint<'a> {
    /// The grid whose poster was scanned.
    Grid(&'a str),
    /// This browser has signed.
    Signed,
    /// It has not, or no longer.
    NotSigned,
    /// Whether to show 大字版, and in which size.
    LargeText(Option<LargeText>),
    /// In which language.
    Lang(Lang),
    /// WeChat has said who this is.
    WeChatLoginDone,
    /// WeChat is asked, and may never answer.
    WeChatLoginStarted,
    /// It is the phone of someone else, whom WeChat would name.
    BorrowedPhone,
}

pub(super) const fn cookie_name(https: bool) -> &'static str {
    if https { "__Host-visitor" } else { "visitor" }
}

pub(super) fn cookie(name: &'static str, value: String, https: bool) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(https)
        .max_age(LIFETIME.try_into().unwrap_or_default())
        .build()
}

fn brief(mut cookie: Cookie<'static>, life: Duration) -> Cookie<'static> {
    cookie.set_max_age(Some(life.try_into().unwrap_or_default()));
    cookie
}

fn forgotten(name: &'static str, https: bool) -> Cookie<'static> {
    let mut gone = cookie(name, String::new(), https);
    gone.make_removal();
    gone
}

fn append(headers: &mut HeaderMap, cookie: &Cookie<'_>) {
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        headers.append(header::SET_COOKIE, value);
    }
}

/// Parses `id.seconds` into id and age; `None` if malformed or expired. The clock of the node that
/// issued it may have been ahead.
pub fn parse(value: &str, now: Duration) -> Option<(VisitorId, Duration)> {
    let (id, issued) = value.split_once('.')?;
    let issued = Duration::from_secs(issued.parse().ok()?);
    // A cookie from the future (clock skew) is renewed.
    let age = now.checked_sub(issued).unwrap_or(RENEWAL + Duration::from_secs(1));
    let age = Some(age).filter(|age| *age < LIFETIME)?;
    Some((VisitorId::parse(id)?, age))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_living_cookie_names_a_visitor() {
        let id = Visitor::fresh().unwrap().id;
        let now = LIFETIME * 3;
        let value = |issued: Duration| format!("{}.{}", id.as_str(), issued.as_secs());
        assert_eq!(parse(&value(now), now), Some((id.clone(), Duration::ZERO)));
        assert_eq!(parse(&value(now - LIFETIME), now), None);
        let ahead = parse(&value(now + Duration::from_secs(9)), now);
        assert!(ahead.is_some_and(|(_, age)| age > RENEWAL), "it is written anew");
        for bad in ["", "x.1", id.as_str(), "aaaaaaaaaaaaaaaaaaaaaa.x"] {
            assert_eq!(parse(bad, now), None);
        }
        assert_ne!(Visitor::fresh().unwrap().id, id);
    }
}

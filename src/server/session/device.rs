//! Devices of staff: which logins were used on them, and where a code was given; kept in the signed
//! cookie `device` (`__Host-device` under https).

use axum::{
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::Cookie;
use domain::time::Millis;

use super::{staff::cookie, visitor::Visitor};
use crate::state::AppState;

/// How long a device is known to a login: a year.
const DEVICE_SECONDS: u64 = 365 * 86_400;

/// How long no code is asked for on a device on which one was given: thirty days.
const TRUSTED_DAYS: i64 = 30;

/// Logins that a device is known to: a PC that a few share.
const LOGINS_MAX: usize = 5;

/// A device and the logins that succeeded on it, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Names it.
    pub id: String,
    logins: Vec<KnownLogin>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct KnownLogin {
    login: String,
    /// The mark of the second factor of which a code was given, and the day since 1970.
    trusted: Option<(String, i64)>,
}

impl KnownLogin {
    /// Reads `LOGIN` or `LOGIN~MARK~DAY`.
    fn parse(text: &str) -> Self {
        let mut parts = text.split('~');
        let login = parts.next().unwrap_or_default().to_owned();
        let mark = parts.next().map(str::to_owned);
        Self { login, trusted: mark.zip(parts.next().and_then(|day| day.parse().ok())) }
    }

    fn text(&self) -> String {
        match &self.trusted {
            Some((mark, day)) => format!("{}~{mark}~{day}", self.login),
            None => self.login.clone(),
        }
    }
}

fn day_of(now: Millis) -> i64 {
    now / 86_400_000
}

impl Device {
    const fn cookie_name(https: bool) -> &'static str {
        if https { "__Host-device" } else { "device" }
    }

    /// The device that a request comes from, or a new one; `None` when the system has no
    /// random bytes.
    pub fn of_request(state: &AppState, headers: &HeaderMap) -> Option<Self> {
        let name = Self::cookie_name(state.https);
        let jar = state.cookies.jar(headers);
        let brought = jar.get(name).or_else(|| state.cookies.signed_before(headers, name));
        brought.and_then(|cookie| Self::parse(cookie.value())).or_else(|| {
            let id = Visitor::fresh()?.id.as_str().to_owned();
            Some(Self { id, logins: Vec::new() })
        })
    }

    /// Reads `device:ID:LOGIN:LOGIN…`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("device:")?.split(':');
        let id = parts.next()?.to_owned();
        Some(Self { id, logins: parts.map(KnownLogin::parse).collect() })
    }

    fn find(&self, login: &str) -> Option<&KnownLogin> {
        self.logins.iter().find(|known| known.login == login)
    }

    /// Whether `login` was used on it.
    pub fn knows(&self, login: &str) -> bool {
        self.find(login).is_some()
    }

    /// The mark of the second factor of `login` of which a code was given here lately.
    pub fn mark(&self, login: &str, now: Millis) -> Option<&str> {
        let (mark, day) = self.find(login)?.trusted.as_ref()?;
        (day_of(now) - day <= TRUSTED_DAYS).then_some(mark)
    }

    /// The same device, on which `login` was used just now, and a code given, if there is a mark.
    fn used_by(mut self, login: &str, mark: Option<String>, now: Millis) -> Self {
        let before = self.find(login).and_then(|known| known.trusted.clone());
        let trusted = mark.map(|mark| (mark, day_of(now))).or(before);
        self.logins.retain(|known| known.login != login);
        self.logins.insert(0, KnownLogin { login: login.to_owned(), trusted });
        self.logins.truncate(LOGINS_MAX);
        self
    }

    fn cookie(&self, https: bool) -> Cookie<'static> {
        let logins: Vec<String> = self.logins.iter().map(KnownLogin::text).collect();
        let value = format!("device:{}:{}", self.id, logins.join(":"));
        cookie(Self::cookie_name(https), value, DEVICE_SECONDS, https)
    }

    /// Answers `response`, after which the device knows `login`.
    pub fn remember(
        self,
        (state, headers): (&AppState, &HeaderMap),
        response: Response,
        (login, mark): (&str, Option<String>),
        now: Millis,
    ) -> Response {
        let known = self.used_by(login, mark, now).cookie(state.https);
        (state.cookies.jar(headers).add(known), response).into_response()
    }
}

/// Reads what stands in the cookie of a device; for `fuzz_entry`.
pub fn read_device(text: &str) -> bool {
    Device::parse(text).is_some_and(|device| {
        device.mark(text, 0);
        device.knows(text) || !device.id.is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Millis = 86_400_000;

    #[test]
    fn a_device_knows_the_last_logins_used_on_it() {
        let mut device = Device::parse("device:id:").unwrap();
        for n in 0..7 {
            device = device.used_by(&format!("login{n}"), None, 0);
            device = Device::parse(device.cookie(false).value()).unwrap();
        }
        assert!(device.knows("login6") && device.knows("login2") && !device.knows("login1"));
        assert_eq!(device.id, "id");
        assert_eq!(Device::parse("login:visitor"), None, "what was written before");
    }

    #[test]
    fn a_device_is_trusted_for_thirty_days_after_a_code() {
        let before = Device::parse("device:id:boss:other").unwrap();
        assert!(before.knows("boss") && before.mark("boss", 0).is_none(), "a cookie of before");
        let device = before.used_by("boss", Some("mark".into()), 100 * DAY);
        let device = Device::parse(device.cookie(false).value()).unwrap();
        assert_eq!(device.mark("boss", 130 * DAY), Some("mark"));
        assert_eq!(device.mark("boss", 131 * DAY), None);
        assert_eq!(device.mark("other", 100 * DAY), None);
        let again = device.used_by("boss", None, 120 * DAY);
        assert_eq!(again.mark("boss", 131 * DAY), None, "only a code counts anew");
    }
}

//! Staff sessions: the cookie `staff` (`__Host-staff` under https), and which paths need it.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use domain::staff::Staff;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::visitor::Visitor;
use crate::{http::error::AppError, state::AppState};

/// How long a browser keeps the cookie: as long as the longest session.
const COOKIE_SECONDS: u64 = 12 * 3600;

/// How long a device is known to a login: a year.
const DEVICE_SECONDS: u64 = 365 * 86_400;

/// Logins that a device is known to: a PC that a few share.
const LOGINS_MAX: usize = 5;

/// A device and the logins that succeeded on it, newest first; stored in a signed cookie.
#[derive(Debug, PartialEq, Eq)]
pub struct Device {
    /// Names it.
    pub id: String,
    logins: Vec<String>,
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
        Self::of(brought.as_ref())
    }

    fn of(brought: Option<&Cookie<'_>>) -> Option<Self> {
        brought.and_then(|cookie| Self::parse(cookie.value())).or_else(|| {
            let id = Visitor::fresh()?.id.as_str().to_owned();
            Some(Self { id, logins: Vec::new() })
        })
    }

    /// Reads `device:ID:LOGIN:LOGIN…`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("device:")?.split(':').map(str::to_owned);
        Some(Self { id: parts.next()?, logins: parts.collect() })
    }

    /// Whether `login` was used on it.
    pub fn knows(&self, login: &str) -> bool {
        self.logins.iter().any(|known| known == login)
    }

    fn cookie(mut self, login: String, https: bool) -> Cookie<'static> {
        self.logins.retain(|known| *known != login);
        self.logins.insert(0, login);
        self.logins.truncate(LOGINS_MAX);
        let value = format!("device:{}:{}", self.id, self.logins.join(":"));
        cookie(Self::cookie_name(https), value, DEVICE_SECONDS, https)
    }
}

/// Reads what stands in the cookie of a device; for `fuzz_entry`.
pub fn read_device(text: &str) -> bool {
    Device::parse(text).is_some()
}

/// Who of the staff is asking, in a request's extensions.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who.
    pub staff: Arc<Staff>,
    /// What the cookie holds.
    pub token: String,
}

const fn cookie_name(https: bool) -> &'static str {
    if https { "__Host-staff" } else { "staff" }
}

fn cookie(name: &'static str, value: String, seconds: u64, https: bool) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(https)
        .max_age(std::time::Duration::from_secs(seconds).try_into().unwrap_or_default())
        .build()
}

fn set(response: &mut Response, cookie: &Cookie<'_>) {
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// The token that a request brings.
pub fn token(state: &AppState, headers: &HeaderMap) -> Option<String> {
    let jar = CookieJar::from_headers(headers);
    jar.get(cookie_name(state.https)).map(|cookie| cookie.value().to_owned())
}

/// Answers `response` and begins a session in this browser, whose device then knows `login`.
pub fn begin(
    state: &AppState,
    headers: &HeaderMap,
    mut response: Response,
    token: String,
    device: Device,
    login: String,
) -> Response {
    set(&mut response, &cookie(cookie_name(state.https), token, COOKIE_SECONDS, state.https));
    let jar = state.cookies.jar(headers).add(device.cookie(login, state.https));
    (jar, response).into_response()
}

/// Takes the cookie of a session away.
pub fn end(state: &AppState, response: &mut Response) {
    let mut gone = cookie(cookie_name(state.https), String::new(), 0, state.https);
    gone.make_removal();
    set(response, &gone);
}

/// Whether only staff may come here.
fn is_for_staff(path: &str) -> bool {
    let console = path == "/console" || path.starts_with("/console/");
    console && path != "/console/login"
}

/// Adds the [`Session`] of a valid staff cookie to the request.
///
/// # Errors
/// The response for a console request without a session: a redirect to the login page.
pub async fn require_staff(state: &AppState, request: &mut Request) -> Result<(), Response> {
    let path = request.uri().path();
    let for_staff = is_for_staff(path);
    if for_staff || path.starts_with("/photos/") || path == "/console/login" {
        if let Some(token) = token(state, request.headers()) {
            match state.service.staff_of_session(&token).await {
                Ok(Some(staff)) => {
                    request.extensions_mut().insert(Session { staff: Arc::new(staff), token });
                }
                Ok(None) => {}
                Err(error) => return Err(AppError::from(error).into_response()),
            }
        }
        if for_staff && request.extensions().get::<Session>().is_none() {
            return Err(to_login(request.method(), request.uri(), request.headers()));
        }
    }
    Ok(())
}

/// Redirects to the login page, which leads back to the requested page, or to the page of the form.
fn to_login(method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    let asked = uri.path_and_query().map_or("/console", |path| path.as_str());
    let next = if matches!(*method, Method::GET | Method::HEAD) {
        safe_next(asked)
    } else {
        form_page(headers).unwrap_or_else(|| "/console".to_owned())
    };
    let next = utf8_percent_encode(&next, NON_ALPHANUMERIC);
    Redirect::to(&format!("/console/login?next={next}")).into_response()
}

/// The console page that contained the form, from `Referer`. A form that was refused is rendered at
/// the URL it was posted to, so that URL is mapped to its page.
pub fn form_page(headers: &HeaderMap) -> Option<String> {
    let referer = headers.get(header::REFERER)?.to_str().ok()?;
    let uri = referer.parse::<Uri>().ok()?;
    let next = safe_next(uri.path_and_query()?.as_str());
    let path = uri.path();
    let case = path.strip_prefix("/console/reports/");
    match case.map(|rest| rest.split_once('/').map_or(rest, |(code, _)| code)) {
        Some("bulk") => None,
        Some(code) => {
            let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
            Some(format!("/console/reports/{code}{query}"))
        }
        None if path.starts_with("/console/contact/") => None,
        None => Some(next),
    }
}

/// `next` if it is a path inside the console, else the first page of the console.
pub fn safe_next(next: &str) -> String {
    let path = next.split(['?', '#']).next().unwrap_or_default();
    let plain = next.bytes().all(|c| (b'!'..=b'~').contains(&c) && c != b'\\');
    if plain && is_for_staff(path) && !path.contains("//") && !path.contains("..") {
        next.to_owned()
    } else {
        "/console".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_knows_the_last_logins_used_on_it() {
        let mut value = "device:id:".to_owned();
        for n in 0..7 {
            let device = Device::parse(&value).unwrap();
            value = device.cookie(format!("login{n}"), false).value().to_owned();
        }
        let device = Device::parse(&value).unwrap();
        assert!(device.knows("login6") && device.knows("login2") && !device.knows("login1"));
        assert_eq!(device.id, "id");
        assert_eq!(Device::parse("login:visitor"), None, "what was written before");
    }

    #[test]
    fn the_way_back_leads_nowhere_else() {
        for inside in ["/console", "/console?state=all", "/console/reports/abc?x=%2F%2F"] {
            assert_eq!(safe_next(inside), inside);
        }
        for outside in [
            "",
            "/",
            "//evil.example",
            "https://evil.example/console",
            "/console/login",
            "/console//evil.example",
            "/console/../sign",
            "/consolex",
            "\\\\evil",
            "/console\\evil",
            "/console/x\r\nSet-Cookie: a=b",
            "/me",
        ] {
            assert_eq!(safe_next(outside), "/console", "{outside}");
        }
    }
}

//! Staff sessions: the cookie `staff` (`__Host-staff` under https), who needs one, and
//! how it is had.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::visitor::Visitor;
use crate::{
    domain::{report::action::command::Sent, staff::Staff},
    server::{
        AppState,
        forms::multipart::{Own, Received},
        http::{error, render},
    },
    service::{
        Asker,
        staff::{LoginError, StaffError},
    },
    ui::{context::RefusedPost, error::Refusal},
};

/// How long a browser keeps the cookie: as long as the longest session.
const COOKIE_SECONDS: u64 = 12 * 3600;

/// How long a device is known to a login: a year.
const DEVICE_SECONDS: u64 = 365 * 86_400;

/// Logins that a device is known to: a PC that a few share.
const LOGINS_MAX: usize = 5;

/// A device, and the logins that were used on it, newest first: signed.
#[derive(Debug, PartialEq, Eq)]
struct Device {
    id: String,
    logins: Vec<String>,
}

impl Device {
    const fn cookie_name(https: bool) -> &'static str {
        if https { "__Host-device" } else { "device" }
    }

    /// The one of this browser, or a new one.
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

    fn knows(&self, login: &str) -> bool {
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

/// Reads what stands in the cookie of a device; for `entrances`.
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

fn token(state: &AppState, headers: &HeaderMap) -> Option<String> {
    let jar = CookieJar::from_headers(headers);
    jar.get(cookie_name(state.https)).map(|cookie| cookie.value().to_owned())
}

/// Whether only staff may come here.
fn is_for_staff(path: &str) -> bool {
    let console = path == "/console" || path.starts_with("/console/");
    console && path != "/console/login"
}

/// Knows staff by their cookie.
///
/// # Errors
/// The answer to whoever is none and asks for the console: the way to its door.
pub async fn admit(state: &AppState, request: &mut Request) -> Result<(), Response> {
    let path = request.uri().path();
    let for_staff = is_for_staff(path);
    if for_staff || path.starts_with("/photos/") || path == "/console/login" {
        if let Some(token) = token(state, request.headers()) {
            match state.service.staff_of_session(&token).await {
                Ok(Some(staff)) => {
                    request.extensions_mut().insert(Session { staff: Arc::new(staff), token });
                }
                Ok(None) => {}
                Err(error) => return Err(error::from_store(&error)),
            }
        }
        if for_staff && request.extensions().get::<Session>().is_none() {
            return Err(to_login(request.method(), request.uri(), request.headers()));
        }
    }
    Ok(())
}

/// The way to the door and back: to the page that was asked for, or the one a form was
/// on.
fn to_login(method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    let asked = uri.path_and_query().map_or("/console", |path| path.as_str());
    let next = if matches!(*method, Method::GET | Method::HEAD) {
        safe_next(asked)
    } else {
        came_from(headers).unwrap_or_else(|| "/console".to_owned())
    };
    let next = utf8_percent_encode(&next, NON_ALPHANUMERIC);
    Redirect::to(&format!("/console/login?next={next}")).into_response()
}

/// The page of the console that a form was on, as far as the browser tells. A form that
/// was refused is shown at the address it was posted to: its page is another one.
pub fn came_from(headers: &HeaderMap) -> Option<String> {
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

/// A place inside the console; anything else is its front page.
pub fn safe_next(next: &str) -> String {
    let path = next.split(['?', '#']).next().unwrap_or_default();
    let plain = next.bytes().all(|c| (b'!'..=b'~').contains(&c) && c != b'\\');
    if plain && is_for_staff(path) && !path.contains("//") && !path.contains("..") {
        next.to_owned()
    } else {
        "/console".to_owned()
    }
}

/// Logs in, and goes on to where one wanted to be.
pub async fn log_in(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    Received { parts, posted }: Received,
) -> Response {
    let login = posted.first("login").trim().to_ascii_lowercase();
    let jar = state.cookies.jar(&parts.headers);
    let name = Device::cookie_name(state.https);
    let brought = jar.get(name).or_else(|| state.cookies.signed_before(&parts.headers, name));
    let Some(device) = Device::of(brought.as_ref()) else {
        return error::response(Refusal::Internal);
    };
    let known_device = device.knows(&login).then_some(device.id.as_str());
    let asker = Asker { device: known_device, ..visitor.asker() };
    let old = token(&state, &parts.headers);
    let tried =
        state.service.log_in(&login, &posted.first("password"), &asker, old.as_deref()).await;
    let mut wait = None;
    let (status, whole) = match tried {
        Ok(token) => {
            let mut response = Redirect::to(&safe_next(&posted.first("next"))).into_response();
            set(
                &mut response,
                &cookie(cookie_name(state.https), token, COOKIE_SECONDS, state.https),
            );
            let jar = jar.add(device.cookie(login, state.https));
            return (jar, response).into_response();
        }
        Err(LoginError::Wrong) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "登录名或密码不对，请再试一次".to_owned())
        }
        Err(LoginError::Wait(seconds)) => {
            wait = Some(seconds);
            let minutes = seconds.div_ceil(60);
            let sentence = format!("试的次数太多了，请{minutes}分钟后再试，或请管理员重设密码");
            (StatusCode::TOO_MANY_REQUESTS, sentence)
        }
        Err(LoginError::Store(error)) => return error::from_store(&error),
    };
    // A password is never shown again.
    let values = vec![("login".to_owned(), login), ("next".to_owned(), posted.first("next"))];
    let errors = vec![("login", whole.into())];
    let post = RefusedPost { form: "login".into(), values, errors, whole: None };
    let page = render::refused_post(&state, parts, "/console/login", post, status).await;
    error::say_wait(page, wait)
}

/// Logs out.
pub async fn log_out(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Own(Received { posted, .. }): Own,
) -> Response {
    let ended = match posted.fields.ticked("everywhere") {
        true => state.service.log_out_everywhere(&session.staff).await,
        false => state.service.log_out(&session.token).await,
    };
    if let Err(error) = ended {
        return error::from_store(&error);
    }
    let mut response = Redirect::to("/console/login").into_response();
    let mut gone = cookie(cookie_name(state.https), String::new(), 0, state.https);
    gone.make_removal();
    set(&mut response, &gone);
    response
}

/// Changes one's own password.
pub async fn change_password(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Own(Received { parts, posted }): Own,
) -> Response {
    let (old, new) = (posted.first("old"), posted.first("new"));
    match state.service.change_password(&session.staff, &session.token, (&old, &new)).await {
        Ok(()) => Redirect::to("/console/account?done=1").into_response(),
        Err(StaffError::Form(errors)) => {
            let post = RefusedPost { form: "password".into(), errors, ..RefusedPost::default() };
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            render::refused_post(&state, parts, "/console/account", post, status).await
        }
        Err(StaffError::Store(error)) => error::from_store(&error),
        Err(StaffError::Forbidden | StaffError::NotFound) => error::response(Refusal::NotFound),
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

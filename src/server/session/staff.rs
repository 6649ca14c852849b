//! Staff sessions: the cookie `staff` (`__Host-staff` under https), and which paths need it.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use domain::staff::Stage;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use service::staff::StaffSession;

use crate::{http::error::AppError, state::AppState};

/// How long a browser keeps the cookie: as long as the longest session.
const COOKIE_SECONDS: u64 = 12 * 3600;

/// Who of the staff is asking, in a request's extensions: their session may do everything.
pub type Session = StaffSession;

/// A login that waits for its second factor, in a request's extensions. It is nobody's session yet.
#[derive(Clone, Debug)]
pub struct PendingSession(pub StaffSession);

const fn cookie_name(https: bool) -> &'static str {
    if https { "__Host-staff" } else { "staff" }
}

pub(super) fn cookie(
    name: &'static str,
    value: String,
    seconds: u64,
    https: bool,
) -> Cookie<'static> {
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

/// Answers `response` and begins a session in this browser.
pub fn begin(state: &AppState, mut response: Response, token: String) -> Response {
    set(&mut response, &cookie(cookie_name(state.https), token, COOKIE_SECONDS, state.https));
    response
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

/// Adds the [`Session`] of a valid staff cookie to the request, or the [`PendingSession`].
///
/// # Errors
/// The response for a console request without a session: a redirect to the login page, or to what
/// the login waits for.
pub async fn require_staff(state: &AppState, request: &mut Request) -> Result<(), Response> {
    let path = request.uri().path();
    let for_staff = is_for_staff(path);
    if !for_staff && !path.starts_with("/photos/") && path != "/console/login" {
        return Ok(());
    }
    let found = match token(state, request.headers()) {
        Some(token) => state.service.session(token).await,
        None => Ok(None),
    };
    match found {
        Ok(Some(session)) if session.stage == Stage::Full => {
            request.extensions_mut().insert(session);
            Ok(())
        }
        Ok(Some(session)) => {
            let wanted = step(session.stage);
            let may = !for_staff || path.starts_with(wanted) || path == "/console/logout";
            request.extensions_mut().insert(PendingSession(session));
            match may {
                true => Ok(()),
                false => Err(Redirect::to(wanted).into_response()),
            }
        }
        Ok(None) if for_staff => Err(to_login(request.method(), request.uri(), request.headers())),
        Ok(None) => Ok(()),
        Err(error) => Err(AppError::from(error).into_response()),
    }
}

/// The page that a login waits for.
pub const fn step(stage: Stage) -> &'static str {
    match stage {
        Stage::Full => "/console",
        Stage::Code => "/console/login/code",
        Stage::SetUp => "/console/account/factor",
    }
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
    let inside = is_for_staff(path) && !path.starts_with("/console/login/");
    if plain && inside && !path.contains("//") && !path.contains("..") {
        next.to_owned()
    } else {
        "/console".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "/console/login/code",
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

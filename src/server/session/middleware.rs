//! Middleware that identifies the visitor or the member of staff before every page and form.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::CookieJar;
use domain::visitor::VisitorId;
use ui::error::Refusal;

use super::{
    staff,
    visitor::{
        BecomeVisitor, GRID, Hint, RENEWAL, SIGNED, Visitor, WECHAT_HINT, cookie, cookie_name,
        is_same_origin_navigation, lang_in, lang_of_address, large_text_in, parse, remember,
    },
};
use crate::{http::error, state::AppState};

/// Sets and renews the signed visitor cookie, and lets only staff into the console. Merged into
/// one middleware: tower polls each layer twice per pending request.
pub async fn identify(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let name = cookie_name(state.https);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let signed_jar = state.cookies.jar(request.headers());
    let newest = signed_jar.get(name).and_then(|cookie| parse(cookie.value(), now));
    let found = newest.or_else(|| {
        let cookie = state.cookies.signed_before(request.headers(), name)?;
        // Signed with an old secret: treated as due for renewal, so that it is signed again.
        let (id, age) = parse(cookie.value(), now)?;
        Some((id, age.max(RENEWAL + Duration::from_secs(1))))
    });
    let known_for =
        found.as_ref().map_or(0, |(_, age)| age.as_millis().try_into().unwrap_or(i64::MAX));
    let renew = found.as_ref().is_none_or(|(_, age)| *age > RENEWAL);
    let known = found.is_some();
    let Some(id) = found.map(|(id, _)| id).or_else(|| Some(Visitor::fresh()?.id)) else {
        return error::refuse(Refusal::Internal);
    };
    let hints = CookieJar::from_headers(request.headers());
    let chosen = lang_of_address(request.uri());
    let same_origin = is_same_origin_navigation(request.headers());
    let visitor = Visitor {
        id: id.clone(),
        known,
        grid: hints.get(GRID).map(|cookie| cookie.value().to_owned()),
        signed: hints.get(SIGNED).is_some(),
        large_text: large_text_in(&hints),
        skip_wechat_login: hints.get(WECHAT_HINT).is_some(),
        lang: chosen.unwrap_or_else(|| lang_in(&hints, request.headers())),
        known_for,
        client_network: state.client_network(request.extensions(), request.headers()),
    };
    request.extensions_mut().insert(visitor);
    // Photo responses never set the visitor cookie: the page that shows them did.
    let is_photo = request.uri().path().starts_with("/photos/");

    let mut response = match staff::require_staff(&state, &mut request).await {
        Ok(()) => next.run(request).await,
        Err(instead) => instead,
    };
    if let Some(lang) = chosen.filter(|_| !is_photo && same_origin) {
        remember(&mut response, Hint::Lang(lang), state.https);
    }
    let become_other = response.extensions_mut().remove::<BecomeVisitor>().map(|other| other.0);
    if (renew && !is_photo) || become_other.is_some() {
        let id = become_other.unwrap_or(id);
        let value = format!("{}.{}", id.as_str(), now.as_secs());
        let jar = signed_jar.add(cookie(name, value, state.https));
        return (jar, response).into_response();
    }
    response
}

/// Switches this browser to the visitor `known`, and sets the hint cookies to match.
pub async fn switch_visitor(state: &AppState, response: &mut Response, known: VisitorId) {
    let signed = state.service.signature_of(&known).await;
    let hint = if matches!(signed, Ok(Some(_))) { Hint::Signed } else { Hint::NotSigned };
    remember(response, hint, state.https);
    response.extensions_mut().insert(BecomeVisitor(known));
}

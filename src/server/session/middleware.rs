//! Who is asking, found out before every page and form: one layer for visitors and staff.

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
        BecomeVisitor, GRID, Hint, INTRODUCED, RENEWAL, SIGNED, Visitor, care_in, cookie,
        cookie_name, from_here, lang_in, lang_of_address, parse, remember,
    },
};
use crate::{
    http::{client_ip, error},
    state::AppState,
};

/// Sets and renews the signed visitor cookie, and lets only staff into the console. Merged into
/// one middleware: tower polls each layer twice per pending request.
pub async fn identify(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let name = cookie_name(state.https);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let signed_jar = state.cookies.jar(request.headers());
    let newest = signed_jar.get(name).and_then(|cookie| parse(cookie.value(), now));
    let found = newest.or_else(|| {
        let cookie = state.cookies.signed_before(request.headers(), name)?;
        // It is written anew, so it is as old as one that is to be.
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
    let by_own_choice = from_here(request.headers());
    let visitor = Visitor {
        id: id.clone(),
        known,
        grid: hints.get(GRID).map(|cookie| cookie.value().to_owned()),
        signed: hints.get(SIGNED).is_some(),
        care: care_in(&hints),
        introduced: hints.get(INTRODUCED).is_some(),
        lang: chosen.unwrap_or_else(|| lang_in(&hints, request.headers())),
        known_for,
        place: client_ip::place(request.extensions(), request.headers(), &state.trusted_proxies),
    };
    request.extensions_mut().insert(visitor);
    // Pictures never set a cookie: whoever fetches one has seen a page.
    let is_picture = request.uri().path().starts_with("/photos/");

    let mut response = match staff::admit(&state, &mut request).await {
        Ok(()) => next.run(request).await,
        Err(instead) => instead,
    };
    if let Some(lang) = chosen.filter(|_| !is_picture && by_own_choice) {
        remember(&mut response, Hint::Lang(lang), state.https);
    }
    let become_other = response.extensions_mut().remove::<BecomeVisitor>().map(|other| other.0);
    if (renew && !is_picture) || become_other.is_some() {
        let id = become_other.unwrap_or(id);
        let value = format!("{}.{}", id.as_str(), now.as_secs());
        let jar = signed_jar.add(cookie(name, value, state.https));
        return (jar, response).into_response();
    }
    response
}

/// Makes the browser `known`, with what it is to be told of them.
pub async fn give_back(state: &AppState, response: &mut Response, known: VisitorId) {
    let signed = state.service.signature_of(&known).await;
    let hint = if matches!(signed, Ok(Some(_))) { Hint::Signed } else { Hint::NotSigned };
    remember(response, hint, state.https);
    response.extensions_mut().insert(BecomeVisitor(known));
}

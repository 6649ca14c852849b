//! WeChat login (OAuth, scope `snsapi_base`: no consent screen, only an account id), so that one
//! account can sign only once on all devices:
//! <https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/Wechat_webpage_authorization.html>
//!
//! A WeChat browser is redirected there and back once, before it signs or opens personal pages.
//! Only a keyed hash of the account id is stored. If WeChat fails, the visitor cookie decides.

use std::fmt::Write as _;

use axum::{
    Extension,
    extract::{Query, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};
use domain::{time::Millis, visitor::VisitorId};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use service::Service;
use subtle::ConstantTimeEq;
use ui::error::Refusal;

use crate::{
    http::error::AppError,
    session::{
        middleware::switch_visitor,
        visitor::{Hint, Visitor, remember},
    },
    state::AppState,
};

/// The pages before which it is asked, each with the letter by which it is come back to.
const PAGES: [(&str, char); 4] = [("/sign", 's'), ("/signed", 'c'), ("/me", 'm'), ("/report", 'r')];

/// How long the way to WeChat and back may take, in milliseconds.
const LOGIN_TIMEOUT: Millis = 10 * 60_000;

/// Where to ask WeChat first, if this visitor is to be asked for before the page at `path`.
pub fn login_redirect(
    state: &AppState,
    visitor: &Visitor,
    headers: &HeaderMap,
    path: &str,
) -> Option<Response> {
    let wechat = state.wechat.as_ref().filter(|wechat| wechat.has_login())?;
    let (_, page) = PAGES.into_iter().find(|(page, _)| *page == path)?;
    let agent = headers.get(header::USER_AGENT)?.to_str().ok()?;
    // WeCom says both, and has no accounts of WeChat's. What a service worker fetches for
    // itself cannot go elsewhere.
    let is_wechat_browser = agent.contains("MicroMessenger") && !agent.contains("wxwork");
    let is_navigation = headers.get("sec-fetch-mode").is_none_or(|mode| mode == "navigate");
    if visitor.skip_wechat_login
        || !is_wechat_browser
        || !is_navigation
        || state.public_url.is_empty()
    {
        return None;
    }
    let back = format!("{}/wechat/back", state.public_url);
    let back = utf8_percent_encode(&back, NON_ALPHANUMERIC);
    let token = oauth_state(&state.service, &visitor.id, page, state.service.now());
    let mut response = Redirect::to(&wechat.authorize(&back.to_string(), &token)).into_response();
    // Prevents a redirect loop if WeChat does not redirect back.
    remember(&mut response, Hint::WeChatLoginStarted, state.https);
    Some(response)
}

/// The OAuth `state`: page, time and a MAC that binds them to the visitor, against login CSRF.
/// WeChat allows letters and digits.
fn oauth_state(service: &Service, visitor: &VisitorId, page: char, at: Millis) -> String {
    let seal =
        service.authentication_tag(&format!("way to wechat\n{}\n{page}\n{at}", visitor.as_str()));
    let mut token = format!("{page}{at}x");
    for byte in seal.bytes() {
        write!(token, "{byte:02x}").ok();
    }
    token
}

/// Verifies an OAuth `state`: the page, if it is valid for this visitor and not expired.
fn page_of(service: &Service, visitor: &VisitorId, sent: &str) -> Option<&'static str> {
    let mut rest = sent.chars();
    let letter = rest.next()?;
    let at: Millis = rest.as_str().split_once('x')?.0.parse().ok()?;
    let (path, _) = PAGES.into_iter().find(|(_, page)| *page == letter)?;
    let in_time = (0..=LOGIN_TIMEOUT).contains(&service.now().checked_sub(at)?);
    let ours = oauth_state(service, visitor, letter, at);
    (in_time && bool::from(ours.as_bytes().ct_eq(sent.as_bytes()))).then_some(path)
}

/// What someone comes back from WeChat with.
#[derive(Deserialize)]
pub struct OAuthCallback {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
}

/// Back from WeChat: who they are, and on to the page.
pub async fn back(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    Query(brought): Query<OAuthCallback>,
) -> Result<Response, AppError> {
    let wechat = state.wechat.as_ref().filter(|wechat| wechat.has_login());
    let wechat = wechat.ok_or(Refusal::NotFound)?;
    let Some(page) = page_of(&state.service, &visitor.id, &brought.state) else {
        return Ok(Redirect::to("/").into_response());
    };
    let mut response = Redirect::to(page).into_response();
    let fresh = Visitor::fresh().ok_or(Refusal::Internal)?;
    if state.service.may_ask_wechat(&visitor.requester()).await?.is_err() {
        // They are who they were.
        return Ok(response);
    }
    let account = match wechat.account(&brought.code).await {
        Ok(account) => account,
        Err(error) => {
            tracing::warn!(%error, "WeChat login failed; the visitor is not changed");
            return Ok(response);
        }
    };
    match state.service.link_wechat_account(&account, &visitor.id, &fresh.id).await {
        Ok(known) => {
            remember(&mut response, Hint::WeChatLoginDone, state.https);
            if known != visitor.id {
                switch_visitor(&state, &mut response, known).await;
            }
            Ok(response)
        }
        Err(error) => {
            tracing::error!(%error, "a WeChat account could not be linked; the login will be repeated");
            Ok(response)
        }
    }
}

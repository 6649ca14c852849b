//! Who someone is to WeChat, so that one account signs once on any device: by its own leave
//! for that (`snsapi_base`: nobody is asked, and nothing but a number is told;
//! <https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/Wechat_webpage_authorization.html>).
//!
//! A browser of WeChat's is sent there and back once, before it signs or sees its own; what
//! it comes back with is kept as a keyed hash. Where WeChat does not answer, people are who
//! their cookie says.

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
        middleware::give_back,
        visitor::{Hint, Visitor, remember},
    },
    state::AppState,
};

/// The pages before which it is asked, each with the letter by which it is come back to.
const PAGES: [(&str, char); 4] = [("/sign", 's'), ("/signed", 'c'), ("/me", 'm'), ("/report", 'r')];

/// How long the way to WeChat and back may take, in milliseconds.
const PATIENCE: Millis = 10 * 60_000;

/// Where to ask WeChat first, if this visitor is to be asked for before the page at `path`.
pub fn way_to_wechat(
    state: &AppState,
    visitor: &Visitor,
    headers: &HeaderMap,
    path: &str,
) -> Option<Response> {
    let wechat = state.wechat.as_ref().filter(|wechat| wechat.identifies())?;
    let (_, page) = PAGES.into_iter().find(|(page, _)| *page == path)?;
    let agent = headers.get(header::USER_AGENT)?.to_str().ok()?;
    // WeCom says both, and has no accounts of WeChat's. What a service worker fetches for
    // itself cannot go elsewhere.
    let theirs = agent.contains("MicroMessenger") && !agent.contains("wxwork");
    let by_hand = headers.get("sec-fetch-mode").is_none_or(|mode| mode == "navigate");
    if visitor.introduced || !theirs || !by_hand || state.public_url.is_empty() {
        return None;
    }
    let back = format!("{}/wechat/back", state.public_url);
    let back = utf8_percent_encode(&back, NON_ALPHANUMERIC);
    let token = token(&state.service, &visitor.id, page, state.service.now());
    let mut response = Redirect::to(&wechat.authorize(&back.to_string(), &token)).into_response();
    // Whoever does not come back is not sent again and again.
    remember(&mut response, Hint::Asked, state.https);
    Some(response)
}

/// What WeChat gives back with its answer: which page is come back to, when it was left,
/// and by whom, so that nobody can be made someone else's. WeChat takes letters and digits.
fn token(service: &Service, visitor: &VisitorId, page: char, at: Millis) -> String {
    let seal = service.seal(&format!("way to wechat\n{}\n{page}\n{at}", visitor.as_str()));
    let mut token = format!("{page}{at}x");
    for byte in seal.bytes() {
        write!(token, "{byte:02x}").ok();
    }
    token
}

/// The page that a token of ours names, if it is this visitor's and of now.
fn page_of(service: &Service, visitor: &VisitorId, sent: &str) -> Option<&'static str> {
    let mut rest = sent.chars();
    let letter = rest.next()?;
    let at: Millis = rest.as_str().split_once('x')?.0.parse().ok()?;
    let (path, _) = PAGES.into_iter().find(|(_, page)| *page == letter)?;
    let in_time = (0..=PATIENCE).contains(&service.now().checked_sub(at)?);
    let ours = token(service, visitor, letter, at);
    (in_time && bool::from(ours.as_bytes().ct_eq(sent.as_bytes()))).then_some(path)
}

/// What someone comes back from WeChat with.
#[derive(Deserialize)]
pub struct Brought {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
}

/// Back from WeChat: who they are, and on to the page.
pub async fn back(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    Query(brought): Query<Brought>,
) -> Result<Response, AppError> {
    let wechat = state.wechat.as_ref().filter(|wechat| wechat.identifies());
    let wechat = wechat.ok_or(Refusal::NotFound)?;
    let Some(page) = page_of(&state.service, &visitor.id, &brought.state) else {
        return Ok(Redirect::to("/").into_response());
    };
    let mut response = Redirect::to(page).into_response();
    let fresh = Visitor::fresh().ok_or(Refusal::Internal)?;
    if state.service.may_ask_wechat(&visitor.asker()).await?.is_err() {
        // They are who they were.
        return Ok(response);
    }
    let account = match wechat.account(&brought.code).await {
        Ok(account) => account,
        Err(error) => {
            tracing::warn!(%error, "WeChat did not say who someone is; they are who they were");
            return Ok(response);
        }
    };
    match state.service.one_by_wechat(&account, &visitor.id, &fresh.id).await {
        Ok(known) => {
            remember(&mut response, Hint::Introduced, state.https);
            if known != visitor.id {
                give_back(&state, &mut response, known).await;
            }
            Ok(response)
        }
        Err(error) => {
            tracing::error!(%error, "an account was not linked; it is asked for later");
            Ok(response)
        }
    }
}

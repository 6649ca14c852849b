//! `POST /console/login`, `/console/logout` and `/console/account`.

use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use domain::{report::action::command::FormFields, staff::Stage};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use service::{
    Requester,
    staff::{Login, LoginError, StaffError},
};
use ui::{error::Refusal, form_state::FormState};

use crate::{
    forms::multipart::{FormRequest, OwnerChecked},
    http::error::{AppError, with_retry_after},
    pages::render,
    session::{
        device::Device,
        staff::{self, PendingSession, Session, safe_next},
        visitor::Visitor,
    },
    state::AppState,
};

/// Seconds after which to try again when too many log in at once.
const BUSY_WAIT: u32 = 5;

/// Logs in, and goes on to where one wanted to be.
pub async fn log_in(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    FormRequest { parts, posted }: FormRequest,
) -> Result<Response, AppError> {
    let login = posted.first("login").trim().to_ascii_lowercase();
    let device = Device::of_request(&state, &parts.headers).ok_or(Refusal::Internal)?;
    let known_device = device.knows(&login).then_some(device.id.as_str());
    let asker = Requester { device: known_device, ..visitor.requester() };
    let old = staff::token(&state, &parts.headers);
    let mark = device.mark(&login, state.service.now());
    let brought = (old.as_deref(), mark);
    let tried = state.service.log_in(&login, &posted.first("password"), &asker, brought).await;
    let mut wait = None;
    let (status, sentence) = match tried {
        Ok(Login { token, stage, weak_password }) => {
            let next = match weak_password {
                true => "/console/account?weak=1".to_owned(),
                false => safe_next(&posted.first("next")),
            };
            let to = match stage {
                Stage::Full => next,
                waiting => {
                    format!(
                        "{}?next={}",
                        staff::step(waiting),
                        utf8_percent_encode(&next, NON_ALPHANUMERIC)
                    )
                }
            };
            let response = staff::begin(&state, Redirect::to(&to).into_response(), token);
            let known = (login.as_str(), None);
            let from = (&state, &parts.headers);
            return Ok(device.remember(from, response, known, state.service.now()));
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
        Err(LoginError::Busy) => {
            wait = Some(BUSY_WAIT);
            let sentence = "现在登录的人很多，请过几秒再试。用过的设备不用等。".to_owned();
            (StatusCode::SERVICE_UNAVAILABLE, sentence)
        }
        Err(LoginError::Store(error)) => return Err(error.into()),
    };
    // A password is never shown again.
    let values = vec![("login".to_owned(), login), ("next".to_owned(), posted.first("next"))];
    let form = FormState::submitted("login", values).with_errors(vec![("login", sentence.into())]);
    let page = render::with_form(&state, parts, "/console/login", form, status).await;
    Ok(with_retry_after(page, wait))
}

/// Logs out.
pub async fn log_out(
    State(state): State<AppState>,
    session: Option<Extension<Session>>,
    pending: Option<Extension<PendingSession>>,
    OwnerChecked(FormRequest { posted, .. }): OwnerChecked,
) -> Result<Response, AppError> {
    let pending = pending.map(|Extension(PendingSession(session))| session);
    let session = session.map(|Extension(session)| session).or(pending);
    let session = session.ok_or(Refusal::NotFound)?;
    match posted.fields.ticked("everywhere") {
        true => state.service.log_out_everywhere(&session.staff).await?,
        false => state.service.log_out(&session.token).await?,
    };
    let mut response = Redirect::to("/console/login").into_response();
    staff::end(&state, &mut response);
    Ok(response)
}

/// Changes one's own password.
pub async fn change_password(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    OwnerChecked(FormRequest { parts, posted }): OwnerChecked,
) -> Result<Response, AppError> {
    let (old, new) = (posted.first("old"), posted.first("new"));
    match state.service.change_password(&session.staff, &session.token, (&old, &new)).await {
        Ok(()) => Ok(Redirect::to("/console/account?done=1").into_response()),
        Err(StaffError::Form(errors)) => {
            let form = FormState::submitted("password", Vec::new()).with_errors(errors);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(render::with_form(&state, parts, "/console/account", form, status).await)
        }
        Err(error) => Err(error.into()),
    }
}

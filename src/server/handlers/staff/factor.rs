//! The second factor: `/console/login/code`, `/console/account/factor` and `/console/confirm`.

use axum::{
    Extension,
    extract::{Path, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use domain::{report::action::command::FormFields, staff::Stage};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use service::staff::{CodeError, StaffSession};
use ui::{error::Refusal, form_state::FormState};

use crate::{
    forms::multipart::{FormRequest, OwnerChecked, PostedForm},
    http::error::{AppError, with_retry_after},
    pages::render,
    session::{
        device::Device,
        staff::{self, PendingSession, Session, safe_next},
    },
    state::AppState,
};

/// Ends a login by its code.
pub async fn enter_code(
    State(state): State<AppState>,
    pending: Option<Extension<PendingSession>>,
    OwnerChecked(FormRequest { parts, posted }): OwnerChecked,
) -> Result<Response, AppError> {
    let waiting = pending.map(|Extension(PendingSession(session))| session);
    let Some(session) = waiting.filter(|session| session.stage == Stage::Code) else {
        return Ok(Redirect::to("/console").into_response());
    };
    match state.service.finish_login(&session, &posted.first("code")).await {
        Ok((token, mark)) => {
            let to = Redirect::to(&safe_next(&posted.first("next"))).into_response();
            let device = Device::of_request(&state, &parts.headers).ok_or(Refusal::Internal)?;
            let response = staff::begin(&state, to, token);
            let known = (session.staff.login.as_str(), Some(mark));
            Ok(device.remember((&state, &parts.headers), response, known, state.service.now()))
        }
        Err(error) => refuse(&state, parts, &posted, ("/console/login/code", error)).await,
    }
}

/// Sets up a second factor (`enrol`), makes new one-time codes (`codes`), or takes it away (`remove`).
/// Where there is one already, a code of it is asked for before.
pub async fn change(
    State(state): State<AppState>,
    session: Option<Extension<Session>>,
    pending: Option<Extension<PendingSession>>,
    Path(what): Path<String>,
    OwnerChecked(FormRequest { mut parts, posted }): OwnerChecked,
) -> Result<Response, AppError> {
    const PAGE: &str = "/console/account/factor";
    let pending = pending.map(|Extension(PendingSession(session))| session);
    let Some(mut session) = session.map(|Extension(session)| session).or(pending) else {
        return Err(Refusal::NotFound.into());
    };
    if state.service.needs_code(&session).await? {
        return Ok(confirm_first(PAGE));
    }
    let codes = match what.as_str() {
        "enrol" => match state.service.set_up_factor(&session, &posted.first("code")).await {
            Ok((codes, token)) => {
                session.token = token.unwrap_or(session.token);
                codes
            }
            Err(error) => return refuse(&state, parts, &posted, (PAGE, error)).await,
        },
        "codes" => state.service.new_codes(&session.staff).await?,
        "remove" => {
            state.service.remove_factor(&session.staff).await?;
            return Ok(Redirect::to("/console/account").into_response());
        }
        _ => return Err(Refusal::NotFound.into()),
    };
    if codes.is_empty() {
        return Ok(Redirect::to(PAGE).into_response());
    }
    let token = session.token.clone();
    let login = session.staff.login.clone();
    let mark = state.service.mark_of(&session.staff).await?;
    let device = Device::of_request(&state, &parts.headers).ok_or(Refusal::Internal)?;
    let headers = parts.headers.clone();
    parts.extensions.remove::<PendingSession>();
    parts.extensions.insert(StaffSession {
        stage: Stage::Full,
        proven_at: Some(state.service.now()),
        ..session
    });
    let values = codes.into_iter().map(|code| ("codes".to_owned(), code)).collect();
    let form = FormState::submitted("codes-made", values);
    let page = render::with_form(&state, parts, PAGE, form, StatusCode::OK).await;
    let page = staff::begin(&state, page, token);
    Ok(device.remember((&state, &headers), page, (&login, Some(mark)), state.service.now()))
}

/// Takes a code before a deed that can't be undone, and leads on to it.
pub async fn confirm(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    OwnerChecked(FormRequest { parts, posted }): OwnerChecked,
) -> Result<Response, AppError> {
    match state.service.prove_session(&session, &posted.first("code")).await {
        Ok(()) => Ok(Redirect::to(&safe_next(&posted.first("next"))).into_response()),
        Err(error) => refuse(&state, parts, &posted, ("/console/confirm", error)).await,
    }
}

/// Where a code is asked for before `next`.
pub fn confirm_first(next: &str) -> Response {
    let next = utf8_percent_encode(next, NON_ALPHANUMERIC);
    Redirect::to(&format!("/console/confirm?next={next}")).into_response()
}

/// What is said of a code that was not taken, with the status and the seconds to wait.
///
/// # Errors
/// [`AppError`] when the store failed.
pub fn fault(error: CodeError) -> Result<(StatusCode, String, Option<u32>), AppError> {
    match error {
        CodeError::Wrong => {
            let sentence = "动态码不对，或者已经用过，请等下一个".to_owned();
            Ok((StatusCode::UNPROCESSABLE_ENTITY, sentence, None))
        }
        CodeError::Wait(seconds) => {
            let sentence = format!("试的次数太多了，请{}分钟后再试", seconds.div_ceil(60));
            Ok((StatusCode::TOO_MANY_REQUESTS, sentence, Some(seconds)))
        }
        CodeError::Missing => {
            let sentence = "这一页的改动不能撤销，请先输入动态码".to_owned();
            Ok((StatusCode::UNPROCESSABLE_ENTITY, sentence, None))
        }
        CodeError::NotSetUp => {
            let sentence = "请先设置您自己的动态码，再管理人员".to_owned();
            Ok((StatusCode::UNPROCESSABLE_ENTITY, sentence, None))
        }
        CodeError::Store(error) => Err(error.into()),
    }
}

/// The page again, with what was wrong about the code.
async fn refuse(
    state: &AppState,
    parts: Parts,
    posted: &PostedForm,
    (page, error): (&str, CodeError),
) -> Result<Response, AppError> {
    let (status, sentence, wait) = fault(error)?;
    let values = vec![("next".to_owned(), posted.first("next"))];
    let form = FormState::submitted("code", values).with_errors(vec![("code", sentence.into())]);
    let page = render::with_form(state, parts, page, form, status).await;
    Ok(with_retry_after(page, wait))
}

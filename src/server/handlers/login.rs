//! `POST /console/login`, `/console/logout` and `/console/account`.

use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    domain::report::action::command::Sent,
    server::{
        forms::multipart::{Own, Received},
        http::error,
        pages::render,
        session::{
            staff::{self, Device, Session, safe_next},
            visitor::Visitor,
        },
        state::AppState,
    },
    service::{
        Asker,
        staff::{LoginError, StaffError},
    },
    ui::{context::RefusedPost, error::Refusal},
};

/// Logs in, and goes on to where one wanted to be.
pub async fn log_in(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    Received { parts, posted }: Received,
) -> Response {
    let login = posted.first("login").trim().to_ascii_lowercase();
    let Some(device) = Device::of_request(&state, &parts.headers) else {
        return error::response(Refusal::Internal);
    };
    let known_device = device.knows(&login).then_some(device.id.as_str());
    let asker = Asker { device: known_device, ..visitor.asker() };
    let old = staff::token(&state, &parts.headers);
    let tried =
        state.service.log_in(&login, &posted.first("password"), &asker, old.as_deref()).await;
    let mut wait = None;
    let (status, whole) = match tried {
        Ok(token) => {
            let response = Redirect::to(&safe_next(&posted.first("next"))).into_response();
            return staff::begin(&state, &parts.headers, response, token, device, login);
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
    staff::end(&state, &mut response);
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

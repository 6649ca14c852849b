//! Managers add staff and change what they answer for.

use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    domain::report::action::command::{FieldErrors, Sent},
    server::{
        forms::multipart::{Own, Received},
        http::error,
        pages::render,
        session::staff::Session,
        state::AppState,
    },
    service::staff::{Manage, StaffError, StaffForm, password::fresh_password},
    ui::{context::RefusedPost, error::Refusal},
};

/// A manager adds someone.
pub async fn add_staff(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Own(Received { parts, posted }): Own,
) -> Response {
    let form = StaffForm {
        login: posted.first("login"),
        name: posted.first("name"),
        role: posted.first("role"),
        grids: posted.all("grids"),
        branches: posted.all("branches"),
        password: posted.first("password"),
    };
    match state.service.add_staff(Some(&session.staff), &form).await {
        Ok(_) => Redirect::to("/console/staff").into_response(),
        Err(StaffError::Form(errors)) => {
            let mut values = posted.fields.into_pairs();
            values.retain(|(name, _)| name != "password");
            let form = "add-staff".to_owned();
            let post = RefusedPost { form, values, errors, whole: None };
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            render::refused_post(&state, parts, "/console/staff", post, status).await
        }
        Err(error) => of_staff(&error),
    }
}

/// A manager changes something about someone.
pub async fn manage_staff(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path((login, what)): Path<(String, String)>,
    Own(Received { parts, posted }): Own,
) -> Response {
    if !session.staff.manages_staff() {
        return of_staff(&StaffError::Forbidden);
    }
    let mut made = None;
    let change = match (what.as_str(), posted.first("active").as_str()) {
        ("active", "on") => Manage::Active(true),
        ("active", "off") => Manage::Active(false),
        ("scope", _) => {
            Manage::Scope { grids: posted.all("grids"), branches: posted.all("branches") }
        }
        ("stand-in", _) => Manage::StandIn(posted.first("stand_in")),
        ("password", _) => match fresh_password() {
            Ok(password) => {
                made = Some(password.clone());
                Manage::Password(password)
            }
            Err(error) => return error::from_store(&error),
        },
        ("active", _) => return error::response(Refusal::Malformed),
        _ => return error::response(Refusal::NotFound),
    };
    let managed = state.service.manage_staff(Some(&session.staff), &login, change).await;
    let (status, form, values, errors) = match (managed, made) {
        (Ok(()), None) => return Redirect::to("/console/staff").into_response(),
        (Ok(()), Some(password)) => {
            let values = vec![("login".to_owned(), login), ("password".to_owned(), password)];
            (StatusCode::OK, "password-made", values, FieldErrors::new())
        }
        (Err(StaffError::Form(errors)), _) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "manage", posted.fields.into_pairs(), errors)
        }
        (Err(error), _) => return of_staff(&error),
    };
    let post = RefusedPost { form: form.to_owned(), values, errors, whole: None };
    render::refused_post(&state, parts, "/console/staff", post, status).await
}

fn of_staff(error: &StaffError) -> Response {
    match error {
        StaffError::Forbidden => error::response(Refusal::Barred("人员由管理员管理")),
        StaffError::Store(error) => error::from_store(error),
        StaffError::NotFound | StaffError::Form(_) => error::response(Refusal::NotFound),
    }
}

//! Managers add staff and change what they answer for.

use axum::{
    Extension,
    extract::{Path, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use domain::report::action::command::{FieldErrors, FormFields};
use service::staff::{CodeError, StaffError, StaffForm, StaffUpdate, password::fresh_password};
use ui::{error::Refusal, form_state::FormState};

use super::factor;
use crate::{
    forms::multipart::{FormRequest, OwnerChecked, PostedForm},
    http::error::{AppError, with_retry_after},
    pages::render,
    session::staff::Session,
    state::AppState,
};

/// A manager adds someone.
pub async fn add_staff(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    OwnerChecked(FormRequest { parts, posted }): OwnerChecked,
) -> Result<Response, AppError> {
    if !session.staff.manages_staff() {
        return Err(StaffError::Forbidden.into());
    }
    if let Err(error) = state.service.may_change_staff(&session).await {
        return refuse(&state, parts, posted, ("add-staff", error)).await;
    }
    let form = StaffForm {
        login: posted.first("login"),
        name: posted.first("name"),
        role: posted.first("role"),
        grids: posted.all("grids"),
        branches: posted.all("branches"),
        password: posted.first("password"),
    };
    match state.service.add_staff(Some(&session.staff), &form).await {
        Ok(_) => Ok(Redirect::to("/console/staff").into_response()),
        Err(StaffError::Form(errors)) => {
            let mut values = posted.fields.into_pairs();
            values.retain(|(name, _)| name != "password");
            let form = FormState::submitted("add-staff", values).with_errors(errors);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(render::with_form(&state, parts, "/console/staff", form, status).await)
        }
        Err(error) => Err(error.into()),
    }
}

/// A manager changes something about someone.
pub async fn manage_staff(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path((login, what)): Path<(String, String)>,
    OwnerChecked(FormRequest { parts, posted }): OwnerChecked,
) -> Result<Response, AppError> {
    if !session.staff.manages_staff() {
        return Err(StaffError::Forbidden.into());
    }
    if let Err(error) = state.service.may_change_staff(&session).await {
        return refuse(&state, parts, posted, ("manage", error)).await;
    }
    let mut made = None;
    let change = match (what.as_str(), posted.first("active").as_str()) {
        ("active", "on" | "off") => StaffUpdate::Active {
            active: posted.first("active") == "on",
            cases: posted.first("cases"),
        },
        ("scope", _) => StaffUpdate::Scope {
            grids: posted.all("grids"),
            branches: posted.all("branches"),
            cases: posted.first("cases"),
        },
        ("stand-in", _) => {
            StaffUpdate::StandIn { login: posted.first("stand_in"), until: posted.first("until") }
        }
        ("password", _) => StaffUpdate::Password(made.insert(fresh_password(&login)?).clone()),
        ("second-factor", _) => {
            StaffUpdate::SecondFactor(made.insert(fresh_password(&login)?).clone())
        }
        ("active", _) => return Err(Refusal::Malformed.into()),
        _ => return Err(Refusal::NotFound.into()),
    };
    let managed = state.service.manage_staff(Some(&session.staff), &login, change).await;
    let (status, form, values, errors) = match (managed, made) {
        (Ok(()), None) => return Ok(Redirect::to("/console/staff").into_response()),
        (Ok(()), Some(password)) => {
            let values = vec![("login".to_owned(), login), ("password".to_owned(), password)];
            (StatusCode::OK, "password-made", values, FieldErrors::new())
        }
        (Err(StaffError::Form(errors)), _) => {
            let mut values = posted.fields.into_pairs();
            values.extend([("login".to_owned(), login), ("what".to_owned(), what)]);
            (StatusCode::UNPROCESSABLE_ENTITY, "manage", values, errors)
        }
        (Err(error), _) => return Err(error.into()),
    };
    let form = FormState::submitted(form, values).with_errors(errors);
    Ok(render::with_form(&state, parts, "/console/staff", form, status).await)
}

/// The page again, since a code is asked for; what was typed is kept.
async fn refuse(
    state: &AppState,
    parts: Parts,
    posted: PostedForm,
    (form, error): (&'static str, CodeError),
) -> Result<Response, AppError> {
    let (status, sentence, wait) = factor::fault(error)?;
    let mut values = posted.fields.into_pairs();
    values.retain(|(name, _)| name != "password" && name != "code");
    let form = FormState::submitted(form, values).with_errors(vec![("code", sentence.into())]);
    let page = render::with_form(state, parts, "/console/staff", form, status).await;
    Ok(with_retry_after(page, wait))
}

//! The message wall (寄语): staff approve messages, anybody may object to one.

use axum::{
    Extension,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use domain::report::action::command::FormFields;
use service::message::{MessageDecision, ObjectionError};
use ui::error::Refusal;

use super::casework::back;
use crate::{
    forms::multipart::{FormRequest, OwnerChecked},
    http::error::AppError,
    session::{staff::Session, visitor::Visitor},
    state::AppState,
};

/// Where staff decide.
const PAGE: &str = "/console/messages";

/// Someone objects to a 寄语 on the wall.
pub async fn object(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    Path(ordinal): Path<String>,
    FormRequest { posted, .. }: FormRequest,
) -> Result<Response, AppError> {
    let ordinal = ordinal.parse().map_err(|_| Refusal::NotFound)?;
    if !visitor.known {
        return Err(Refusal::NoVisitorCookie.into());
    }
    let reason = posted.first("reason");
    let who = visitor.requester();
    match state.service.object_to_message(&visitor.id, &who, ordinal, &reason).await {
        Ok(()) => Ok(Redirect::to("/messages?thanks=1").into_response()),
        Err(ObjectionError::NotFound) => Err(Refusal::NotFound.into()),
        Err(ObjectionError::Wait(seconds)) => Err(Refusal::RateLimited(seconds).into()),
        Err(ObjectionError::Reason(_)) => Err(Refusal::Malformed.into()),
        Err(ObjectionError::Store(error)) => Err(error.into()),
    }
}

/// Staff decide whether a 寄语 comes onto the wall.
pub async fn decide(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(ordinal): Path<String>,
    OwnerChecked(FormRequest { parts, posted }): OwnerChecked,
) -> Result<Response, AppError> {
    let ordinal = ordinal.parse().map_err(|_| Refusal::NotFound)?;
    if !session.staff.moderates_messages() {
        return Err(MessageDecision::Forbidden.into());
    }
    let shown = match posted.first("show").as_str() {
        "yes" => true,
        "no" => false,
        _ => return Err(Refusal::Malformed.into()),
    };
    state.service.decide_message(&session.staff, ordinal, shown).await?;
    Ok(back(&parts.headers, PAGE))
}

/// Staff take the name of a signer away from public pages.
pub async fn unshow_name(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(ordinal): Path<String>,
    OwnerChecked(FormRequest { parts, .. }): OwnerChecked,
) -> Result<Response, AppError> {
    let ordinal = ordinal.parse().map_err(|_| Refusal::NotFound)?;
    state.service.unshow_name(&session.staff, ordinal).await?;
    Ok(back(&parts.headers, PAGE))
}

//! The message wall (寄语): staff approve messages, anybody may object to one.

use axum::{
    Extension,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use domain::report::action::command::FormFields;
use service::message::MessageDecision;
use ui::error::Refusal;

use crate::{
    forms::multipart::{FormRequest, OwnerChecked},
    http::error::AppError,
    session::{staff::Session, visitor::Visitor},
    state::AppState,
};

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
    match state.service.object_to_message(&visitor.id, ordinal, &reason).await? {
        true => Ok(Redirect::to("/messages?thanks=1").into_response()),
        false => Err(Refusal::NotFound.into()),
    }
}

/// Staff decide whether a 寄语 comes onto the wall.
pub async fn decide(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(ordinal): Path<String>,
    OwnerChecked(FormRequest { posted, .. }): OwnerChecked,
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
    Ok(Redirect::to("/console/messages").into_response())
}

//! The wall of 寄语: staff decide what comes onto it, anybody may object to what is there.

use axum::{
    Extension,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    domain::report::action::command::Sent,
    server::{
        forms::multipart::{Own, Received},
        http::error,
        session::{staff::Session, visitor::Visitor},
        state::AppState,
    },
    service::message::MessageDecision,
    ui::error::Refusal,
};

/// Whoever may not decide about messages is told who does.
const MESSAGES_ARE_DECIDED_BY: &str = "寄语由支部负责人或管理员审核";

/// Someone objects to a 寄语 on the wall.
pub async fn object(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    Path(ordinal): Path<String>,
    Received { posted, .. }: Received,
) -> Response {
    let Ok(ordinal) = ordinal.parse() else { return error::response(Refusal::NotFound) };
    if !visitor.known {
        return error::response(Refusal::NewVisitor);
    }
    let reason = posted.first("reason");
    match state.service.object_to_message(&visitor.id, ordinal, &reason).await {
        Ok(true) => Redirect::to("/messages?thanks=1").into_response(),
        Ok(false) => error::response(Refusal::NotFound),
        Err(error) => error::from_store(&error),
    }
}

/// Staff decide whether a 寄语 comes onto the wall.
pub async fn decide(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(ordinal): Path<String>,
    Own(Received { posted, .. }): Own,
) -> Response {
    let Ok(ordinal) = ordinal.parse() else { return error::response(Refusal::NotFound) };
    if !session.staff.decides_messages() {
        return error::response(Refusal::Barred(MESSAGES_ARE_DECIDED_BY));
    }
    let shown = match posted.first("show").as_str() {
        "yes" => true,
        "no" => false,
        _ => return error::response(Refusal::Malformed),
    };
    match state.service.decide_message(&session.staff, ordinal, shown).await {
        Ok(()) => Redirect::to("/console/messages").into_response(),
        Err(MessageDecision::Forbidden) => {
            error::response(Refusal::Barred(MESSAGES_ARE_DECIDED_BY))
        }
        Err(MessageDecision::NotFound) => error::response(Refusal::NotFound),
        Err(MessageDecision::Store(error)) => error::from_store(&error),
    }
}

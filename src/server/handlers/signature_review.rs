//! The console's forms about doubtful signatures.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use domain::{
    report::action::command::Sent,
    signature_review::{ReviewDecision, Rule},
};
use service::signature_review::DoubtError;
use ui::{error::Refusal, form_state::FormState};

use crate::{
    forms::multipart::{Own, Received},
    http::error::AppError,
    pages::render,
    session::staff::Session,
    state::AppState,
};

/// The page of all this.
const PAGE: &str = "/console/signatures";

/// Takes a verdict about many.
pub async fn judge(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Own(Received { parts, posted }): Own,
) -> Result<Response, AppError> {
    if !session.staff.judges_signatures() {
        return Err(DoubtError::Forbidden.into());
    }
    let verdict = ReviewDecision::parse(&posted.first("verdict")).ok_or(Refusal::Malformed)?;
    let meant = state.service.meant_by(|name| posted.first(name)).ok_or(Refusal::Malformed)?;
    // As far as the preview saw; without one, up to now.
    let upto = posted.first("upto").parse().ok();
    match state.service.judge(&session.staff, verdict, &meant, upto).await {
        Ok(()) => Ok(carried_out(&state)),
        Err(DoubtError::Form(errors)) => {
            let form = FormState::sent("judge", posted.fields.into_pairs()).with_errors(errors);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(render::with_form(&state, parts, PAGE, form, status).await)
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes a judgement back.
pub async fn undo(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
    _: Own,
) -> Result<Response, AppError> {
    state.service.undo_judgement(&session.staff, &id).await?;
    Ok(carried_out(&state))
}

/// Switches a rule on or off.
pub async fn switch(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(rule): Path<String>,
    Own(Received { posted, .. }): Own,
) -> Result<Response, AppError> {
    if !session.staff.judges_signatures() {
        return Err(DoubtError::Forbidden.into());
    }
    let rule = Rule::parse(&rule).ok_or(Refusal::NotFound)?;
    let on = match posted.first("on").as_str() {
        "yes" => true,
        "no" => false,
        _ => return Err(Refusal::Malformed.into()),
    };
    state.service.switch_rule(&session.staff, rule, on).await?;
    Ok(carried_out(&state))
}

/// Back to the page, while it is carried out; what a kill leaves is done by the next beat.
fn carried_out(state: &AppState) -> Response {
    let service = Arc::clone(&state.service);
    tokio::spawn(async move {
        if let Err(error) = service.carry_out_judgements().await {
            tracing::warn!(%error, "a judgement is not carried out yet; it is tried again");
        }
    });
    Redirect::to(PAGE).into_response()
}

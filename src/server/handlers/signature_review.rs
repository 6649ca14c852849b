//! The console's forms about doubtful signatures.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    domain::{
        report::action::command::Sent,
        signature_review::{ReviewDecision, Rule},
    },
    server::{
        forms::multipart::{Own, Received},
        http::error,
        pages::render,
        session::staff::Session,
        state::AppState,
    },
    service::signature_review::DoubtError,
    ui::{context::RefusedPost, error::Refusal},
};

/// The page of all this.
const PAGE: &str = "/console/signatures";

/// Takes a verdict about many.
pub async fn judge(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Own(Received { parts, posted }): Own,
) -> Response {
    if !session.staff.judges_signatures() {
        return of_doubt(&DoubtError::Forbidden);
    }
    let Some(verdict) = ReviewDecision::parse(&posted.first("verdict")) else {
        return error::response(Refusal::Malformed);
    };
    let Some(meant) = state.service.meant_by(|name| posted.first(name)) else {
        return error::response(Refusal::Malformed);
    };
    // As far as the preview saw; without one, up to now.
    let upto = posted.first("upto").parse().ok();
    match state.service.judge(&session.staff, verdict, &meant, upto).await {
        Ok(()) => carried_out(&state),
        Err(DoubtError::Form(errors)) => {
            let values = posted.fields.into_pairs();
            let post = RefusedPost { form: "judge".into(), values, errors, whole: None };
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            render::refused_post(&state, parts, PAGE, post, status).await
        }
        Err(error) => of_doubt(&error),
    }
}

/// Takes a judgement back.
pub async fn undo(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
    _: Own,
) -> Response {
    match state.service.undo_judgement(&session.staff, &id).await {
        Ok(()) => carried_out(&state),
        Err(error) => of_doubt(&error),
    }
}

/// Switches a rule on or off.
pub async fn switch(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(rule): Path<String>,
    Own(Received { posted, .. }): Own,
) -> Response {
    if !session.staff.judges_signatures() {
        return of_doubt(&DoubtError::Forbidden);
    }
    let Some(rule) = Rule::parse(&rule) else { return error::response(Refusal::NotFound) };
    let on = match posted.first("on").as_str() {
        "yes" => true,
        "no" => false,
        _ => return error::response(Refusal::Malformed),
    };
    match state.service.switch_rule(&session.staff, rule, on).await {
        Ok(()) => carried_out(&state),
        Err(error) => of_doubt(&error),
    }
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

fn of_doubt(error: &DoubtError) -> Response {
    match error {
        DoubtError::Forbidden => error::response(Refusal::Barred("签名由管理员核查")),
        DoubtError::NotFound | DoubtError::Form(_) => error::response(Refusal::NotFound),
        DoubtError::Store(error) => error::from_store(error),
    }
}

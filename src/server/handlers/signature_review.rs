//! Console forms of the fraud review of signatures.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use domain::{
    report::action::command::FormFields,
    signature_review::{FraudRule, ReviewDecision},
};
use service::signature_review::SignatureReviewError;
use ui::{error::Refusal, form_state::FormState};

use crate::{
    forms::multipart::{FormRequest, OwnerChecked},
    http::error::AppError,
    pages::render,
    session::staff::Session,
    state::AppState,
};

/// The page of all this.
const PAGE: &str = "/console/signatures";

/// Starts a bulk review.
pub async fn start_bulk_review(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    OwnerChecked(FormRequest { parts, posted }): OwnerChecked,
) -> Result<Response, AppError> {
    if !session.staff.reviews_signatures() {
        return Err(SignatureReviewError::Forbidden.into());
    }
    let verdict = ReviewDecision::parse(&posted.first("verdict")).ok_or(Refusal::Malformed)?;
    let meant = state.service.parse_filter(|name| posted.first(name)).ok_or(Refusal::Malformed)?;
    // Up to the last ordinal of the preview; without a preview, up to now.
    let upto = posted.first("upto").parse().ok();
    match state.service.start_bulk_review(&session.staff, verdict, &meant, upto).await {
        Ok(()) => Ok(run_and_redirect(&state)),
        Err(SignatureReviewError::Form(errors)) => {
            let form =
                FormState::submitted("judge", posted.fields.into_pairs()).with_errors(errors);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(render::with_form(&state, parts, PAGE, form, status).await)
        }
        Err(error) => Err(error.into()),
    }
}

/// Undoes a bulk review.
pub async fn undo(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
    _: OwnerChecked,
) -> Result<Response, AppError> {
    state.service.undo_judgement(&session.staff, &id).await?;
    Ok(run_and_redirect(&state))
}

/// Switches a rule on or off.
pub async fn switch(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(rule): Path<String>,
    OwnerChecked(FormRequest { posted, .. }): OwnerChecked,
) -> Result<Response, AppError> {
    if !session.staff.reviews_signatures() {
        return Err(SignatureReviewError::Forbidden.into());
    }
    let rule = FraudRule::parse(&rule).ok_or(Refusal::NotFound)?;
    let on = match posted.first("on").as_str() {
        "yes" => true,
        "no" => false,
        _ => return Err(Refusal::Malformed.into()),
    };
    state.service.switch_rule(&session.staff, rule, on).await?;
    Ok(run_and_redirect(&state))
}

/// Runs the bulk reviews in the background and redirects to the page. After a crash the periodic
/// job goes on.
fn run_and_redirect(state: &AppState) -> Response {
    let service = Arc::clone(&state.service);
    tokio::spawn(async move {
        if let Err(error) = service.run_bulk_reviews().await {
            tracing::warn!(%error, "a bulk review failed; the periodic job will retry it");
        }
    });
    Redirect::to(PAGE).into_response()
}

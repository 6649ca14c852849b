//! `POST /recovery/new` and `/recovery`: creates and redeems recovery phrases.

use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use domain::{lang::LocalizedText, report::action::command::FormFields};
use service::visitor::recovery::RecoveryError;
use ui::{error::Refusal, form_state::FormState};

use crate::{
    forms::multipart::{FormRequest, OwnerChecked},
    http::error::{AppError, with_retry_after},
    pages::render,
    session::{middleware::switch_visitor, visitor::Visitor},
    state::AppState,
};

/// Makes a phrase and shows it, this once.
pub async fn new_phrase(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    OwnerChecked(FormRequest { parts, .. }): OwnerChecked,
) -> Result<Response, AppError> {
    if !visitor.known {
        return Err(Refusal::NoVisitorCookie.into());
    }
    let phrase = state.service.new_phrase(&visitor.id).await?;
    let phrase = phrase.ok_or(Refusal::NothingToRecover)?;
    Ok(render::with_phrase(&state, parts, &visitor, phrase).await)
}

/// Makes this browser the visitor whose phrase it is.
pub async fn recover(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    OwnerChecked(FormRequest { parts, posted }): OwnerChecked,
) -> Result<Response, AppError> {
    let phrase = posted.first("phrase");
    let merge = posted.fields.ticked("merge");
    let recovered = state.service.recover(&visitor.id, &phrase, merge, &visitor.requester()).await;
    let (mut field, mut wait) = ("phrase", None);
    let (status, sentence) = match recovered {
        Ok(known) => {
            let mut response = Redirect::to("/me").into_response();
            switch_visitor(&state, &mut response, known).await;
            return Ok(response);
        }
        Err(RecoveryError::Unknown) => {
            let sentence = LocalizedText::new(
                "没有这个口令：请核对16位数字；每个口令只能用一次",
                "Recovery code not found: please check the 16 digits; each code works only once",
            );
            (StatusCode::UNPROCESSABLE_ENTITY, sentence)
        }
        Err(RecoveryError::Merge) => {
            field = "merge";
            let sentence = LocalizedText::new(
                "这台手机上已有签名或反映。要把它们并到一起，请勾选下面一项",
                "This phone already has a signature or reports. To put them together, tick the box below",
            );
            (StatusCode::UNPROCESSABLE_ENTITY, sentence)
        }
        Err(RecoveryError::Wait(seconds)) => {
            wait = Some(seconds);
            let minutes = seconds.div_ceil(60);
            let sentence = LocalizedText::new(
                format!("试的次数太多了，请{minutes}分钟后再试"),
                format!("Too many attempts; please try again in {minutes} min"),
            );
            (StatusCode::TOO_MANY_REQUESTS, sentence)
        }
        Err(RecoveryError::Store(error)) => return Err(error.into()),
    };
    let form = FormState::submitted("recovery", vec![("phrase".into(), phrase)]);
    let form = form.with_errors(vec![(field, sentence)]);
    let page = render::with_form(&state, parts, "/recovery", form, status).await;
    Ok(with_retry_after(page, wait))
}

//! What visitors do to filed reports: add, urge, rate, support, say that it is not solved, take back.

use axum::{
    Extension,
    extract::{Path, State},
    http::request::Parts,
    response::{IntoResponse, Redirect, Response},
};
use domain::report::{
    Code,
    action::command::{FieldErrors, FormFields},
    residents::reporter::ReporterCommand,
};
use service::report::ReportError;
use ui::{error::Refusal, form_state::FormState};

use super::{UploadedPhotos, refused, store_uploads, to_report, too_fast, values};
use crate::{
    forms::{
        multipart::{FormRequest, PostedForm},
        owner,
    },
    http::error::AppError,
    pages::render,
    session::visitor::Visitor,
    state::AppState,
};

/// `POST /reports/{code}/{wish}`: support, unsolved by anyone; rate, add, urge, withdraw by the reporter.
pub async fn act(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    Path((code, action)): Path<(String, String)>,
    FormRequest { parts, posted }: FormRequest,
) -> Result<Response, AppError> {
    let code = Code::parse(&code).map_err(|_| Refusal::NotFound)?;
    if !matches!(action.as_str(), "support" | "unsolved" | "rate" | "add" | "urge" | "withdraw") {
        return Err(Refusal::NotFound.into());
    }
    let by_anyone = matches!(action.as_str(), "support" | "unsolved");
    if action != "support" {
        owner::check(&state, &parts, &posted)?;
    }
    // 404 before 403: someone who may not see the report must not learn that it exists.
    let own = state.service.is_own_report(&visitor.id, &code).await?;
    // 403 before 422: the reporter's forms are not even parsed for someone else.
    if !by_anyone && !own {
        return Err(Refusal::WrongVisitor.into());
    }
    Ok(match action.as_str() {
        "support" | "unsolved" => support(&state, &visitor, &code, &action).await?,
        wish => reporter_action(&state, &visitor, &code, wish, posted, &parts).await?,
    })
}

async fn support(
    state: &AppState,
    visitor: &Visitor,
    code: &Code,
    action: &str,
) -> Result<Response, ReportError> {
    if !visitor.known {
        // Until the cookie of this response comes back: else someone could support many times.
        return Err(ReportError::NewVisitor);
    }
    match action {
        "unsolved" => state.service.say_unsolved(&visitor.requester(), code).await?,
        _ => state.service.support_report(&visitor.requester(), code).await?,
    }
    Ok(Redirect::to(&format!("/reports/{code}")).into_response())
}

async fn reporter_action(
    state: &AppState,
    visitor: &Visitor,
    code: &Code,
    wish: &str,
    posted: PostedForm,
    parts: &Parts,
) -> Result<Response, ReportError> {
    let page = format!("/reports/{code}");
    let mut brought = UploadedPhotos { held: Vec::new(), fault: None };
    let read = match wish {
        "add" => {
            brought = store_uploads(state, visitor, &posted, ("photos", "held")).await?;
            let sent = posted.all("held").len() + posted.files("photos").len();
            ReporterCommand::add(&posted, brought.held.len(), sent)
        }
        "rate" => ReporterCommand::rate(&posted),
        "urge" => Ok(ReporterCommand::Urge),
        _ => Ok(ReporterCommand::Withdraw),
    };
    let errors = match (read, &brought.fault) {
        (Ok(granted), None) => {
            let done = state
                .service
                .apply_reporter_command(&visitor.requester(), code, &granted, &brought.held)
                .await;
            match done {
                // A withdrawn report that others support goes on without its reporter, who may not
                // see it any more.
                Ok(report) if report.visitor.is_none() && !report.is_public() => {
                    return Ok(Redirect::to("/me").into_response());
                }
                Ok(report) => return Ok(to_report(&report)),
                Err(ReportError::Form(errors)) => errors,
                Err(ReportError::TooFast(seconds)) => {
                    let form = FormState::submitted(wish, values(posted, &brought.held, "held"));
                    return Ok(too_fast(state, parts.clone(), &page, form, seconds).await);
                }
                Err(error) => return Err(error),
            }
        }
        (Ok(_), Some(_)) => FieldErrors::new(),
        (Err(errors), _) => errors,
    };
    let (status, errors) = refused(errors, brought.fault.as_ref());
    let values = values(posted, &brought.held, "held");
    let form = FormState::submitted(wish, values).with_errors(errors);
    Ok(render::with_form(state, parts.clone(), &page, form, status).await)
}

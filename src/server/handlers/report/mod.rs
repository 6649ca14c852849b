//! `POST /report`: filing. What visitors do to a filed report is in `reporter`.

pub(crate) mod reporter;

use axum::{
    Extension, Json,
    extract::State,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use domain::{
    lang::{Lang, LocalizedText},
    report::{
        Code, Report, Source,
        action::command::{FieldErrors, FormFields},
        form::ReportForm,
    },
};
use service::{PhotoError, StoreError, report::ReportError};
use ui::{error::Refusal, form_state::FormState};

use crate::{
    forms::multipart::{FormRequest, PostedForm},
    http::error::{self, AppError, with_retry_after},
    pages::render,
    session::visitor::Visitor,
    state::AppState,
};

/// Said to a browser that did not bring its cookie.
fn new_visitor() -> LocalizedText {
    LocalizedText::new(
        "还没有提交：刚才没有认出您的手机。您写的都在，照片请重新选择，再按一次“提交”。",
        "Not sent yet: your phone was not recognised. What you wrote is still here; please choose the photos again and press “Send” once more.",
    )
}

/// The reporting form, from what was posted.
pub fn form_of(sent: &impl FormFields) -> ReportForm {
    let text = |name: &str| sent.first(name);
    ReportForm {
        category: text("category"),
        description: text("description"),
        place: text("place"),
        grid: text("grid"),
        lat: text("lat"),
        lon: text("lon"),
        accuracy: text("accuracy"),
        contact_name: text("contact_name"),
        contact_phone: text("contact_phone"),
        consent: text("consent") == "on",
    }
}

/// The photos of a form that could be stored, and the first error.
pub struct UploadedPhotos {
    /// Held now, or chosen of those that were held before.
    pub held: Vec<Code>,
    /// Why some were not taken.
    pub fault: Option<ReportError>,
}

/// Stores the files of the field `name`, and adds the earlier uploads listed in the field `held`.
pub async fn store_uploads(
    state: &AppState,
    visitor: &Visitor,
    posted: &PostedForm,
    (name, held): (&str, &str),
) -> Result<UploadedPhotos, ReportError> {
    if !visitor.known {
        // Without a cookie nobody could claim them later.
        return Ok(UploadedPhotos { held: Vec::new(), fault: None });
    }
    let wanted = posted.all(held);
    let mut codes = match state.service.known_held(&visitor.id, &wanted).await {
        Ok(codes) => codes,
        Err(error) => {
            let held = wanted.iter().filter_map(|id| Code::parse(id).ok()).collect();
            return Ok(UploadedPhotos { held, fault: Some(error.into()) });
        }
    };
    let mut fault = posted.file_fault.map(ReportError::from);
    for bytes in posted.files(name) {
        match state.service.hold_photos(Some(&visitor.requester()), vec![bytes]).await {
            Ok(photos) => codes.extend(photos.into_iter().map(|photo| photo.id)),
            Err(
                error @ (ReportError::TooMany(_)
                | ReportError::NoRoom
                | ReportError::Store(StoreError::Unavailable(_))),
            ) => {
                // The others would fare the same.
                fault = Some(error);
                break;
            }
            Err(error @ ReportError::Photo(_)) => fault = fault.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    Ok(UploadedPhotos { held: codes, fault })
}

/// Status and field errors of a refused form.
pub fn refused(errors: FieldErrors, fault: Option<&ReportError>) -> (StatusCode, FieldErrors) {
    let mut errors = errors;
    let status = match fault {
        None => StatusCode::UNPROCESSABLE_ENTITY,
        Some(ReportError::TooMany(_)) => {
            errors.insert(
                0,
                (
                    "photos",
                    LocalizedText::new(
                        "选的照片太多了，请过一会儿再试，也可以先不附照片",
                        "Too many photos; please try again later, or go without them",
                    ),
                ),
            );
            StatusCode::TOO_MANY_REQUESTS
        }
        Some(ReportError::NoRoom) => {
            tracing::error!("there is no room for photos; see docs/operations.md, Monitoring");
            let full = LocalizedText::new(
                "现在存不下新照片了。您写的都在：不附照片也可以提交，我们一样办理",
                "There is no room for new photos now. What you wrote is still here: please send it without photos, it is handled all the same",
            );
            errors.insert(0, ("photos", full));
            StatusCode::SERVICE_UNAVAILABLE
        }
        Some(ReportError::Store(error)) => {
            tracing::warn!(%error, "a photo could not be stored");
            let busy = LocalizedText::new(
                "系统正忙，照片没有存下，请过几秒再选一次；您写的都在",
                "The system is busy, so a photo was not stored; please choose it again in a few seconds. What you wrote is still here",
            );
            errors.insert(0, ("photos", busy));
            StatusCode::SERVICE_UNAVAILABLE
        }
        Some(error) => {
            if let ReportError::Photo(fault) = error {
                errors.insert(0, ("photos", (*fault).into()));
            }
            match error {
                ReportError::Photo(PhotoError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
                _ => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            }
        }
    };
    (status, errors)
}

/// What was typed, with the photos that are held now.
pub fn values(posted: PostedForm, held: &[Code], name: &str) -> Vec<(String, String)> {
    let mut values = posted.fields.into_pairs();
    values.retain(|(field, _)| field != name);
    values.extend(held.iter().map(|id| (name.to_owned(), id.to_string())));
    values
}

/// The form again, after the store was unavailable.
async fn not_stored(
    state: &AppState,
    parts: Parts,
    posted: PostedForm,
    held: &[Code],
    error: &StoreError,
) -> Response {
    tracing::error!(%error, "a report could not be stored");
    let again = match held.is_empty() && !posted.files.is_empty() {
        true => LocalizedText::new(
            "还没有提交：系统正忙。您写的内容都在，请重新选照片，过几秒再提交，不会重复。",
            "Not sent yet: the system is busy. What you wrote is still here; please choose the photos again and send it in a few seconds. It will not count twice.",
        ),
        false => LocalizedText::new(
            "还没有提交：系统正忙。您填的内容都在，请过几秒再提交，不会重复。",
            "Not sent yet: the system is busy. Everything is still here; please send it again in a few seconds. It will not count twice.",
        ),
    };
    let values = values(posted, held, "held");
    let form = FormState::submitted("report", values).with_message(again);
    render::with_form(state, parts, "/report", form, StatusCode::SERVICE_UNAVAILABLE).await
}

/// A form that comes too soon after many others, with all that is in it.
async fn too_fast(
    state: &AppState,
    parts: Parts,
    page: &str,
    form: FormState,
    seconds: u32,
) -> Response {
    let minutes = seconds.div_ceil(60);
    let again = LocalizedText::new(
        format!("还没有提交：您这会儿提交了很多。您填的内容都在，请{minutes}分钟后再提交。"),
        format!(
            "Not sent yet: you have sent many of late. Everything is still here; please send it again in {minutes} minutes."
        ),
    );
    let status = StatusCode::TOO_MANY_REQUESTS;
    let page = render::with_form(state, parts, page, form.with_message(again), status).await;
    with_retry_after(page, Some(seconds))
}

/// Files a report. A refused form is rendered again with its values and photos.
pub async fn file(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    FormRequest { parts, posted }: FormRequest,
) -> Result<Response, AppError> {
    let form = form_of(&posted);
    if !visitor.known {
        let errors = match state.service.check_report(&form, Source::Resident, 0) {
            Ok(_) => FieldErrors::new(),
            Err(ReportError::Form(errors)) => errors,
            Err(error) => return Err(error.into()),
        };
        let sent = FormState::submitted("report", values(posted, &[], "held"));
        let sent = sent.with_errors(errors).with_message(new_visitor());
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(render::with_form(&state, parts, "/report", sent, status).await);
    }
    let brought = store_uploads(&state, &visitor, &posted, ("photos", "held")).await?;
    if let Some(ReportError::Store(error)) = &brought.fault {
        return Ok(not_stored(&state, parts, posted, &brought.held, error).await);
    }
    let key = Code::parse(&posted.first("form_key")).ok();
    let filed = match &brought.fault {
        Some(_) => {
            let photos = brought.held.len();
            state.service.check_report(&form, Source::Resident, photos).map(|_| None)
        }
        None => state
            .service
            .file_report(&visitor.requester(), &form, &brought.held, key)
            .await
            .map(Some),
    };
    let errors = match filed {
        Ok(Some(report)) => return Ok(to_report(&report)),
        Ok(None) => FieldErrors::new(),
        Err(ReportError::Form(errors)) => errors,
        Err(ReportError::Store(error @ StoreError::Unavailable(_))) => {
            return Ok(not_stored(&state, parts, posted, &brought.held, &error).await);
        }
        Err(ReportError::TooFast(seconds)) => {
            let form = FormState::submitted("report", values(posted, &brought.held, "held"));
            return Ok(too_fast(&state, parts, "/report", form, seconds).await);
        }
        Err(error) => return Err(error.into()),
    };
    let (status, errors) = refused(errors, brought.fault.as_ref());
    let values = values(posted, &brought.held, "held");
    let sent = FormState::submitted("report", values).with_errors(errors);
    let page = render::with_form(&state, parts, "/report", sent, status).await;
    Ok(with_retry_after(page, brought.fault.as_ref().and_then(ReportError::wait)))
}

fn to_report(report: &Report) -> Response {
    Redirect::to(&format!("/reports/{}", report.code)).into_response()
}

/// Holds photos before the form is sent: `{"held": [id, …], "error": why not, "keep": whether to try again}`.
pub async fn hold_photos(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    FormRequest { posted, .. }: FormRequest,
) -> Result<Response, AppError> {
    if !visitor.known {
        return Err(Refusal::Forbidden.into());
    }
    let brought = store_uploads(&state, &visitor, &posted, ("photos", "")).await?;
    let (status, errors) = match &brought.fault {
        Some(fault) => refused(FieldErrors::new(), Some(fault)),
        None => (StatusCode::OK, FieldErrors::new()),
    };
    let error = errors.first().map(|(_, sentence)| sentence.in_lang(visitor.lang));
    // Nothing is wrong with that photo: the form may bring it.
    let keep = matches!(brought.fault, Some(ReportError::Store(_)));
    let body = serde_json::json!({ "held": brought.held, "error": error, "keep": keep });
    let response = (status, Json(body)).into_response();
    Ok(with_retry_after(response, brought.fault.as_ref().and_then(ReportError::wait)))
}

/// What neighbours have reported already: as JSON for the form's island, else the form
/// again with the list above it.
pub async fn similar(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    FormRequest { parts, posted }: FormRequest,
) -> Result<Response, AppError> {
    if error::wants_json(&parts.headers) {
        return similar_json(&state, &posted, visitor.lang).await;
    }
    let brought = store_uploads(&state, &visitor, &posted, ("photos", "held")).await?;
    let (status, errors) = match &brought.fault {
        Some(fault) => refused(FieldErrors::new(), Some(fault)),
        None => (StatusCode::OK, FieldErrors::new()),
    };
    let mut values = values(posted, &brought.held, "held");
    values.push(("look".into(), "on".into()));
    let form = FormState::submitted("report", values).with_errors(errors);
    Ok(render::with_form(&state, parts, "/report", form, status).await)
}

async fn similar_json(
    state: &AppState,
    posted: &PostedForm,
    lang: Lang,
) -> Result<Response, AppError> {
    let form = form_of(posted);
    let found = state.service.similar_reports(&form.category, &form.grid, &form.place).await?;
    let campaign = state.service.campaign().in_lang(lang);
    let (calendar, now) = (state.service.calendar(), state.service.now());
    let list: Vec<serde_json::Value> = found
        .iter()
        .map(|report| {
            let summary = report.summary.clone();
            serde_json::json!({
                "code": report.code,
                "summary": summary.unwrap_or_else(|| report.default_summary(campaign)),
                "state": report.sentence(campaign, calendar, now),
                "supporters": report.supporters,
            })
        })
        .collect();
    Ok(Json(list).into_response())
}

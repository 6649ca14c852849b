//! The console's forms: what staff do to reports, one at a time and many at once.

use std::collections::BTreeMap;

use axum::{
    Extension,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use domain::{
    lang::{Lang, LocalizedText},
    report::{
        Action, Code, EventKind, Report, Source,
        action::command::{BULK_MAX, Command, FieldErrors, FormFields},
        filter::ReportFilter,
        words::day_and_time,
    },
};
use service::report::{
    ReportError,
    casework::{ActionRequest, BulkCommand, FailedAction},
    entry::Origin,
};
use ui::{
    error::Refusal,
    form_state::FormState,
    pages::report::list::{filtered_url, percent_encoded},
};

use super::report::{form_of, refused, store_uploads};
use crate::{
    forms::{
        multipart::{FormRequest, OwnerChecked},
        urlencoded::Fields,
    },
    http::error::AppError,
    pages::render,
    session::{
        staff::{self, Session},
        visitor::Visitor,
    },
    state::AppState,
};

/// Back to where a form was posted from, as far as that is in the console.
pub(super) fn back(headers: &HeaderMap, otherwise: &str) -> Response {
    let from = staff::form_page(headers);
    Redirect::to(from.as_deref().unwrap_or(otherwise)).into_response()
}

/// Does something to one report.
pub async fn act(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    Extension(session): Extension<Session>,
    Path((code, action)): Path<(String, String)>,
    OwnerChecked(FormRequest { parts, posted }): OwnerChecked,
) -> Result<Response, AppError> {
    let (Ok(code), Some(action)) = (Code::parse(&code), Action::parse(&action)) else {
        return Err(Refusal::NotFound.into());
    };
    // Order, after the body and its owner: 404 if out of scope, 403 if not permitted, then 400/422.
    let seen = state.service.may_act(&session.staff, &code, action).await?;
    let version: u64 = posted.first("version").trim().parse().map_err(|_| Refusal::Malformed)?;
    let brings = !posted.files.is_empty()
        || ["held", "held_before"].iter().any(|name| !posted.all(name).is_empty());
    if brings && !action.takes_photos() {
        return Err(Refusal::Malformed.into());
    }
    let before = store_uploads(&state, &visitor, &posted, ("before", "held_before")).await?;
    let mut after = store_uploads(&state, &visitor, &posted, ("photos", "held")).await?;
    // One picture cannot show both.
    after.held.retain(|id| !before.held.contains(id));
    let fault = before.fault.as_ref().or(after.fault.as_ref());
    let command = Command::parse(action, &posted, state.service.campaign());
    let (status, errors, whole) = match (command, fault) {
        (Ok(command), None) => {
            let (before, after) = (before.held.clone(), after.held.clone());
            let order = ActionRequest { code: code.clone(), version, command, before, after };
            match state.service.act(&session.staff, order).await {
                Ok(_) if posted.first("then") == "next" => {
                    return next_case(&state, &session, &posted.first("from"), &seen).await;
                }
                // After a transfer the report may be out of scope.
                Ok(report) if !session.staff.may_see(&report) => {
                    return Ok(Redirect::to("/console").into_response());
                }
                Ok(_) => return Ok(back(&parts.headers, &format!("/console/reports/{code}"))),
                Err(ReportError::Form(errors)) => (StatusCode::UNPROCESSABLE_ENTITY, errors, None),
                Err(ReportError::Stale(now)) => {
                    let whole = changed_since(&state, &session, action, (&now, version)).await;
                    (StatusCode::CONFLICT, FieldErrors::new(), Some(whole))
                }
                Err(ReportError::Conflict) => {
                    let whole = format!("现在不能“{}”，请看一下这件的状态", action.title());
                    (StatusCode::CONFLICT, FieldErrors::new(), Some(whole))
                }
                Err(error) => return Err(error.into()),
            }
        }
        (command, fault) => {
            let (status, errors) = refused(command.err().unwrap_or_default(), fault);
            (status, errors, None)
        }
    };
    let mut values = posted.fields.into_pairs();
    values.retain(|(field, _)| field != "held" && field != "held_before");
    values.extend(before.held.iter().map(|id| ("held_before".to_owned(), id.to_string())));
    values.extend(after.held.iter().map(|id| ("held".to_owned(), id.to_string())));
    let form = FormState::submitted(action.as_str(), values).with_errors(errors);
    let form = form.with_message(whole.map(LocalizedText::from));
    let page = format!("/console/reports/{code}");
    Ok(render::with_form(&state, parts, &page, form, status).await)
}

/// On to the next case of the list whose query string is `from`, or to that list if there is none.
async fn next_case(
    state: &AppState,
    session: &Session,
    from: &str,
    seen: &Report,
) -> Result<Response, AppError> {
    // The deed is done, whatever stands there.
    let asked = Fields::parse(from.as_bytes()).ok();
    let filter = ReportFilter::from_query(|name| asked.as_ref().map(|asked| asked.first(name)));
    let list = filtered_url("/console", &filter.first_page());
    let next = state.service.next_in_queue(&session.staff, &filter, seen).await?;
    let from = list.split_once('?').map_or("", |(_, query)| query);
    let next = next.map(|code| match from {
        "" => format!("/console/reports/{code}"),
        from => format!("/console/reports/{code}?from={}", percent_encoded(from)),
    });
    Ok(Redirect::to(&next.unwrap_or(list)).into_response())
}

/// What happened since a version was looked at, in words.
async fn changed_since(
    state: &AppState,
    session: &Session,
    action: Action,
    (report, version): (&Report, u64),
) -> String {
    let events = state.service.events_since(report, version).await.unwrap_or_default();
    let by_oneself = events.iter().all(|(event, _)| {
        event.staff == Some(session.staff.id) && event.what == EventKind::Staff(action)
    });
    if by_oneself && !events.is_empty() {
        return format!("“{}”刚才已经办好，没有重复办理。", action.title());
    }
    let campaign = state.service.campaign();
    let list: Vec<String> = events
        .iter()
        .map(|(event, who)| {
            let time = day_and_time(state.service.calendar().civil(event.at), Lang::Zh);
            format!("{time} {who}{}", event.staff_label(campaign))
        })
        .collect();
    format!("没有保存：您打开后这件有了变化（{}）。您写的还在，请看清后再提交。", list.join("；"))
}

/// Shows contact details, and notes that they were shown.
pub async fn show_contact(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(code): Path<String>,
    OwnerChecked(FormRequest { parts, .. }): OwnerChecked,
) -> Result<Response, AppError> {
    let code = Code::parse(&code).map_err(|_| Refusal::NotFound)?;
    let report = state.service.show_contact(&session.staff, &code).await?;
    let report = report.ok_or(Refusal::NotFound)?;
    let contact = [("name", report.contact_name), ("phone", report.contact_phone)];
    let values = contact.map(|(name, value)| (name.to_owned(), value.unwrap_or_default()));
    let form = FormState::submitted("contact", values.into());
    let page = format!("/console/reports/{code}");
    Ok(render::with_form(&state, parts, &page, form, StatusCode::OK).await)
}

/// The reports that were ticked, each once, with the versions that were seen; `None` if one is
/// malformed, or stands there in two versions, which no page of ours does.
fn chosen_reports(ticked: &[String]) -> Option<Vec<(Code, u64)>> {
    let mut versions = BTreeMap::new();
    let mut chosen = Vec::new();
    for item in ticked {
        let (code, version) = item.split_once(':')?;
        let (code, version) = (Code::parse(code).ok()?, version.parse().ok()?);
        match versions.insert(code.clone(), version) {
            None => chosen.push((code, version)),
            Some(known) if known == version => {}
            Some(_) => return None,
        }
    }
    Some(chosen)
}

/// Does the same to many reports. Each is decided on its own; what could not be done is
/// said.
pub async fn bulk(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    OwnerChecked(FormRequest { parts, posted }): OwnerChecked,
) -> Result<Response, AppError> {
    let action = Action::parse(&posted.first("action"));
    let chosen = chosen_reports(&posted.all("codes"));
    let (Some(action), Some(chosen)) = (action, chosen) else {
        return Err(Refusal::Malformed.into());
    };
    let page = if action == Action::Check { "/console/check" } else { "/console" };
    let mut errors = FieldErrors::new();
    let command = match action {
        Action::Accept => Some(BulkCommand::Accept),
        Action::Dispatch | Action::Reject | Action::Check => {
            match Command::parse(action, &posted, state.service.campaign()) {
                Ok(command) => Some(BulkCommand::Same(command)),
                Err(more) => {
                    errors.extend(more);
                    None
                }
            }
        }
        _ => return Err(Refusal::Malformed.into()),
    };
    if chosen.is_empty() {
        errors.push(("codes", "请先勾选要办的件".into()));
    } else if chosen.len() > BULK_MAX {
        let sentence = format!("一次最多办{BULK_MAX}件，请分几次办");
        errors.push(("codes", sentence.into()));
    }
    let Some(command) = command.filter(|_| errors.is_empty()) else {
        let form = FormState::submitted("bulk", posted.fields.into_pairs()).with_errors(errors);
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let page = staff::form_page(&parts.headers).unwrap_or_else(|| page.to_owned());
        return Ok(render::with_form(&state, parts, &page, form, status).await);
    };
    let (done, not_done) = state.service.act_on_each(&session.staff, chosen, &command).await?;
    if not_done.is_empty() {
        return Ok(back(&parts.headers, page));
    }
    let list: Vec<String> = not_done.iter().map(why_not).collect();
    let whole = format!("办了{done}件；没有办成{}件：{}", not_done.len(), list.join("、"));
    // What was ticked is looked at anew before it is ticked again.
    let mut values = posted.fields.into_pairs();
    values.retain(|(name, _)| name != "codes");
    let form = FormState::submitted("bulk", values).with_message(LocalizedText::from(whole));
    let page = staff::form_page(&parts.headers).unwrap_or_else(|| page.to_owned());
    Ok(render::with_form(&state, parts, &page, form, StatusCode::CONFLICT).await)
}

/// One that was not done, with the reason.
fn why_not(FailedAction { number, why }: &FailedAction) -> String {
    let Some(number) = number else { return "有一件（没有找到）".to_owned() };
    let why = match why {
        ReportError::Forbidden(why) => (*why).to_owned(),
        ReportError::Stale(_) => "刚才有人动过".to_owned(),
        ReportError::Form(errors) => {
            errors.iter().map(|(_, said)| said.to_string()).collect::<Vec<_>>().join("，")
        }
        _ => "现在不能办".to_owned(),
    };
    format!("{number}（{why}）")
}

/// Enters a report for a resident, or 现场办结 of something just found.
pub async fn enter(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    Extension(session): Extension<Session>,
    OwnerChecked(FormRequest { parts, posted }): OwnerChecked,
) -> Result<Response, AppError> {
    let settles = posted.first("settle") == "on";
    let before = store_uploads(&state, &visitor, &posted, ("before", "held_before")).await?;
    let mut after = store_uploads(&state, &visitor, &posted, ("photos", "held")).await?;
    // One picture cannot show both.
    after.held.retain(|id| !before.held.contains(id));
    let fault = before.fault.as_ref().or(after.fault.as_ref());
    let form = form_of(&posted);
    let source = Source::parse(&posted.first("source")).unwrap_or(Source::Resident);
    let key = Code::parse(&posted.first("form_key")).ok();
    let staff = session.staff.as_ref();
    let entered = if fault.is_some() {
        Err(ReportError::Form(FieldErrors::new()))
    } else if settles {
        let photos = (before.held.clone(), after.held.clone());
        state.service.settle_found(staff, &form, &posted.first("text"), photos, key).await
    } else {
        let number = posted.first("number");
        let is_another = posted.first("same_number") == "on";
        let origin = Origin { source, number: &number, is_another };
        state.service.enter_report(staff, &form, origin, &before.held, key).await
    };
    let errors = match entered {
        Ok(report) if staff.may_see(&report) => {
            return Ok(Redirect::to(&format!("/console/reports/{}", report.code)).into_response());
        }
        Ok(_) => return Ok(Redirect::to("/console").into_response()),
        Err(ReportError::Form(errors)) => errors,
        Err(error) => return Err(error.into()),
    };
    let (status, errors) = refused(errors, fault);
    let mut values = posted.fields.into_pairs();
    values.retain(|(field, _)| field != "held" && field != "held_before");
    values.extend(before.held.iter().map(|id| ("held_before".to_owned(), id.to_string())));
    values.extend(after.held.iter().map(|id| ("held".to_owned(), id.to_string())));
    let form = if settles { "settle" } else { "new" };
    let form = FormState::submitted(form, values).with_errors(errors);
    Ok(render::with_form(&state, parts, "/console/new", form, status).await)
}

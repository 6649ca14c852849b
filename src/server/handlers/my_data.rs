//! `/me/data.json` and `POST /me/erase`: what is kept of someone, given and erased.

use std::{io, sync::Arc};

use axum::{
    Extension,
    body::Body,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use domain::lang::LocalizedText;
use futures::{StreamExt, stream};
use ui::{error::Refusal, form_state::FormState};

use crate::{
    forms::multipart::{FormRequest, OwnerChecked},
    http::error::AppError,
    pages::render,
    session::visitor::{BecomeVisitor, Hint, Visitor, remember},
    state::AppState,
};

/// Clears the drafts and pending forms in the browser storage.
const CLEAR: HeaderName = HeaderName::from_static("clear-site-data");

/// Everything that is kept of a visitor, as a file that is written a part of the reports at a time.
pub async fn data(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Response, AppError> {
    let mine = state.service.my_data(&visitor.id).await?;
    let earlier = mine.earlier;
    let text = serde_json::to_string(&mine).map_err(|_| Refusal::Internal)?;
    // Its last field is the list of reports, to be gone on with.
    let begun = text.strip_suffix("]}").unwrap_or(&text).to_owned();
    let begun = stream::iter([Ok::<_, io::Error>(begun)]);
    let more = stream::try_unfold((earlier, Arc::clone(&state.service), visitor.id), async |at| {
        let (Some(before), service, visitor) = at else { return Ok(None) };
        let (reports, earlier) =
            service.reports_part(&visitor, before).await.map_err(io::Error::other)?;
        let mut text = String::new();
        for report in &reports {
            text.push(',');
            text.push_str(&serde_json::to_string(report)?);
        }
        Ok(Some((text, (earlier, service, visitor))))
    });
    let end = stream::iter([Ok("]}".to_owned())]);
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"my-data.json\""),
        ),
    ];
    Ok((headers, Body::from_stream(begun.chain(more).chain(end))).into_response())
}

/// Erases it, if that is what they want; the browser is a new visitor's then.
pub async fn erase(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    OwnerChecked(FormRequest { parts, posted }): OwnerChecked,
) -> Result<Response, AppError> {
    if !posted.fields.ticked("confirm") {
        let sentence = LocalizedText::new(
            "没有删除：请先勾选“我明白删除后找不回来”",
            "Nothing was deleted: please tick “I understand that this cannot be undone” first",
        );
        let form =
            FormState::submitted("erase", Vec::new()).with_errors(vec![("confirm", sentence)]);
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(render::with_form(&state, parts, "/me/data", form, status).await);
    }
    let fresh = Visitor::fresh().ok_or(Refusal::Internal)?;
    state.service.erase_visitor(&visitor.requester()).await?;
    let mut response = Redirect::to("/me/data").into_response();
    remember(&mut response, Hint::NotSigned, state.https);
    response.headers_mut().insert(CLEAR, HeaderValue::from_static("\"storage\""));
    response.extensions_mut().insert(BecomeVisitor(fresh.id));
    Ok(response)
}

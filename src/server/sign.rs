//! `POST /sign`, `/sign/withdraw` and `/sign/next`.

use axum::{
    Extension,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    AppState,
    form::Fields,
    refusal, render,
    visitor::{BecomeVisitor, Hint, Visitor, remember},
};
use crate::{
    domain::signature::{SignatureErrors, SignatureForm},
    service::{SignError, StoreError, doubt::Manner},
    ui::{
        TRAP,
        context::{RefusedForm, Trouble},
        pages::refusal::Refusal,
    },
};

/// Reads the form of `/sign`.
///
/// # Errors
/// The [`Refusal`] that a body deserves which is no form.
pub async fn read(headers: &HeaderMap, body: Body) -> Result<SignatureForm, Refusal> {
    Ok(form_of(&Fields::read(headers, body).await?))
}

/// What a form says.
pub fn form_of(fields: &Fields) -> SignatureForm {
    SignatureForm {
        name: fields.first("name"),
        grid: fields.first("grid"),
        pledges: fields.all("pledges"),
        message: fields.first("message"),
        show_name: fields.ticked("show_name"),
        consent: fields.ticked("consent"),
    }
}

/// Signs; a form that is refused comes back with what was typed.
pub async fn sign(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let fields = match Fields::read(&parts.headers, body).await {
        Ok(fields) => fields,
        Err(refused) => return refusal::response(refused),
    };
    let trapped = !fields.first(TRAP).is_empty();
    let manner = Manner { place: &visitor.place, dwell: visitor.known_for, trapped };
    let form = form_of(&fields);
    let signed = if visitor.known {
        state.service.sign(&visitor.id, &form, &manner).await.map(|_| true)
    } else {
        // Without a cookie nobody could say whose signature it is.
        state.service.check_signature(&form).map(|_| false)
    };
    let mut trouble = (!visitor.known).then_some(Trouble::NewVisitor);
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let errors = match signed {
        Ok(true) => {
            let mut response = Redirect::to("/signed").into_response();
            remember(&mut response, Hint::Signed, state.https);
            return response;
        }
        Ok(false) => SignatureErrors::default(),
        Err(SignError::Form(errors)) => *errors,
        Err(SignError::Closed(phase)) => return refusal::response(Refusal::Closed(phase)),
        Err(SignError::Store(error @ StoreError::Unavailable(_))) => {
            tracing::error!(%error, "a signature was not stored");
            (trouble, status) = (Some(Trouble::Away), StatusCode::SERVICE_UNAVAILABLE);
            SignatureErrors::default()
        }
        Err(SignError::Store(error)) => return refusal::from_store(&error),
    };
    let refused = RefusedForm { form, errors, trouble };
    match refusal::field_errors(&parts.headers, status, refused.each(visitor.lang)) {
        Some(json) => json,
        None => render::refused_form(&state, parts, &visitor, refused, status).await,
    }
}

/// Takes the signature back.
pub async fn withdraw(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
) -> Response {
    match state.service.withdraw_signature(&visitor.id).await {
        Ok(_) => {
            let mut response = Redirect::to("/me").into_response();
            remember(&mut response, Hint::NotSigned, state.https);
            response
        }
        Err(error) => refusal::from_store(&error),
    }
}

/// 换人签名: from now on this browser is another visitor.
pub async fn next(State(state): State<AppState>) -> Response {
    let Some(other) = Visitor::fresh() else { return refusal::response(Refusal::Internal) };
    let mut response = Redirect::to("/sign").into_response();
    remember(&mut response, Hint::NotSigned, state.https);
    // The account of this phone is not the next person's.
    remember(&mut response, Hint::Lent, state.https);
    response.extensions_mut().insert(BecomeVisitor(other.id));
    response
}

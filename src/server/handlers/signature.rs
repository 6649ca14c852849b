//! `POST /sign`, `/sign/withdraw` and `/sign/next`.

use axum::{
    Extension,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    domain::{
        report::action::command::Sent,
        signature::{SignatureErrors, SignatureForm},
        text,
    },
    server::{
        forms::{
            multipart::{Own, Received},
            urlencoded::Fields,
        },
        http::error,
        pages::render,
        session::visitor::{BecomeVisitor, Hint, Visitor, remember},
        state::AppState,
    },
    service::{MySignature, SignError, StoreError, signature_review::RequestSignals},
    ui::{
        HONEYPOT_FIELD,
        context::{RefusedForm, Trouble},
        error::Refusal,
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
        Err(refused) => return error::response(refused),
    };
    let honeypot_filled = !fields.first(HONEYPOT_FIELD).is_empty();
    let signals =
        RequestSignals { place: &visitor.place, dwell: visitor.known_for, honeypot_filled };
    let form = form_of(&fields);
    let signed = if visitor.known {
        sign_once(&state, &visitor, &form, &signals).await
    } else {
        // Without a cookie nobody could say whose signature it is.
        state.service.check_signature(&form).map(|_| Some(Trouble::NewVisitor))
    };
    let mut trouble = (!visitor.known).then_some(Trouble::NewVisitor);
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let errors = match signed {
        Ok(None) => {
            let mut response = Redirect::to("/signed").into_response();
            remember(&mut response, Hint::Signed, state.https);
            return response;
        }
        Ok(Some(instead)) => {
            if matches!(instead, Trouble::Another(_)) {
                status = StatusCode::CONFLICT;
            }
            trouble = Some(instead);
            SignatureErrors::default()
        }
        Err(SignError::Form(errors)) => *errors,
        Err(SignError::Closed(phase)) => return error::response(Refusal::Closed(phase)),
        Err(SignError::Store(error @ StoreError::Unavailable(_))) => {
            tracing::error!(%error, "a signature was not stored");
            (trouble, status) = (Some(Trouble::Away), StatusCode::SERVICE_UNAVAILABLE);
            SignatureErrors::default()
        }
        Err(SignError::Store(error)) => return error::from_store(&error),
    };
    let refused = RefusedForm { form, errors, trouble };
    match error::field_errors(&parts.headers, status, refused.each(visitor.lang)) {
        Some(json) => json,
        None => render::refused_form(&state, parts, &visitor, refused, status).await,
    }
}

/// Signs for a visitor who is known. Whoever has signed already keeps that, where the name is
/// the same; by another name it is another person, and nothing is signed.
async fn sign_once(
    state: &AppState,
    visitor: &Visitor,
    form: &SignatureForm,
    signals: &RequestSignals<'_>,
) -> Result<Option<Trouble>, SignError> {
    if state.service.sign(&visitor.id, form, signals).await?.fresh {
        return Ok(None);
    }
    let there = state.service.signature_of(&visitor.id).await?;
    let other = there.map(|there| there.name).filter(|name| !form.is_by(name));
    Ok(other.map(|name| Trouble::Another(text::masked(&name))))
}

/// Takes the signature back that the form is about; another one, or another person's, stays.
pub async fn withdraw(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    Own(Received { posted, .. }): Own,
) -> Response {
    let meant = posted.first("ordinal");
    let withdrawn = async {
        let there = state.service.signature_of(&visitor.id).await?;
        let is_another = |there: MySignature| there.ordinal.to_string() != meant;
        if !meant.is_empty() && there.is_some_and(is_another) {
            return Ok(false);
        }
        state.service.withdraw_signature(&visitor.id).await.map(|_| true)
    };
    match withdrawn.await {
        Ok(true) => {
            let mut response = Redirect::to("/me").into_response();
            remember(&mut response, Hint::NotSigned, state.https);
            response
        }
        Ok(false) => error::response(Refusal::OfAnother),
        Err(error) => error::from_store(&error),
    }
}

/// 换人签名: from now on this browser is another visitor. A form that was filled in for them
/// stays theirs.
pub async fn next(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    Own(Received { mut parts, posted }): Own,
) -> Response {
    let Some(fresh) = Visitor::fresh() else { return error::response(Refusal::Internal) };
    let other = Visitor { known: true, id: fresh.id, signed: false, ..visitor };
    let form = form_of(&posted.fields);
    let mut response = if form.name.is_empty() {
        Redirect::to("/sign").into_response()
    } else {
        let trouble = Some(Trouble::NextPerson);
        let filled = RefusedForm { form, errors: SignatureErrors::default(), trouble };
        parts.uri = Uri::from_static("/sign");
        render::refused_form(&state, parts, &other, filled, StatusCode::OK).await
    };
    remember(&mut response, Hint::NotSigned, state.https);
    // The account of this phone is not the next person's.
    remember(&mut response, Hint::Lent, state.https);
    response.extensions_mut().insert(BecomeVisitor(other.id));
    response
}

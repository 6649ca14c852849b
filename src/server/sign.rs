//! `POST /sign`, `/sign/withdraw` and `/sign/next`.

use axum::{
    Extension,
    extract::{Request, State},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    AppState,
    form::Fields,
    refusal, render,
    visitor::{BecomeVisitor, Hint, Visitor, fresh_id, remember},
};
use crate::{
    domain::signature::SignatureForm,
    service::SignError,
    ui::{
        context::{RefusedForm, SignProblem},
        pages::refusal::Refusal,
    },
};

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
    let form = SignatureForm {
        name: fields.first("name"),
        grid: fields.first("grid"),
        pledges: fields.all("pledges"),
        message: fields.first("message"),
        show_name: fields.ticked("show_name"),
        consent: fields.ticked("consent"),
    };
    let problem = if visitor.known {
        match state.service.sign(&visitor.id, &form).await {
            Ok(_) => {
                let mut response = Redirect::to("/signed").into_response();
                remember(&mut response, Hint::Signed, state.https);
                return response;
            }
            Err(SignError::Closed(phase)) => return refusal::response(Refusal::Closed(phase)),
            Err(SignError::Store(error)) => return refusal::from_store(&error),
            Err(SignError::Form(errors)) => SignProblem::Fields(*errors),
        }
    } else {
        // Without a cookie nobody could say whose signature it is.
        let errors = form.check(state.service.campaign()).err();
        SignProblem::NewVisitor(errors.unwrap_or_default())
    };
    render::refused_form(&state, &parts, &visitor, RefusedForm { form, problem }).await
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
    let Some(id) = fresh_id() else { return refusal::response(Refusal::Internal) };
    let mut response = Redirect::to("/sign").into_response();
    remember(&mut response, Hint::NotSigned, state.https);
    response.extensions_mut().insert(BecomeVisitor(id));
    response
}

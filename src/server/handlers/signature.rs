//! `POST /sign`, `/signed`, `/sign/withdraw` and `/sign/next`.

use axum::{
    Extension,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use domain::{
    lang::LocalizedText,
    report::action::command::{FieldErrors, FormFields},
    signature::SignatureForm,
    text,
};
use service::{MySignature, SentKey, SignError, StoreError, signature_review::RequestSignals};
use ui::{HONEYPOT_FIELD, error::Refusal, form_state::FormState};

use crate::{
    forms::{
        multipart::{FormRequest, OwnerChecked},
        urlencoded::Fields,
    },
    http::error::AppError,
    pages::render,
    session::visitor::{BecomeVisitor, Hint, Visitor, remember},
    state::AppState,
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

fn sent_key(fields: &impl FormFields) -> SentKey {
    SentKey { key: fields.first("key"), proof: fields.first("proof") }
}

/// Signs; a form that is refused comes back with what was typed.
pub async fn sign(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, AppError> {
    let (parts, body) = request.into_parts();
    let fields = Fields::read(&parts.headers, body).await?;
    let honeypot_filled = !fields.first(HONEYPOT_FIELD).is_empty();
    let signals = RequestSignals {
        client_network: &visitor.client_network,
        dwell: visitor.known_for,
        key: &sent_key(&fields),
        has_accounts: state.wechat.as_ref().is_some_and(|wechat| wechat.has_login()),
        honeypot_filled,
    };
    let form = form_of(&fields);
    let refused = if visitor.known {
        sign_once(&state, &visitor, &form, &signals).await
    } else {
        // Without a cookie nobody could say whose signature it is.
        let checked = state.service.check_signature(&form).map(|_| FieldErrors::new());
        let errors = match checked {
            Err(SignError::Form(errors)) => Ok(errors),
            other => other,
        };
        errors.map(|errors| Some(Refused::new_visitor(errors)))
    };
    let refused = match refused {
        Ok(None) => {
            let mut response = Redirect::to("/signed").into_response();
            remember(&mut response, Hint::Signed, state.https);
            return Ok(response);
        }
        Ok(Some(refused)) => refused,
        Err(SignError::Form(errors)) => Refused::fields(errors),
        Err(SignError::Store(error @ StoreError::Unavailable(_))) => {
            tracing::error!(%error, "a signature was not stored");
            Refused::not_stored()
        }
        Err(SignError::TooFast(_)) => Refused::too_many(),
        Err(error) => return Err(error.into()),
    };
    let sent = FormState::submitted("sign", fields.into_pairs())
        .with_errors(refused.errors)
        .with_message(refused.message)
        .offering_next_person(refused.status == StatusCode::CONFLICT);
    let page = parts.uri.to_string();
    Ok(render::with_form(&state, parts, &page, sent, refused.status).await)
}

/// A refused signature: status, message and field errors.
struct Refused {
    status: StatusCode,
    message: Option<LocalizedText>,
    errors: FieldErrors,
}

impl Refused {
    const fn fields(errors: FieldErrors) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, message: None, errors }
    }

    /// It came without a cookie, so that nobody could say whose it is.
    fn new_visitor(errors: FieldErrors) -> Self {
        let message = LocalizedText::new(
            "还没有签上：刚才没有认出您的手机。您填的内容都在，请再按一次“签名”。",
            "Not signed yet: your phone was not recognised. Everything you filled in is still here; please press “Sign” once more.",
        );
        Self { message: Some(message), ..Self::fields(errors) }
    }

    /// It could not be stored now.
    fn not_stored() -> Self {
        let message = LocalizedText::new(
            "还没有签上：系统正忙。您填的内容都在，请过几秒再按一次“签名”，不会重复签名。",
            "Not signed yet: the system is busy. Everything is still here; please press “Sign” again in a few seconds. It will not count twice.",
        );
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self { status, message: Some(message), errors: FieldErrors::new() }
    }

    /// Very many came from this network without a proof.
    fn too_many() -> Self {
        let message = LocalizedText::new(
            "还没有签上：这会儿从您所在的网络来的签名太多了。您填的内容都在，请换个网络（比如用手机流量），或者过一个小时再按“签名”。",
            "Not signed yet: very many signatures come from your network just now. Everything is still here; please use another network, such as mobile data, or press “Sign” again in an hour.",
        );
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self { status, message: Some(message), errors: FieldErrors::new() }
    }

    /// Somebody else has signed at this phone, by that masked name.
    fn another(name: &str) -> Self {
        let message = LocalizedText::new(
            format!(
                "还没有签上：这台手机上{name}已经签过。如果换了一位来签，请按“换人签名”，您填的内容会留着。"
            ),
            format!(
                "Not signed yet: {name} has signed on this phone. If another person is signing now, press “Next person signs”; what you filled in stays."
            ),
        );
        Self { status: StatusCode::CONFLICT, message: Some(message), errors: FieldErrors::new() }
    }
}

/// Signs for a known visitor. If there is a signature by another name, nothing is stored: another
/// person uses this phone.
async fn sign_once(
    state: &AppState,
    visitor: &Visitor,
    form: &SignatureForm,
    signals: &RequestSignals<'_>,
) -> Result<Option<Refused>, SignError> {
    if state.service.sign(&visitor.id, form, signals).await?.newly_stored {
        return Ok(None);
    }
    let there = state.service.signature_of(&visitor.id).await?;
    let other = there.map(|there| there.name).filter(|name| !form.has_name(name));
    Ok(other.map(|name| Refused::another(&text::masked(&name))))
}

/// A proof that was finished after signing. A wrong one changes nothing, and is told nothing.
pub async fn prove(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    OwnerChecked(FormRequest { posted, .. }): OwnerChecked,
) -> Result<Response, AppError> {
    state.service.prove_signature(&visitor.id, &sent_key(&posted)).await?;
    Ok(Redirect::to("/signed").into_response())
}

/// Withdraws the signature that the form names; refused if the visitor has another one by now.
pub async fn withdraw(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    OwnerChecked(FormRequest { posted, .. }): OwnerChecked,
) -> Result<Response, AppError> {
    let meant = posted.first("ordinal");
    let there = state.service.signature_of(&visitor.id).await?;
    let is_another = |there: MySignature| there.ordinal.to_string() != meant;
    if !meant.is_empty() && there.is_some_and(is_another) {
        return Err(Refusal::WrongOwner.into());
    }
    state.service.withdraw_signature(&visitor.requester()).await?;
    let mut response = Redirect::to("/me").into_response();
    remember(&mut response, Hint::NotSigned, state.https);
    Ok(response)
}

/// 换人签名: from now on this browser is another visitor. A form that was filled in for them
/// stays theirs.
pub async fn next(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    OwnerChecked(FormRequest { mut parts, posted }): OwnerChecked,
) -> Result<Response, AppError> {
    let fresh = Visitor::fresh().ok_or(Refusal::Internal)?;
    let other = Visitor { known: true, id: fresh.id.clone(), signed: false, ..visitor };
    let mut response = if posted.first("name").is_empty() {
        Redirect::to("/sign").into_response()
    } else {
        let message = LocalizedText::new(
            "已换成下一位，前一位的签名不变。请看一下您填的内容，再按“签名”。",
            "The next person can sign now; the signature before stays. Please look at what you filled in, then press “Sign”.",
        );
        let sent = FormState::submitted("sign", posted.fields.into_pairs()).with_message(message);
        parts.extensions.insert(other);
        render::with_form(&state, parts, "/sign", sent, StatusCode::OK).await
    };
    remember(&mut response, Hint::NotSigned, state.https);
    // The account of this phone is not the next person's.
    remember(&mut response, Hint::BorrowedPhone, state.https);
    response.extensions_mut().insert(BecomeVisitor(fresh.id));
    Ok(response)
}

//! From a request to a page: `ui` rendered by Leptos, whole, in one answer.

use std::sync::Arc;

use axum::{
    Extension,
    body::Body,
    extract::{Request, State},
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use domain::lang::Lang;
use futures::stream;
use http_body_util::BodyExt;
use leptos::prelude::*;
use leptos_axum::handle_response_inner;
use service::Busy;
use ui::{
    context::{OutcomeCell, Page, PageOutcome, PersonalFlag},
    error::Refusal,
    form_state::FormState,
};

use super::cache::{self, PageKey};
use crate::{
    forms::owner,
    http::{
        caching::{NO_STORE, PRIVATE_NO_CACHE},
        compression::Encoded,
        error,
    },
    session::{
        staff::{PendingSession, Session},
        visitor::{self, Visitor},
    },
    state::AppState,
    wechat::login,
};

/// A page that was asked for.
pub async fn page(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Response {
    // Leptos reads paths as URLs, where dots and backslashes lead elsewhere.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte);
    if !request.uri().path().bytes().all(plain) {
        return error::refuse(Refusal::NotFound);
    }
    let path = request.uri().path();
    if let Some(first) = login::login_redirect(&state, &visitor, request.headers(), path) {
        return first;
    }
    let page = page_of(&state, &visitor, request.headers(), request.extensions(), request.uri());
    let headers = request.headers().clone();
    let personal = page.personal.clone();
    let in_turn = async |page, request| {
        let turn = state.service.page_turn(&visitor.requester()).await;
        let _turn = turn.map_err(|Busy| Box::new(error::refuse(Refusal::Unavailable)))?;
        render(page, request).await
    };
    let rendered = match PageKey::of(request.uri(), &visitor) {
        Some(key) => {
            let now = || cache::PageVersion {
                revision: state.service.counts().revision,
                phase: state.service.phase(),
            };
            let render = async || in_turn(page, request).await;
            state.shared_pages.get(key, now, render).await.map(|page| page.response(&headers))
        }
        None => in_turn(page, request).await.map(|page| page.response(&headers)),
    };
    let response = rendered.unwrap_or_else(|instead| *instead);
    with_cache_control(response, if personal.get() { NO_STORE } else { PRIVATE_NO_CACHE })
}

/// The page at `path` with a submitted form to correct, or its errors as JSON if `Accept` asks for
/// it.
pub async fn with_form(
    state: &AppState,
    mut parts: Parts,
    path: &str,
    form: FormState,
    status: StatusCode,
) -> Response {
    if error::wants_json(&parts.headers) {
        return error::form_errors(&form.in_lang(visitor::lang_of(&parts.headers)), status);
    }
    let Ok(uri) = Uri::try_from(path) else { return error::refuse(Refusal::NotFound) };
    // Leptos looks for the page at the address of the request.
    parts.uri = uri;
    let visitor = parts.extensions.get::<Visitor>().cloned().or_else(Visitor::fresh);
    let Some(visitor) = visitor else { return error::refuse(Refusal::Internal) };
    let page = page_of(state, &visitor, &parts.headers, &parts.extensions, &parts.uri);
    shown_again(Page { form_state: Some(Arc::new(form)), ..page }, parts, status).await
}

/// The page that shows a new phrase.
pub async fn with_phrase(
    state: &AppState,
    mut parts: Parts,
    visitor: &Visitor,
    phrase: String,
) -> Response {
    parts.uri = Uri::from_static("/recovery");
    let page = page_of(state, visitor, &parts.headers, &parts.extensions, &parts.uri);
    shown_again(Page { recovery_code: Some(phrase.into()), ..page }, parts, StatusCode::OK).await
}

async fn shown_again(page: Page, parts: Parts, status: StatusCode) -> Response {
    let headers = parts.headers.clone();
    match render(page, Request::from_parts(parts, Body::empty())).await {
        Ok(page) => {
            let mut response = with_cache_control(page.response(&headers), NO_STORE);
            *response.status_mut() = status;
            error::set_default_retry_after(&mut response, status);
            response
        }
        Err(instead) => *instead,
    }
}

/// The page that says why not.
pub async fn refusal(
    state: &AppState,
    headers: &HeaderMap,
    of_console: bool,
    refused: Refusal,
) -> Response {
    let Some(visitor) = Visitor::fresh() else { return Response::default() };
    let visitor = Visitor {
        large_text: visitor::large_text_of(headers),
        lang: visitor::lang_of(headers),
        ..visitor
    };
    let uri = Uri::from_static(if of_console { "/console" } else { "/" });
    // What was asked for need not be a path at all: Leptos is given one that is.
    let request = Request::new(Body::empty());
    let page = page_of(state, &visitor, headers, request.extensions(), &uri);
    let path = if of_console { page.path } else { String::new() };
    let page = Page { refusal: Some(refused), path, ..page };
    let rendered = render(page, request).await;
    let response = rendered.map_or_else(|instead| *instead, |page| page.response(headers));
    with_cache_control(response, NO_STORE)
}

fn page_of(
    state: &AppState,
    visitor: &Visitor,
    headers: &HeaderMap,
    extensions: &Extensions,
    uri: &Uri,
) -> Page {
    let path = uri.path();
    let asked = uri.query().unwrap_or_default().split('&');
    let asked = asked.filter(|part| !part.is_empty() && !part.starts_with("lang="));
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let origin = match &*state.public_url {
        "" => format!("http://{host}"),
        public => public.to_owned(),
    };
    Page {
        origin,
        public_url: Arc::clone(&state.public_url),
        service: Arc::clone(&state.service),
        path: path.to_owned(),
        query: asked.flat_map(|part| ["&", part]).collect(),
        visitor: visitor.id.clone(),
        client_network: visitor.client_network.clone(),
        owner: state.service.owner(owner::person(visitor, extensions)),
        has_signed: visitor.signed,
        large_text: visitor.large_text,
        // Staff read Chinese, and so does the lobby.
        lang: match path == "/screen" || path.starts_with("/console") {
            true => Lang::Zh,
            false => visitor.lang,
        },
        poster_grid: visitor.grid.clone(),
        site_files: state.assets.names.clone(),
        form_state: None,
        recovery_code: None,
        wechat_sdk: state.wechat.is_some(),
        wechat_login: state.wechat.as_ref().is_some_and(|wechat| wechat.has_login()),
        staff: extensions.get::<Session>().map(|session| Arc::clone(&session.staff)),
        session: extensions.get::<Session>().cloned(),
        pending: extensions.get::<PendingSession>().map(|PendingSession(session)| session.clone()),
        refusal: None,
        outcome: OutcomeCell::default(),
        personal: PersonalFlag::default(),
    }
}

/// Renders a whole page; the error is what is answered in its place.
///
/// The stock renderer would append scripts that carry resources to a hydrating app;
/// islands carry their own properties, and without inline scripts the content security
/// policy needs no nonce.
async fn render(page: Page, request: Request) -> Result<Encoded, Box<Response>> {
    let instead = page.outcome.clone();
    let context = move || {
        provide_context(page.lang);
        provide_context(page.clone());
    };
    let response = handle_response_inner(
        context,
        || (),
        request,
        |(), _scripts, _| {
            let html = ui::app::html();
            Box::pin(async {
                let html = html.await;
                Box::pin(stream::once(async { html })) as _
            })
        },
    )
    .await;
    match instead.get() {
        Some(PageOutcome::Refuse(refused)) => Err(Box::new(error::refuse(refused))),
        Some(PageOutcome::Redirect(path)) => Err(Box::new(Redirect::to(path).into_response())),
        None => match response.into_body().collect().await {
            Ok(body) => Ok(Encoded::new(body.to_bytes())),
            Err(error) => {
                tracing::error!(%error, "a page could not be rendered");
                Err(Box::new(error::refuse(Refusal::Internal)))
            }
        },
    }
}

fn with_cache_control(mut response: Response, how: HeaderValue) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, how);
    response
}

//! From a request to a page: `ui` rendered by Leptos, whole, in one answer.

use std::sync::Arc;

use axum::{
    Extension,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use futures::{StreamExt, stream};
use http_body_util::BodyExt;
use leptos::prelude::*;
use leptos_axum::{AxumRouteListing, handle_response_inner};
use leptos_router::location::RequestUrl;

use super::{
    AppState,
    encoding::Encoded,
    refusal,
    shared_pages::{self, Key},
    visitor::{Visitor, fresh_id},
};
use crate::ui::{
    self,
    context::{Instead, InsteadCell, Page, RefusedForm},
    pages::refusal::Refusal,
};

/// Every page of `ui`, for the router.
pub fn routes(state: &AppState) -> Vec<AxumRouteListing> {
    let page = fresh_id()
        .map(|id| page_of(state, &Visitor { id, known: false, grid: None, signed: false }));
    let (routes, _) = leptos_axum::generate_route_list_with_exclusions_and_ssg_and_context(
        ui::app::App,
        None,
        move || {
            if let Some(page) = page.clone() {
                provide_context(page);
            }
        },
    );
    routes
}

/// A page that was asked for.
pub async fn page(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Response {
    let page = page_of(&state, &visitor);
    let headers = request.headers().clone();
    let rendered = match Key::of(request.uri(), visitor.signed) {
        Some(key) => {
            let now = shared_pages::State {
                revision: state.service.counts().revision,
                phase: state.service.phase(),
            };
            let render = async || render(page, request, None).await;
            state.shared_pages.get(key, now, render).await.map(|page| page.response(&headers))
        }
        None => render(page, request, None).await.map(|page| page.response(&headers)),
    };
    private(rendered.unwrap_or_else(|instead| *instead))
}

/// The page of a form that was refused, with status 422.
pub async fn refused_form(
    state: &AppState,
    parts: &Parts,
    visitor: &Visitor,
    refused: RefusedForm,
) -> Response {
    let errors: Vec<(&str, &str)> = refused.errors();
    if let Some(json) = refusal::field_errors(&parts.headers, &errors) {
        return json;
    }
    drop(errors);
    let page = Page { refused_form: Some(Arc::new(refused)), ..page_of(state, visitor) };
    let request = Request::from_parts(parts.clone(), Body::empty());
    let rendered = render(page, request, None).await;
    let response = rendered.map(|page| page.response(&parts.headers));
    let mut response = private(response.unwrap_or_else(|instead| *instead));
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    response
}

/// The page that says why not.
pub async fn refusal(state: &AppState, parts: Parts, refused: Refusal) -> Response {
    let nobody = || fresh_id().map(|id| Visitor { id, known: false, grid: None, signed: false });
    let visitor = parts.extensions.get::<Visitor>().cloned().or_else(nobody);
    let Some(visitor) = visitor else { return Response::default() };
    let page = Page { refusal: Some(refused), ..page_of(state, &visitor) };
    let headers = parts.headers.clone();
    let request = Request::from_parts(parts, Body::empty());
    let rendered = render(page, request, Some("/")).await;
    private(rendered.map_or_else(|instead| *instead, |page| page.response(&headers)))
}

fn page_of(state: &AppState, visitor: &Visitor) -> Page {
    Page {
        service: Arc::clone(&state.service),
        visitor: visitor.id.clone(),
        has_signed: visitor.signed,
        poster_grid: visitor.grid.clone(),
        site_files: state.assets.names.clone(),
        refused_form: None,
        refusal: None,
        instead: InsteadCell::default(),
    }
}

/// Renders a whole page; the error is what is answered in its place.
///
/// The stock renderer would append scripts that carry resources to a hydrating app;
/// islands carry their own properties, and without inline scripts the content security
/// policy needs no nonce.
async fn render(
    page: Page,
    request: Request,
    in_place_of: Option<&'static str>,
) -> Result<Encoded, Box<Response>> {
    let instead = page.instead.clone();
    let context = move || {
        provide_context(page.clone());
        if let Some(path) = in_place_of {
            provide_context(RequestUrl::new(path));
        }
    };
    let response = handle_response_inner(context, ui::app::Shell, request, |app, _scripts, _| {
        Box::pin(async move {
            let html = app.to_html_stream_in_order().collect::<String>().await;
            Box::pin(stream::once(async move { html })) as _
        })
    })
    .await;
    match instead.get() {
        Some(Instead::Refuse(refused)) => Err(Box::new(refusal::response(refused))),
        Some(Instead::Go(path)) => Err(Box::new(Redirect::to(path).into_response())),
        None => match response.into_body().collect().await {
            Ok(body) => Ok(Encoded::new(body.to_bytes())),
            Err(error) => {
                tracing::error!(%error, "a page could not be rendered");
                Err(Box::new(refusal::response(Refusal::Internal)))
            }
        },
    }
}

/// Pages are one visitor's: a browser may keep one to go back to, nobody else.
fn private(mut response: Response) -> Response {
    let value = HeaderValue::from_static("private, no-cache");
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    response
}

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
use leptos::prelude::*;
use leptos_axum::{AxumRouteListing, handle_response_inner};
use leptos_router::location::RequestUrl;

use super::{
    AppState, refusal,
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
    private(render(page, request, None).await)
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
    let mut response = private(render(page, request, None).await);
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    response
}

/// The page that says why not.
pub async fn refusal(state: &AppState, parts: Parts, refused: Refusal) -> Response {
    let nobody = || fresh_id().map(|id| Visitor { id, known: false, grid: None, signed: false });
    let visitor = parts.extensions.get::<Visitor>().cloned().or_else(nobody);
    let Some(visitor) = visitor else { return Response::default() };
    let page = Page { refusal: Some(refused), ..page_of(state, &visitor) };
    let request = Request::from_parts(parts, Body::empty());
    private(render(page, request, Some("/")).await)
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

/// Renders to one string. The stock renderer would append scripts that carry
/// resources to a hydrating app; islands carry their own properties, and without
/// inline scripts the content security policy needs no nonce.
async fn render(page: Page, request: Request, in_place_of: Option<&'static str>) -> Response {
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
        Some(Instead::Refuse(refused)) => refusal::response(refused),
        Some(Instead::Go(path)) => Redirect::to(path).into_response(),
        None => response,
    }
}

/// Pages are one visitor's: a browser may keep one to go back to, nobody else.
fn private(mut response: Response) -> Response {
    let value = HeaderValue::from_static("private, no-cache");
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    response
}

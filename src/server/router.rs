//! Everything that answers: the routes of the table, the site's files, and the layers around
//! them.

use std::{any::Any, sync::Arc};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::get,
};
use tower_http::catch_panic::CatchPanicLayer;

use super::{http::assets, pages::error_pages, routes, session::middleware, state::AppState};

/// Everything that answers.
pub fn router(state: AppState) -> Router {
    router_with(state, Router::new())
}

/// As [`router`], with `more` pages and forms among ours: for benchmarks.
pub fn router_with(state: AppState, more: Router<AppState>) -> Router {
    state.metrics.know_paths(routes::table().iter().map(|row| row.path));
    let (known, data) = routes::routers();
    let known = known
        .merge(more)
        .layer(from_fn_with_state(state.clone(), middleware::identify))
        .layer(DefaultBodyLimit::disable());
    let data = match state.proof.clone() {
        Some(proof) => data.route(&proof.path, get(async move || proof.text)),
        None => data,
    };
    let files = assets::files(&state.options, Arc::clone(&state.file_reads));
    // The outermost layer comes last: headers go onto every answer, a refusal from
    // anywhere below them becomes a page.
    known
        .merge(data)
        .fallback_service(files)
        .method_not_allowed_fallback(async || StatusCode::METHOD_NOT_ALLOWED)
        .layer(CatchPanicLayer::custom(fault))
        .layer(state.csrf.clone())
        .layer(from_fn_with_state(state.clone(), error_pages::render_errors))
        .layer(CatchPanicLayer::custom(fault))
        .with_state(state)
}

/// The response after a panic, without its message, which may quote personal data.
fn fault(_: Box<dyn Any + Send>) -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

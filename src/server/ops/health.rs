//! Whether this process lives, and whether it can serve: for systemd and load balancers.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use ui::error::Refusal;

use crate::{http::error, state::AppState};

/// 204 while this process can still do its work; 503 when only a new start can help.
pub async fn healthy(State(state): State<AppState>) -> Response {
    match state.service.is_alive() {
        true => StatusCode::NO_CONTENT.into_response(),
        false => error::refuse(Refusal::Unavailable),
    }
}

/// 204 while the database answers, is written to, and photos can be kept; else 503.
pub async fn ready(State(state): State<AppState>) -> Response {
    match state.service.ready().await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            error::refuse(Refusal::Unavailable)
        }
    }
}

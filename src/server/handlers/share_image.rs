//! `/share.png`: the picture of a shared link.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use crate::{
    server::{http::error, state::AppState},
    ui::{error::Refusal, share},
};

/// Answers with the picture as it is now; a few minutes later it may be asked for anew.
pub async fn picture(State(state): State<AppState>) -> Response {
    let lit = share::lit(&state.service, &state.service.counts());
    match state.share_picture.showing(lit) {
        Some(picture) => {
            let headers = [
                (header::CONTENT_TYPE, "image/png"),
                (header::CACHE_CONTROL, "public, max-age=300"),
            ];
            (headers, picture).into_response()
        }
        None => error::response(Refusal::Internal),
    }
}

//! `GET /photos/{id}`: a picture, for those who may see it.

use axum::{
    Extension,
    extract::{Path, Query, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{AppState, refusal, staff::Session, visitor::Visitor};
use crate::{domain::report::Code, service::Size, ui::pages::refusal::Refusal};

/// A browser may show a picture again for five minutes: one that was hidden since is gone
/// by then.
const KEPT: &str = "private, max-age=300";

/// Which size is wanted.
#[derive(Debug, Default, Deserialize)]
pub struct Wanted {
    #[serde(default)]
    size: String,
}

/// The picture.
pub async fn photo(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    session: Option<Extension<Session>>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let Ok(id) = Code::parse(&id) else { return refusal::response(Refusal::NotFound) };
    let size = if wanted.size == "thumb" { Size::Thumb } else { Size::Full };
    let staff = session.as_ref().map(|session| session.staff.as_ref());
    match state.service.photo_for(&visitor.id, staff, &id, size).await {
        Ok(Some(bytes)) => {
            let mut response = bytes.into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(KEPT));
            response
        }
        Ok(None) => refusal::response(Refusal::NotFound),
        Err(error) => refusal::from_store(&error),
    }
}

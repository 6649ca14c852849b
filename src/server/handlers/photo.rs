//! `GET /photos/{id}`: a photo, if the viewer may see it.

use axum::{
    Extension,
    extract::{Path, Query, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::report::Code;
use serde::Deserialize;
use service::Size;
use ui::error::Refusal;

use crate::{
    http::{caching, error::AppError},
    session::{staff::Session, visitor::Visitor},
    state::AppState,
};

/// Cache policy of a public photo: five minutes, so that a photo that gets hidden disappears soon,
/// and only in private caches. Photos that are not public are not cached.
const PUBLIC_PHOTO_CACHE: HeaderValue = HeaderValue::from_static("private, max-age=300");

/// Which size is wanted.
#[derive(Debug, Default, Deserialize)]
pub struct PhotoQuery {
    #[serde(default)]
    size: String,
}

/// The picture.
pub async fn photo(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    session: Option<Extension<Session>>,
    Path(id): Path<String>,
    Query(wanted): Query<PhotoQuery>,
) -> Result<Response, AppError> {
    let id = Code::parse(&id).map_err(|_| Refusal::NotFound)?;
    let size = if wanted.size == "thumb" { Size::Thumb } else { Size::Full };
    let staff = session.as_ref().map(|session| session.staff.as_ref());
    let found = state.service.photo_for(&visitor.id, staff, &id, size).await?;
    let (bytes, is_public) = found.ok_or(Refusal::NotFound)?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
    let kept = if is_public { PUBLIC_PHOTO_CACHE } else { caching::NO_STORE };
    headers.insert(header::CACHE_CONTROL, kept);
    Ok(response)
}

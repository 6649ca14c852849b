//! `GET /photos/{id}`: a photo, if the viewer may see it.

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::report::Code;
use serde::Deserialize;
use service::Size;
use ui::error::Refusal;

use crate::{
    http::{caching, connected::Connected, error::AppError, fair_places::Place},
    session::{staff::Session, visitor::Visitor},
    state::{AppState, PHOTO_UNIT},
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

/// A photo with the memory that it takes until its client has read it.
struct Sent {
    bytes: Bytes,
    _place: Place,
}

impl AsRef<[u8]> for Sent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// The picture.
pub async fn photo(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    connected: Option<Extension<Connected>>,
    session: Option<Extension<Session>>,
    Path(id): Path<String>,
    Query(wanted): Query<PhotoQuery>,
) -> Result<Response, AppError> {
    let id = Code::parse(&id).map_err(|_| Refusal::NotFound)?;
    let size = if wanted.size == "thumb" { Size::Thumb } else { Size::Full };
    let staff = session.as_ref().map(|session| session.staff.as_ref());
    let found = state.service.photo_for(&visitor.id, staff, &id, size).await?;
    let (bytes, is_public) = found.ok_or(Refusal::NotFound)?;
    let evicted = connected.map(|Extension(connected)| connected.evicted()).unwrap_or_default();
    let units = bytes.len().div_ceil(PHOTO_UNIT);
    let place = state.photo_memory.take(evicted, None, &visitor.client_network, units);
    let place = place.map_err(|_| Refusal::Unavailable)?;
    let mut response = Bytes::from_owner(Sent { bytes, _place: place }).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
    let kept = if is_public { PUBLIC_PHOTO_CACHE } else { caching::NO_STORE };
    headers.insert(header::CACHE_CONTROL, kept);
    Ok(response)
}

//! `GET /photos/{id}`: a photo, if the viewer may see it.

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
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

/// The picture. A browser that has a public one asks each time whether it may still be seen, so what is
/// taken back is gone at once; one that is not public is not kept.
pub async fn photo(
    State(state): State<AppState>,
    Extension(visitor): Extension<Visitor>,
    connected: Option<Extension<Connected>>,
    session: Option<Extension<Session>>,
    Path(id): Path<String>,
    Query(wanted): Query<PhotoQuery>,
    sent: HeaderMap,
) -> Result<Response, AppError> {
    let id = Code::parse(&id).map_err(|_| Refusal::NotFound)?;
    let size = if wanted.size == "thumb" { Size::Thumb } else { Size::Full };
    let staff = session.as_ref().map(|session| session.staff.as_ref());
    let is_public = state.service.sees_photo(&visitor.id, staff, &id).await?;
    let is_public = is_public.ok_or(Refusal::NotFound)?;
    // A stored picture never changes.
    let tag = format!("\"{id}{}\"", if size == Size::Thumb { "-thumb" } else { "" });
    if is_public && caching::is_known(&sent, &tag) {
        return Ok(kept(StatusCode::NOT_MODIFIED.into_response(), &tag));
    }
    let bytes = state.service.photo_bytes(&id, size).await?.ok_or(Refusal::NotFound)?;
    let evicted = connected.map(|Extension(connected)| connected.evicted()).unwrap_or_default();
    let units = bytes.len().div_ceil(PHOTO_UNIT);
    let place = state.photo_memory.take(evicted, None, &visitor.client_network, units);
    let place = place.map_err(|_| Refusal::Unavailable)?;
    let mut response = Bytes::from_owner(Sent { bytes, _place: place }).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
    headers.insert(header::CACHE_CONTROL, caching::NO_STORE);
    Ok(if is_public { kept(response, &tag) } else { response })
}

/// `response`, to be kept and asked for again by its tag.
fn kept(mut response: Response, tag: &str) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, caching::PRIVATE_NO_CACHE);
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

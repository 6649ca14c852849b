//! `GET /photos/{id}`: a picture, for those who may see it.

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

/// A browser may show a public picture again for five minutes: one that was hidden since is
/// gone by then. The next person at the phone, or at the desk, finds none that is not public.
const KEPT: HeaderValue = HeaderValue::from_static("private, max-age=300");

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
) -> Result<Response, AppError> {
    let id = Code::parse(&id).map_err(|_| Refusal::NotFound)?;
    let size = if wanted.size == "thumb" { Size::Thumb } else { Size::Full };
    let staff = session.as_ref().map(|session| session.staff.as_ref());
    let found = state.service.photo_for(&visitor.id, staff, &id, size).await?;
    let (bytes, is_public) = found.ok_or(Refusal::NotFound)?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
    let kept = if is_public { KEPT } else { caching::KEPT_NOWHERE };
    headers.insert(header::CACHE_CONTROL, kept);
    Ok(response)
}

//! What a form posted: fields, and files where it has some.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{FromRequest, Multipart, Request, multipart::Field},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE, request::Parts},
    response::Response,
};
use bytes::{Bytes, BytesMut};
use http_body_util::Limited;
use tokio::{sync::OwnedSemaphorePermit, time::timeout};

use super::{AppState, form::Fields, refusal};
use crate::{domain::report::deed::Sent, service::BYTES_MAX, ui::pages::refusal::Refusal};

/// The longest text field, in bytes.
const TEXT_MAX: usize = 64 * 1024;

/// Most fields and files of one form.
const PARTS_MAX: usize = 200;

/// The largest form, in bytes: a few of the largest photos and what stands around them.
const FORM_MAX: usize = 5 * BYTES_MAX;

/// The fields that bring files; what others bring is not kept.
const FILES: [&str; 2] = ["photos", "before"];

/// How long a form waits for its place.
const QUEUE: Duration = Duration::from_secs(5);

/// How long nothing may come of a form that is being sent.
const SILENCE: Duration = Duration::from_secs(30);

/// How long a form may take in all: three large photos over a poor network.
const PATIENCE: Duration = Duration::from_secs(600);

/// A form as it was posted.
#[derive(Debug)]
pub struct Posted {
    /// Its fields.
    pub fields: Fields,
    /// Its files, each under the name of its field; what was left empty is not there.
    pub files: Vec<(String, Bytes)>,
    /// Whether a file was larger than any photo may be.
    pub oversized: bool,
    /// Its place among the forms that may be in memory at once.
    _place: Option<OwnedSemaphorePermit>,
}

impl Sent for Posted {
    fn first(&self, name: &str) -> String {
        self.fields.first(name)
    }

    fn all(&self, name: &str) -> Vec<String> {
        self.fields.all(name)
    }
}

/// A posted form with the rest of its request.
#[derive(Debug)]
pub struct Received {
    /// The request without its body.
    pub parts: Parts,
    /// The form.
    pub posted: Posted,
}

impl FromRequest<AppState> for Received {
    type Rejection = Response;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        match Posted::read(state, &parts, body).await {
            Ok(posted) => Ok(Self { parts, posted }),
            Err(refused) => Err(refusal::response(refused)),
        }
    }
}

impl Posted {
    /// Reads the whole of a form, of either kind that browsers send.
    ///
    /// # Errors
    /// The [`Refusal`] that it deserves.
    async fn read(state: &AppState, parts: &Parts, body: Body) -> Result<Self, Refusal> {
        if !is_multipart(&parts.headers) {
            let fields = Fields::read(&parts.headers, body).await?;
            return Ok(Self { fields, files: Vec::new(), oversized: false, _place: None });
        }
        let place = timeout(QUEUE, Arc::clone(&state.uploads).acquire_owned()).await;
        let place = place.map_err(|_| Refusal::Unavailable)?.map_err(|_| Refusal::Unavailable)?;
        // Everything counts, also what stands between and before the fields.
        let body = Body::new(Limited::new(body, FORM_MAX + TEXT_MAX));
        let request = Request::from_parts(parts.clone(), body);
        let multipart =
            Multipart::from_request(request, &()).await.map_err(|_| Refusal::Malformed)?;
        timeout(PATIENCE, Self::read_parts(multipart, place)).await.map_err(|_| Refusal::TooSlow)?
    }

    async fn read_parts(
        mut multipart: Multipart,
        place: OwnedSemaphorePermit,
    ) -> Result<Self, Refusal> {
        let (mut fields, mut files, mut oversized) = (Vec::new(), Vec::new(), false);
        let (mut room, mut parts, mut long_text) = (FORM_MAX, 0, false);
        while let Some(mut field) = in_time(multipart.next_field()).await? {
            parts += 1;
            let name = field.name().ok_or(Refusal::Malformed)?.to_owned();
            let file_name = field.file_name().map(str::to_owned);
            let most = if file_name.is_some() { BYTES_MAX } else { TEXT_MAX };
            let read = read_field(&mut field, most, &mut room).await?;
            match (file_name, read) {
                _ if parts > PARTS_MAX => {}
                (Some(name), Some(bytes)) if name.is_empty() && bytes.is_empty() => {}
                (Some(_), Some(bytes)) if FILES.contains(&name.as_str()) => {
                    files.push((name, bytes));
                }
                (Some(_), Some(_)) => {}
                (Some(_), None) => oversized = true,
                (None, Some(bytes)) => {
                    let text = String::from_utf8(bytes.into()).map_err(|_| Refusal::Malformed)?;
                    fields.push((name, text));
                }
                (None, None) => long_text = true,
            }
        }
        // Said only after reading on to the end: an answer before that would not be seen.
        if parts > PARTS_MAX || long_text {
            return Err(Refusal::TooLarge);
        }
        Ok(Self { fields: Fields::of(fields), files, oversized, _place: Some(place) })
    }

    /// The files of the field `name`.
    pub fn files(&self, name: &str) -> Vec<Bytes> {
        let named = self.files.iter().filter(|(field, _)| field == name);
        named.map(|(_, bytes)| bytes.clone()).collect()
    }
}

/// Whether a form with files was sent.
fn is_multipart(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.get(..19).is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/form-data"))
}

/// The whole of a field; `None` when it is larger than `most`, after reading on to its
/// end, since an answer before that would not be seen.
async fn read_field(
    field: &mut Field<'_>,
    most: usize,
    room: &mut usize,
) -> Result<Option<Bytes>, Refusal> {
    let (mut bytes, mut fits) = (BytesMut::new(), true);
    while let Some(chunk) = in_time(field.chunk()).await? {
        *room = room.checked_sub(chunk.len()).ok_or(Refusal::TooLarge)?;
        fits = fits && bytes.len() + chunk.len() <= most;
        if fits {
            bytes.extend_from_slice(&chunk);
        } else {
            bytes.clear();
        }
    }
    Ok(fits.then(|| bytes.freeze()))
}

async fn in_time<T>(
    next: impl Future<Output = Result<T, axum::extract::multipart::MultipartError>>,
) -> Result<T, Refusal> {
    match timeout(SILENCE, next).await {
        Ok(Ok(next)) => Ok(next),
        Ok(Err(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Refusal::TooLarge),
        Ok(Err(_)) => Err(Refusal::Malformed),
        Err(_) => Err(Refusal::TooSlow),
    }
}

//! What a form posted: fields, and files where it has some.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    body::{Body, HttpBody},
    extract::{FromRequest, Multipart, Request, multipart::Field},
    http::{HeaderMap, header::CONTENT_TYPE, request::Parts},
};
use bytes::{Bytes, BytesMut};
use domain::report::action::command::FormFields;
use futures::{Stream, StreamExt, stream};
use http_body_util::Limited;
use service::{BYTES_MAX, PhotoError, report::ReportError};
use store::StoreError;
use tokio::time::timeout;
use ui::error::Refusal;

use super::{
    memory::{FORM_MAX, Sender, UploadBudget},
    owner,
    urlencoded::Fields,
};
use crate::{
    http::{connected::Connected, error::AppError, fair_places::Place},
    session::visitor::Visitor,
    state::AppState,
};

/// The longest text field, in bytes.
const TEXT_MAX: usize = 64 * 1024;

/// Most fields and files of one form.
const PARTS_MAX: usize = 200;

/// Fields that accept files; files of other fields are discarded.
const FILE_FIELDS: [&str; 2] = ["photos", "before"];

/// Bytes of text of one form.
const TEXTS_MAX: usize = 256 * 1024;

/// Most bytes before the next field must begin. The multipart parser buffers them and scans the
/// buffer again for each chunk, so without a bound the cost is quadratic.
const HEAD_MAX: usize = 128 * 1024;

/// How long until the first bytes of a form.
const FIRST_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a form may take in all: three large photos over a poor network.
const FORM_TIMEOUT: Duration = Duration::from_secs(600);

/// A form as it was posted.
#[derive(Debug)]
pub struct PostedForm {
    /// Its fields.
    pub fields: Fields,
    /// Its files, each under the name of its field; what was left empty is not there.
    pub files: Vec<(String, Bytes)>,
    /// Why a file was not kept.
    pub file_fault: Option<FileFault>,
    /// Memory of the form; given back when it is dropped.
    _memory: Option<Place>,
}

/// Why a file was read but not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFault {
    /// It is larger than any photo may be.
    TooLarge,
    /// There is no memory for it at the moment.
    NoRoom,
}

impl From<FileFault> for ReportError {
    fn from(fault: FileFault) -> Self {
        match fault {
            FileFault::TooLarge => Self::Photo(PhotoError::TooLarge),
            FileFault::NoRoom => Self::Store(StoreError::Unavailable("no memory for files".into())),
        }
    }
}

impl FormFields for PostedForm {
    fn first(&self, name: &str) -> String {
        self.fields.first(name)
    }

    fn all(&self, name: &str) -> Vec<String> {
        self.fields.all(name)
    }
}

/// A posted form with the rest of its request.
#[derive(Debug)]
pub struct FormRequest {
    /// The request without its body.
    pub parts: Parts,
    /// The form.
    pub posted: PostedForm,
}

/// Extractor: a form whose ownership was checked ([`owner::check`]).
#[derive(Debug)]
pub struct OwnerChecked(pub FormRequest);

impl FromRequest<AppState> for OwnerChecked {
    type Rejection = AppError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, AppError> {
        let received = FormRequest::from_request(request, state).await?;
        owner::check(state, &received.parts, &received.posted)?;
        Ok(Self(received))
    }
}

impl FromRequest<AppState> for FormRequest {
    type Rejection = AppError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, AppError> {
        let (parts, body) = request.into_parts();
        let posted = PostedForm::read(state, &parts, body).await?;
        Ok(Self { parts, posted })
    }
}

impl PostedForm {
    /// Reads the whole of a form, of either kind that browsers send; nothing at all is a form
    /// without fields.
    ///
    /// # Errors
    /// The [`Refusal`] that it deserves.
    async fn read(state: &AppState, parts: &Parts, body: Body) -> Result<Self, Refusal> {
        if !parts.headers.contains_key(CONTENT_TYPE) && body.is_end_stream() {
            return Ok(Self::of_fields(Fields::of(Vec::new())));
        }
        if !is_multipart(&parts.headers) {
            return Ok(Self::of_fields(Fields::read(&parts.headers, body).await?));
        }
        let visitor = parts.extensions.get::<Visitor>();
        // `identify` sets it before every form.
        let visitor = visitor.ok_or(Refusal::Internal)?;
        let evicted = parts.extensions.get::<Connected>().map(Connected::evicted);
        let sender = Sender {
            memory: &state.form_memory,
            visitor: visitor.known.then_some(&visitor.id),
            network: &visitor.client_network,
            evicted: &evicted.unwrap_or_default(),
        };
        Self::of(Request::from_parts(parts.clone(), body), sender).await
    }

    const fn of_fields(fields: Fields) -> Self {
        Self { fields, files: Vec::new(), file_fault: None, _memory: None }
    }

    /// Reads a form with files, which are kept as far as there is memory for them. A form holds
    /// nothing before its first bytes came.
    ///
    /// # Errors
    /// The [`Refusal`] that it deserves.
    pub async fn of(request: Request, sender: Sender<'_>) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        // Limits the whole body, including multipart boundaries and headers.
        let body = Body::new(Limited::new(body, FORM_MAX + TEXT_MAX));
        let unread = Arc::new(AtomicUsize::new(0));
        let mut pieces = bounded(body, Arc::clone(&unread)).boxed();
        let first = timeout(FIRST_TIMEOUT, pieces.next()).await;
        let first = first.map_err(|_| Refusal::RequestTimeout)?;
        let body = Body::from_stream(stream::iter(first).chain(pieces));
        let request = Request::from_parts(parts, body);
        let multipart =
            Multipart::from_request(request, &()).await.map_err(|_| Refusal::Malformed)?;
        let read = Self::read_parts(multipart, UploadBudget::new(sender, unread)?);
        timeout(FORM_TIMEOUT, read).await.map_err(|_| Refusal::RequestTimeout)?
    }

    async fn read_parts(
        mut multipart: Multipart,
        mut room: UploadBudget<'_>,
    ) -> Result<Self, Refusal> {
        let (mut fields, mut files, mut file_fault) = (Vec::new(), Vec::new(), None);
        let (mut parts, mut texts, mut long_text) = (0, 0, false);
        while let Some(mut field) = room.in_time(multipart.next_field()).await? {
            parts += 1;
            let name = field.name().ok_or(Refusal::Malformed)?.to_owned();
            let file_name = field.file_name().map(str::to_owned);
            let most = match &file_name {
                Some(_) if FILE_FIELDS.contains(&name.as_str()) => BYTES_MAX,
                Some(_) => 0,
                None => TEXT_MAX,
            };
            let read = read_field(&mut field, most, (&mut room, &mut texts)).await?;
            match (file_name, read) {
                _ if parts > PARTS_MAX => {}
                (Some(file), Ok(bytes)) if file.is_empty() && bytes.is_empty() => {}
                (Some(_), Ok(bytes)) if most > 0 => files.push((name, bytes)),
                (Some(_), Err(fault)) if most > 0 => file_fault = Some(fault),
                (Some(_), _) => {}
                (None, Err(FileFault::NoRoom)) => return Err(Refusal::Unavailable),
                (None, Err(FileFault::TooLarge)) => long_text = true,
                (None, Ok(bytes)) => {
                    let text = String::from_utf8(bytes.into()).map_err(|_| Refusal::Malformed)?;
                    fields.push((name, text));
                }
            }
        }
        // Checked after reading to the end: browsers do not show a response that comes before.
        if parts > PARTS_MAX || long_text {
            return Err(Refusal::TooLarge);
        }
        let memory = Some(room.into_place());
        Ok(Self { fields: Fields::of(fields), files, file_fault, _memory: memory })
    }

    /// The files of the field `name`.
    pub fn files(&self, name: &str) -> Vec<Bytes> {
        let named = self.files.iter().filter(|(field, _)| field == name);
        named.map(|(_, bytes)| bytes.clone()).collect()
    }
}

/// Whether a form with files was sent.
fn is_multipart(headers: &HeaderMap) -> bool {
    let content_type =
        headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    content_type.get(..19).is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/form-data"))
}

/// The pieces of a body; fails if more than [`HEAD_MAX`] bytes come before the next field.
fn bounded(
    body: Body,
    unread: Arc<AtomicUsize>,
) -> impl Stream<Item = Result<Bytes, io::Error>> + Send + 'static {
    body.into_data_stream().map(move |piece| {
        let piece = piece.map_err(io::Error::other)?;
        let before = unread.fetch_add(piece.len(), Ordering::Relaxed);
        match before > HEAD_MAX {
            true => Err(io::Error::other("the next field does not begin")),
            false => Ok(piece),
        }
    })
}

/// The whole of a field, or why it is not kept: then it was read to its end all the same, since an
/// answer before that would not be seen. Files that nobody could claim are empty.
async fn read_field(
    field: &mut Field<'_>,
    most: usize,
    (room, texts): (&mut UploadBudget<'_>, &mut usize),
) -> Result<Result<Bytes, FileFault>, Refusal> {
    let is_file = field.file_name().is_some();
    let (mut bytes, mut fault) = (BytesMut::new(), None);
    while let Some(chunk) = room.in_time(field.chunk()).await? {
        room.count(chunk.len())?;
        if !is_file {
            *texts += chunk.len();
            if *texts > TEXTS_MAX {
                return Err(Refusal::TooLarge);
            }
        }
        if fault.is_none() && bytes.len() + chunk.len() > most {
            fault = Some(FileFault::TooLarge);
        }
        if fault.is_none() && (!is_file || room.keeps_files()) {
            match room.keep(chunk.len()) {
                true => bytes.extend_from_slice(&chunk),
                false => fault = Some(FileFault::NoRoom),
            }
        }
        if fault.is_some() {
            bytes = BytesMut::new();
        }
    }
    Ok(fault.map_or_else(|| Ok(bytes.freeze()), Err))
}

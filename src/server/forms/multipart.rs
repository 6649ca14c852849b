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
    extract::{
        FromRequest, Multipart, Request,
        multipart::{Field, MultipartError},
    },
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE, request::Parts},
};
use bytes::{Bytes, BytesMut};
use domain::report::action::command::FormFields;
use futures::StreamExt;
use http_body_util::Limited;
use service::BYTES_MAX;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout, timeout_at},
};
use ui::error::Refusal;

use super::{memory::STEP, owner, urlencoded::Fields};
use crate::{
    http::{concurrency::LimitReached, error::AppError},
    session::visitor::Visitor,
    state::AppState,
};

/// The longest text field, in bytes.
const TEXT_MAX: usize = 64 * 1024;

/// Most fields and files of one form.
const PARTS_MAX: usize = 200;

/// Largest form in bytes: five photos of the largest size, and the text fields.
const FORM_MAX: usize = 5 * BYTES_MAX;

/// Fields that accept files; files of other fields are discarded.
const FILE_FIELDS: [&str; 2] = ["photos", "before"];

/// Bytes of text of one form.
const TEXTS_MAX: usize = 256 * 1024;

/// Most bytes before the next field must begin. The multipart parser buffers them and scans the
/// buffer again for each chunk, so without a bound the cost is quadratic.
const HEAD_MAX: usize = 128 * 1024;

/// How long a form waits for memory.
const MEMORY_TIMEOUT: Duration = Duration::from_secs(5);

/// Timeout for each [`STEP`] bytes: the slowest network that still makes progress.
const STEP_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a form may take in all: three large photos over a poor network.
const FORM_TIMEOUT: Duration = Duration::from_secs(600);

/// A form as it was posted.
#[derive(Debug)]
pub struct PostedForm {
    /// Its fields.
    pub fields: Fields,
    /// Its files, each under the name of its field; what was left empty is not there.
    pub files: Vec<(String, Bytes)>,
    /// Whether a file was larger than any photo may be.
    pub oversized: bool,
    /// Memory permits of its files; released when the form is dropped.
    _memory_permit: Option<OwnedSemaphorePermit>,
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
            let fields = Fields::of(Vec::new());
            return Ok(Self { fields, files: Vec::new(), oversized: false, _memory_permit: None });
        }
        if !is_multipart(&parts.headers) {
            let fields = Fields::read(&parts.headers, body).await?;
            return Ok(Self { fields, files: Vec::new(), oversized: false, _memory_permit: None });
        }
        let visitor = parts.extensions.get::<Visitor>();
        // `identify` sets it before every form.
        let visitor = visitor.ok_or(Refusal::Internal)?;
        let known = visitor.known.then_some(&visitor.id);
        let permit = state.forms.take(known, &visitor.client_network);
        let _turn = permit.map_err(limit_reached)?;
        // Without a cookie nobody could claim the files, so they are not kept.
        let memory = known.map(|_| &state.uploads);
        Self::of(Request::from_parts(parts.clone(), body), memory).await
    }

    /// Reads a form with files, which are kept as far as there is memory for them.
    ///
    /// # Errors
    /// The [`Refusal`] that it deserves.
    pub async fn of(request: Request, memory: Option<&Arc<Semaphore>>) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        // Limits the whole body, including multipart boundaries and headers.
        let body = Body::new(Limited::new(body, FORM_MAX + TEXT_MAX));
        let unread = Arc::new(AtomicUsize::new(0));
        let body = bounded(body, Arc::clone(&unread));
        let request = Request::from_parts(parts, body);
        let multipart =
            Multipart::from_request(request, &()).await.map_err(|_| Refusal::Malformed)?;
        let read = Self::read_parts(multipart, UploadBudget::new(memory, unread));
        timeout(FORM_TIMEOUT, read).await.map_err(|_| Refusal::RequestTimeout)?
    }

    async fn read_parts(
        mut multipart: Multipart,
        mut room: UploadBudget<'_>,
    ) -> Result<Self, Refusal> {
        let (mut fields, mut files, mut oversized) = (Vec::new(), Vec::new(), false);
        let (mut parts, mut long_text) = (0, false);
        while let Some(mut field) = room.in_time(multipart.next_field()).await? {
            parts += 1;
            let name = field.name().ok_or(Refusal::Malformed)?.to_owned();
            let file_name = field.file_name().map(str::to_owned);
            let most = match &file_name {
                Some(_) if FILE_FIELDS.contains(&name.as_str()) => BYTES_MAX,
                Some(_) => 0,
                None => TEXT_MAX,
            };
            let read = read_field(&mut field, most, &mut room).await?;
            match (file_name, read) {
                _ if parts > PARTS_MAX => {}
                (Some(file), Some(bytes)) if file.is_empty() && bytes.is_empty() => {}
                (Some(_), Some(bytes)) if most > 0 => files.push((name, bytes)),
                (Some(_), None) if most > 0 => oversized = true,
                (Some(_), _) => {}
                (None, Some(bytes)) => {
                    let text = String::from_utf8(bytes.into()).map_err(|_| Refusal::Malformed)?;
                    fields.push((name, text));
                }
                (None, None) => long_text = true,
            }
        }
        // Checked after reading to the end: browsers do not show a response that comes before.
        if parts > PARTS_MAX || long_text {
            return Err(Refusal::TooLarge);
        }
        Ok(Self { fields: Fields::of(fields), files, oversized, _memory_permit: room.held })
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

/// Memory and time limits of one form.
struct UploadBudget<'m> {
    memory: Option<&'m Arc<Semaphore>>,
    /// Bytes received since the parser last returned something.
    unread: Arc<AtomicUsize>,
    held: Option<OwnedSemaphorePermit>,
    /// Bytes that are held for files.
    file_bytes: usize,
    /// Bytes of text.
    texts: usize,
    /// Bytes that came, of all fields.
    received: usize,
    /// When the next [`STEP`] bytes must have arrived.
    deadline: Instant,
}

impl<'m> UploadBudget<'m> {
    fn new(memory: Option<&'m Arc<Semaphore>>, unread: Arc<AtomicUsize>) -> Self {
        let deadline = Instant::now() + STEP_TIMEOUT;
        Self { memory, unread, held: None, file_bytes: 0, texts: 0, received: 0, deadline }
    }

    /// Counts what came.
    fn count(&mut self, bytes: usize) -> Result<(), Refusal> {
        let steps = self.received / STEP;
        self.received += bytes;
        if self.received > FORM_MAX {
            return Err(Refusal::TooLarge);
        }
        if self.received / STEP > steps {
            self.deadline = Instant::now() + STEP_TIMEOUT;
        }
        Ok(())
    }

    /// Reserves memory for more bytes of a file; `false` if files are not kept.
    async fn keep(&mut self, bytes: usize) -> Result<bool, Refusal> {
        let Some(memory) = self.memory else { return Ok(false) };
        let steps = |bytes: usize| bytes.div_ceil(STEP);
        let more = steps(self.file_bytes + bytes) - steps(self.file_bytes);
        if more > 0 {
            let more = u32::try_from(more).map_err(|_| Refusal::TooLarge)?;
            let taken = timeout(MEMORY_TIMEOUT, Arc::clone(memory).acquire_many_owned(more)).await;
            let taken = taken.map_err(|_| Refusal::Unavailable)?;
            let taken = taken.map_err(|_| Refusal::Unavailable)?;
            match &mut self.held {
                Some(held) => held.merge(taken),
                None => self.held = Some(taken),
            }
        }
        self.file_bytes += bytes;
        Ok(true)
    }

    async fn in_time<T>(
        &self,
        next: impl Future<Output = Result<T, MultipartError>>,
    ) -> Result<T, Refusal> {
        let next = timeout_at(self.deadline, next).await;
        self.unread.store(0, Ordering::Relaxed);
        match next {
            Ok(Ok(next)) => Ok(next),
            Ok(Err(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(Refusal::TooLarge)
            }
            Ok(Err(_)) => Err(Refusal::Malformed),
            Err(_) => Err(Refusal::RequestTimeout),
        }
    }
}

/// Wraps a body: fails if more than [`HEAD_MAX`] bytes come before the next field.
fn bounded(body: Body, unread: Arc<AtomicUsize>) -> Body {
    Body::from_stream(body.into_data_stream().map(move |piece| {
        let piece = piece.map_err(io::Error::other)?;
        let before = unread.fetch_add(piece.len(), Ordering::Relaxed);
        match before > HEAD_MAX {
            true => Err(io::Error::other("the next field does not begin")),
            false => Ok(piece),
        }
    }))
}

const fn limit_reached(why: LimitReached) -> Refusal {
    match why {
        LimitReached::All => Refusal::Unavailable,
        LimitReached::Own => Refusal::RateLimited(5),
    }
}

/// The whole of a field; `None` when it is larger than `most`, after reading on to its
/// end, since an answer before that would not be seen. Files that are not kept are empty.
async fn read_field(
    field: &mut Field<'_>,
    most: usize,
    room: &mut UploadBudget<'_>,
) -> Result<Option<Bytes>, Refusal> {
    let is_file = field.file_name().is_some();
    let (mut bytes, mut fits) = (BytesMut::new(), true);
    while let Some(chunk) = room.in_time(field.chunk()).await? {
        room.count(chunk.len())?;
        fits = fits && bytes.len() + chunk.len() <= most;
        if !is_file {
            room.texts += chunk.len();
            if room.texts > TEXTS_MAX {
                return Err(Refusal::TooLarge);
            }
        }
        if !fits {
            bytes = BytesMut::new();
        } else if !is_file || room.keep(chunk.len()).await? {
            bytes.extend_from_slice(&chunk);
        }
    }
    Ok(fits.then(|| bytes.freeze()))
}

//! What one form with files may use: memory, which is shared fairly by all of them, and time.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{extract::multipart::MultipartError, http::StatusCode};
use domain::{client_network::ClientNetwork, visitor::VisitorId};
use service::BYTES_MAX;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use ui::error::Refusal;

use crate::http::fair_places::{FairPlaces, LimitReached, Place, Shares};

/// Bytes that may be in memory, of all forms together.
const MEMORY: usize = 512 * 1024 * 1024;

/// Bytes per unit of the memory.
pub const UNIT: usize = 64 * 1024;

/// Units of every form of which something came: what the parser buffers, and the first of its text.
const BASE: usize = 2;

/// Forms with files that one visitor may be sending at once.
const FORMS_PER_VISITOR: usize = 3;

/// Largest form in bytes: five photos of the largest size, and the text fields.
pub const FORM_MAX: usize = 5 * BYTES_MAX;

/// Bytes that must arrive within each [`STEP_TIMEOUT`].
const STEP: usize = 256 * 1024;

/// Timeout for each [`STEP`] bytes: the slowest network that still makes progress.
const STEP_TIMEOUT: Duration = Duration::from_secs(60);

/// After this long without a byte, a form is the first to make room for others. Longer than phones
/// pause between two cells.
const PAUSE: Duration = Duration::from_secs(2);

/// The memory of all forms; half of it for one client network at most.
pub fn shared() -> FairPlaces {
    let total = MEMORY / UNIT;
    FairPlaces::new(Shares { total, per_network: total / 2, per_visitor: FORMS_PER_VISITOR })
}

/// Who sends a form.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'f> {
    /// The memory that all forms share.
    pub memory: &'f FairPlaces,
    /// Without one, nobody could claim the files, so they are not kept.
    pub visitor: Option<&'f VisitorId>,
    /// From where.
    pub network: &'f ClientNetwork,
    /// Is cancelled when the connection, or the form's memory, goes to somebody else.
    pub evicted: &'f CancellationToken,
}

/// Memory and time of one form.
#[derive(Debug)]
pub struct UploadBudget<'f> {
    sender: Sender<'f>,
    place: Place,
    /// Units that are held.
    units: usize,
    /// Bytes that are kept.
    kept: usize,
    /// Bytes received since the parser last returned something.
    unread: Arc<AtomicUsize>,
    /// Bytes that came, of all fields.
    received: usize,
    /// When the next [`STEP`] bytes must have arrived.
    deadline: Instant,
}

impl<'f> UploadBudget<'f> {
    /// For a form that begins to arrive; `unread` is what its body counts.
    ///
    /// # Errors
    /// [`Refusal`] when there is no memory, or the visitor sends too many forms.
    pub fn new(sender: Sender<'f>, unread: Arc<AtomicUsize>) -> Result<Self, Refusal> {
        let taken =
            sender.memory.take(sender.evicted.clone(), sender.visitor, sender.network, BASE);
        let place = taken.map_err(|why| match why {
            LimitReached::All => Refusal::Unavailable,
            LimitReached::Own => Refusal::RateLimited(5),
        })?;
        let deadline = Instant::now() + STEP_TIMEOUT;
        Ok(Self { sender, place, units: BASE, kept: 0, unread, received: 0, deadline })
    }

    /// What holds the memory from now on.
    pub fn into_place(self) -> Place {
        self.place
    }

    /// Whether files have somebody to claim them.
    pub const fn keeps_files(&self) -> bool {
        self.sender.visitor.is_some()
    }

    /// Counts what came.
    ///
    /// # Errors
    /// [`Refusal::TooLarge`] when it is more than any form may have.
    pub fn count(&mut self, bytes: usize) -> Result<(), Refusal> {
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

    /// Reserves memory for more bytes; `false` when there is none.
    pub fn keep(&mut self, bytes: usize) -> bool {
        let wanted = BASE.max((self.kept + bytes).div_ceil(UNIT) + 1);
        if wanted > self.units {
            if self.place.grow(wanted - self.units).is_err() {
                return false;
            }
            self.units = wanted;
        }
        self.kept += bytes;
        true
    }

    /// The `next` of the parser, if it comes in time.
    ///
    /// # Errors
    /// [`Refusal`] when it does not, is no form, or the memory went to somebody else.
    pub async fn in_time<T>(
        &self,
        next: impl Future<Output = Result<T, MultipartError>>,
    ) -> Result<T, Refusal> {
        let mut next = pin!(next);
        let arrival = async {
            tokio::select! {
                next = next.as_mut() => return next,
                () = sleep(PAUSE) => self.place.set_idle(true),
            }
            next.await
        };
        let next = tokio::select! {
            next = timeout_at(self.deadline, arrival) => next,
            () = self.sender.evicted.cancelled() => return Err(Refusal::Unavailable),
        };
        self.place.set_idle(false);
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

//! [`Service`]: the use cases of one campaign, and the limits of expensive work.
//!
//! Its methods are in the files of their nouns, each in an own `impl Service`; here is what they
//! share.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use domain::{
    campaign::{Campaign, Day, Phase},
    counts::Counts,
    deadline::WorkCalendar,
    report::{Code, State},
    staff::Staff,
    time::Millis,
};
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use store::{AuditEntry, PhotoStore, ReportFigures, Store, StoreError, WriterMetrics};
use tokio::{sync::watch, time::timeout};

use super::{
    keyed_hash::HashKeys,
    limits::{FairLimits, FairQueue, HourlyCounter, PhotoRoom, RoomTaken},
    signature::{effort::Effort, name_pool::ShownNamePool},
    staff::password::PasswordPermits,
};

/// Photos that are decoded and encoded at once: each may take 300 MB and a second for a moment. What
/// waits has its bytes in memory.
const PHOTO_LIMITS: FairLimits = FairLimits {
    turns: 2,
    waiting_per_network: 24,
    waiting_per_person: 4,
    patience: Duration::from_secs(20),
};

/// Pages that are rendered at once. One takes a few milliseconds, so all wait little, and whoever asks
/// for very many waits behind their own network. First visits of a network bring no cookie, so
/// they count as one person.
const PAGE_LIMITS: FairLimits = FairLimits {
    turns: 32,
    waiting_per_network: 512,
    waiting_per_person: 256,
    patience: Duration::from_secs(5),
};

/// Exports that are written at once, by managers.
const EXPORT_LIMITS: FairLimits = FairLimits {
    turns: 2,
    waiting_per_network: 8,
    waiting_per_person: 1,
    patience: Duration::from_secs(20),
};

/// The use cases of one campaign over one store.
#[derive(Debug)]
pub struct Service {
    pub(super) store: Store,
    pub(super) photo_store: PhotoStore,
    pub(super) campaign: Arc<Campaign>,
    pub(super) time_zone: TimeZone,
    pub(super) calendar: WorkCalendar,
    pub(super) photo_turns: FairQueue,
    pub(super) page_turns: FairQueue,
    pub(super) export_turns: FairQueue,
    pub(super) photo_room: PhotoRoom,
    pub(super) passwords: PasswordPermits,
    pub(super) keys: HashKeys,
    pub(super) limits: bool,
    pub(super) names: HourlyCounter,
    /// Keys of signing forms, and signatures without a proof, by client network.
    pub(super) issued_keys: HourlyCounter,
    pub(super) proof_effort: Effort,
    pub(super) shown_names: ShownNamePool,
    /// Whether erased data may still be in the write-ahead log of SQLite.
    pub(super) wal_to_truncate: AtomicBool,
}

/// Values for `/metrics`.
#[derive(Debug)]
pub struct ServiceMetrics<'s> {
    /// What the writer measures of itself.
    pub writer: &'s WriterMetrics,
    /// Requests in the writer's queue.
    pub queue: usize,
    /// Photos that wait to be made smaller.
    pub photos_waiting: usize,
    /// Reports in each state.
    pub reports: Option<BTreeMap<State, u64>>,
    /// Open reports whose time has run out.
    pub overdue: Option<u64>,
    /// Whether the photo store answers.
    pub photo_store: bool,
    /// How much room photos and the database have.
    pub room: Option<RoomTaken>,
}

/// Milliseconds since 1970.
pub(super) fn now() -> Millis {
    jiff::Timestamp::now().as_millisecond()
}

/// A new random code: 16 bytes, as 22 characters of base64url.
pub(super) fn fresh_code() -> Result<Code, StoreError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Setup(error.to_string()))?;
    Code::parse(&URL_SAFE_NO_PAD.encode(bytes))
        .map_err(|error| StoreError::Setup(error.to_string()))
}

/// What the audit log is to say of what `staff` does.
pub(super) fn audit_entry<'n>(
    id: &'n Code,
    staff: &Staff,
    action: &'n str,
    subject: &'n str,
) -> AuditEntry<'n> {
    AuditEntry { id: id.as_str(), staff: staff.id, action, subject }
}

impl Service {
    /// Puts `campaign` over `store`, with photos in `pictures`.
    #[must_use]
    pub fn new(
        store: Store,
        pictures: PhotoStore,
        campaign: Arc<Campaign>,
        keys: HashKeys,
    ) -> Self {
        // A checked campaign has a time zone that is known here.
        let time_zone = TimeZone::get(&campaign.period.time_zone).unwrap_or(TimeZone::UTC);
        let calendar = WorkCalendar::new(&campaign, time_zone.clone());
        Self {
            store,
            photo_store: pictures,
            campaign,
            time_zone,
            calendar,
            photo_turns: FairQueue::new(PHOTO_LIMITS),
            page_turns: FairQueue::new(PAGE_LIMITS),
            export_turns: FairQueue::new(EXPORT_LIMITS),
            photo_room: PhotoRoom::default(),
            passwords: PasswordPermits::default(),
            keys,
            limits: true,
            names: HourlyCounter::default(),
            issued_keys: HourlyCounter::default(),
            proof_effort: Effort::BASE,
            shown_names: ShownNamePool::default(),
            wal_to_truncate: AtomicBool::new(true),
        }
    }

    /// Lets everyone try as often as they like: for benchmarks.
    #[must_use]
    pub fn without_limits(self) -> Self {
        Self { limits: false, ..self }
    }

    /// The campaign.
    #[must_use]
    pub fn campaign(&self) -> &Campaign {
        &self.campaign
    }

    /// Working time.
    #[must_use]
    pub const fn calendar(&self) -> &WorkCalendar {
        &self.calendar
    }

    /// The idempotency key of a new form: the same form, sent twice, files once.
    #[must_use]
    pub fn form_key(&self) -> String {
        fresh_code().map(String::from).unwrap_or_default()
    }

    /// Reports by state and by branch.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn report_figures(&self) -> Result<ReportFigures, StoreError> {
        self.store.report_figures().await
    }

    /// Whether the campaign has begun, is open, or is over, today.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.campaign.period.phase(self.day_of(jiff::Timestamp::now()))
    }

    /// The day on which `milliseconds` after 1970 fell, where the campaign is.
    #[must_use]
    pub fn day(&self, milliseconds: i64) -> Option<Day> {
        jiff::Timestamp::from_millisecond(milliseconds).ok().map(|time| self.day_of(time))
    }

    /// When today ends, where the campaign is.
    pub(super) fn midnight(&self) -> Millis {
        let tomorrow = self.calendar.civil(now()).date().saturating_add(1.day());
        let midnight = self.time_zone.to_timestamp(tomorrow.at(0, 0, 0, 0));
        midnight.map_or_else(|_| now(), jiff::Timestamp::as_millisecond)
    }

    /// The last millisecond of a day, `2026-12-31`, where the campaign is.
    pub(super) fn end_of_day(&self, day: &str) -> Option<Millis> {
        let next = day.parse::<Date>().ok()?.tomorrow().ok()?;
        let end = self.time_zone.to_timestamp(next.at(0, 0, 0, 0)).ok()?;
        Some(end.as_millisecond() - 1)
    }

    pub(super) fn day_of(&self, time: jiff::Timestamp) -> Day {
        let date = time.to_zoned_datetime(self.time_zone.clone()).date();
        Day { year: date.year(), month: date.month(), day: date.day() }
    }

    /// The public counts.
    #[must_use]
    pub fn counts(&self) -> Arc<Counts> {
        self.store.counts()
    }

    /// Follows the public counts.
    #[must_use]
    pub fn follow_counts(&self) -> watch::Receiver<Arc<Counts>> {
        self.store.follow_counts()
    }

    /// Collects the values for `/metrics`; `None` for what the database does not answer in time.
    pub async fn vital_signs(&self) -> ServiceMetrics<'_> {
        let (writer, queue) = self.store.writer_metrics();
        // Whoever watches waits no longer than this for what is away.
        let soon = Duration::from_secs(2);
        let (figures, overdue, photo_store, room) = tokio::join!(
            timeout(soon, self.report_figures()),
            timeout(soon, self.store.overdue(now())),
            timeout(soon, self.photo_store.answers()),
            timeout(soon, self.room_taken()),
        );
        ServiceMetrics {
            writer,
            queue,
            photos_waiting: self.photo_turns.waiting(),
            reports: figures.ok().and_then(Result::ok).map(|figures| figures.states),
            overdue: overdue.ok().and_then(Result::ok),
            photo_store: photo_store.unwrap_or(false),
            room: room.ok().and_then(Result::ok),
        }
    }

    /// Whether this process can still write; if not, only a new start helps.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.store.has_died()
    }

    /// Whether this node can serve: the database and the photo folder. A bucket is not checked: if
    /// it is down, it is down for all nodes, and taking all of them out of the load balancer helps
    /// nobody.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer, the writer has ended, or the
    /// folder is gone.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.store.ping().await?;
        self.photo_store.ping().await
    }
}

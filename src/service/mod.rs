//! Use cases: what a person can do, and under which conditions.
//!
//! What belongs here: one method on [`Service`] for each thing that is done or
//! asked, with every rule that decides whether it may be. No HTTP, no HTML, no SQL.

mod sign;

use std::sync::Arc;

use jiff::tz::TimeZone;
use tokio::sync::watch;

pub use self::sign::{MySignature, SignError};
pub use crate::store::StoreError;
use crate::{
    domain::{
        campaign::{Campaign, Day, Phase},
        counts::Counts,
    },
    store::Store,
};

/// The use cases of one campaign over one store.
#[derive(Debug)]
pub struct Service {
    store: Store,
    campaign: Arc<Campaign>,
    time_zone: TimeZone,
}

impl Service {
    /// Puts `campaign` over `store`.
    #[must_use]
    pub fn new(store: Store, campaign: Arc<Campaign>) -> Self {
        // A checked campaign has a time zone that is known here.
        let time_zone = TimeZone::get(&campaign.period.time_zone).unwrap_or(TimeZone::UTC);
        Self { store, campaign, time_zone }
    }

    /// The campaign.
    #[must_use]
    pub fn campaign(&self) -> &Campaign {
        &self.campaign
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

    fn day_of(&self, time: jiff::Timestamp) -> Day {
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

    /// Whether what this needs is there.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }
}

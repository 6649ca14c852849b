//! The calendar of working days, when it is corrected: open limits are counted anew, and managers are
//! told.

use domain::{
    deadline::WorkCalendar,
    report::action::reschedule::ReplacedCalendar,
    time::{DAY, Millis},
};
use store::StoreError;

use super::base::{Service, now};

/// How long managers are told that limits were moved.
const TOLD_FOR: Millis = 14 * DAY;

/// How long limits are moved in one round of the jobs, in milliseconds.
const ROUND: Millis = 5_000;

/// What managers should know of the calendar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CalendarState {
    /// How many open reports got other limits by the last correction, if it was of late.
    pub moved: Option<u64>,
    /// Years that have no calendar, so that only their weekends count as days off.
    pub missing: Vec<i16>,
}

impl Service {
    /// Notes by which calendar limits are counted from now on; at every start.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn note_calendar(&self) -> Result<(), StoreError> {
        self.store.note_calendar(&self.calendar.to_text(), now()).await
    }

    /// Counts the open limits by a corrected calendar.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn move_limits(&self) -> Result<(), StoreError> {
        let known = self.store.calendars().await?;
        let pairs = known.iter().zip(known.iter().skip(1));
        let Some((old, new)) = pairs.into_iter().find(|(_, new)| new.done_at.is_none()) else {
            return Ok(());
        };
        let parsed = (WorkCalendar::parse(&old.calendar), WorkCalendar::parse(&new.calendar));
        let (Some(before), Some(calendar)) = parsed else {
            return Err(StoreError::Unavailable("a kept calendar cannot be read".into()));
        };
        let rules = domain::report::action::transition::Rules {
            campaign: &self.campaign,
            calendar: &calendar,
            now: now(),
        };
        let replaced = ReplacedCalendar { calendar: &before, until: new.since };
        let decide = |report: &_, step| rules.reschedule(report, replaced, step);
        // The other jobs have a turn in between.
        while self.store.reschedule(new.since, rules.now, decide).await?
            && now() - rules.now < ROUND
        {}
        Ok(())
    }

    /// What managers should know of the calendar.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn calendar_state(&self) -> Result<CalendarState, StoreError> {
        let known = self.store.calendars().await?;
        let last = known.iter().skip(1).next_back();
        let moved = last.filter(|last| last.done_at.is_some_and(|at| now() - at < TOLD_FOR));
        let today = self.calendar.civil(now()).date();
        Ok(CalendarState {
            moved: moved.map(|last| last.moved).filter(|n| *n > 0),
            missing: self.campaign.years_without_calendar(today.year(), today.month()),
        })
    }
}

//! What residents who have met the same problem may say of how it was handled.

use crate::report::{
    action::transition::{Rules, TransitionError},
    event::{Event, EventKind},
    record::Report,
    state::{Audience, State},
};
use crate::time::Millis;

/// How many supporters have to say 没解决 of one handling, so that the report is opened again.
pub const UNSOLVED_MIN: u64 = 3;

/// From how many client networks: one person with three phones is not enough.
pub const NETWORKS_MIN: u64 = 2;

/// One resident's support of a report ("I have met the same").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Support {
    /// Whether it counts; `false` while it is quarantined, and when it was dismissed.
    pub counted: bool,
    /// When it was said.
    pub at: Millis,
    /// When they said that it is not solved, if they did.
    pub unsolved_at: Option<Millis>,
    /// Whether supporters have opened the report again before: they do so once.
    pub spent: bool,
}

/// Which supporters say 没解决 of the last handling, as far as they count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsolved {
    /// How many.
    pub people: u64,
    /// From how many client networks.
    pub networks: u64,
    /// Whether supporters have opened the report again before: they do so once.
    pub reopened: bool,
}

impl Unsolved {
    /// Whether they are enough to open the report again.
    #[must_use]
    pub const fn is_enough(&self) -> bool {
        self.people >= UNSOLVED_MIN && self.networks >= NETWORKS_MIN && !self.reopened
    }
}

impl Report {
    /// Whether residents may say 没解决: work that was closed within `days` calendar days.
    #[must_use]
    pub fn may_be_unsolved(&self, now: Millis, days: u16) -> bool {
        self.state == State::Closed && self.kind.is_casework() && self.is_within_days(now, days)
    }

    /// Whether a supporter may say so: they knew it before it was handled, and have not said it yet.
    #[must_use]
    pub fn may_supporter_object(&self, support: Support, now: Millis, days: u16) -> bool {
        let knew = self.finished_at.is_some_and(|finished| support.at < finished);
        let may = knew && !support.spent && !self.is_unsolved_for(support);
        may && self.may_be_unsolved(now, days)
    }

    /// Whether a supporter has said 没解决 of the last handling.
    #[must_use]
    pub fn is_unsolved_for(&self, support: Support) -> bool {
        self.closed_at.is_some_and(|closed| support.unsolved_at >= Some(closed))
    }
}

impl Rules<'_> {
    /// Opens `report` again, as the reporter's 没解决 does.
    ///
    /// # Errors
    /// [`TransitionError::State`] if they are not enough, or it is not possible any more.
    pub fn reopen_for_supporters(
        &self,
        report: &Report,
        unsolved: Unsolved,
    ) -> Result<(Report, Event), TransitionError> {
        let may = report.may_be_unsolved(self.now, self.campaign.deadlines.reopen);
        if !may || !unsolved.is_enough() {
            return Err(TransitionError::State);
        }
        let mut after = report.clone();
        self.reopen(&mut after);
        after.next_version();
        let event = Event::of(&after, self.now, EventKind::SupportersNotSolved, Audience::Public);
        Ok((after, Event { detail: Some(unsolved.people.to_string()), ..event }))
    }
}

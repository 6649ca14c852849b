//! Merging: two reports of one problem go on as one. What the one learns from the other, and when
//! they part again.

use crate::report::{
    action::transition::{Rules, TransitionError},
    event::{Event, EventKind},
    record::Report,
    state::{Audience, State},
};

/// What a reporter's command depends on besides their report.
#[derive(Clone, Copy, Debug, Default)]
pub struct Others<'o> {
    /// Whether other residents have met the same, or their reports go on under this one.
    pub share_it: bool,
    /// The report that this one goes on under.
    pub under: Option<&'o Report>,
}

impl Report {
    /// Whether its reporter may add to it although it was merged: the report that it goes on under is
    /// still handled.
    #[must_use]
    pub fn may_add_through(&self, under: Option<&Self>) -> bool {
        self.state == State::Duplicate && under.is_some_and(|under| under.state.is_open())
    }
}

impl Rules<'_> {
    /// Staff read with `under` that `what` happened to `merged`, which goes on under it. A merge makes
    /// nobody's form stale; what a resident adds has to be read first.
    #[must_use]
    pub fn told_of(&self, under: &Report, merged: &Report, what: EventKind) -> (Report, Event) {
        let mut after = under.clone();
        match what {
            EventKind::AddedToMerged => after.next_version(),
            _ => after.version += 1,
        }
        let event = Event::of(&after, self.now, what, Audience::Staff);
        let event = Event { detail: Some(merged.number().to_string()), ..event };
        (after, event)
    }

    /// A merged report goes on by itself, because the one of serial `from` was not accepted (`why`) or
    /// was withdrawn; `None` if nobody is left who sent it.
    #[must_use]
    pub fn part(&self, merged: &Report, from: u64, why: Option<String>) -> Option<(Report, Event)> {
        let is_under = merged.state == State::Duplicate && merged.duplicate_of == Some(from);
        if !is_under || (merged.visitor.is_none() && merged.entered_by.is_none()) {
            return None;
        }
        let mut after = merged.clone();
        self.begin_again(&mut after);
        after.next_version();
        let event = Event::of(&after, self.now, EventKind::Parted, Audience::Reporter);
        Some((after, Event { text: why, ..event }))
    }

    /// The reporter of a merged report says that `under`, which it went on under, is not solved.
    ///
    /// # Errors
    /// [`TransitionError::State`] if it is not closed, or the days for it are over.
    pub fn reopen_for_merged(&self, under: &Report) -> Result<(Report, Event), TransitionError> {
        if !under.may_be_unsolved(self.now, self.campaign.deadlines.reopen) {
            return Err(TransitionError::State);
        }
        let mut after = under.clone();
        self.reopen(&mut after);
        after.next_version();
        let event = Event::of(&after, self.now, EventKind::NotSolved, Audience::Public);
        Ok((after, event))
    }
}

//! Deadlines of the steps of a report, the pause of its clock while the reporter is asked, and the
//! escalation of overdue reports.

use super::transition::Rules;
use crate::{
    campaign::CategoryKind,
    report::{
        event::{Event, EventKind},
        record::Report,
        state::{Audience, State},
    },
    time::Millis,
};

/// Divisor of a working day: a deadline is soon when a quarter of a working day is left.
const SOON_DIVISOR: u32 = 4;

/// How long a question to the reporter waits for its answer, in working days; the first one pauses
/// the clock meanwhile.
const ANSWER_DAYS: u16 = 2;

impl Rules<'_> {
    /// Sets the deadline of the current step, from when on it is soon, and the escalation time.
    pub fn set_due(&self, report: &mut Report, due: Option<Millis>) {
        let soon = self.calendar.minutes_per_day() / SOON_DIVISOR;
        report.due_at = due;
        report.soon_at = due.map(|due| self.calendar.before_minutes(due, soon));
        report.escalate_at = due;
    }

    /// As [`Self::set_due`], for a step that goes on: who was told that it is late is not told again.
    pub(super) fn go_on_until(&self, report: &mut Report, due: Option<Millis>) {
        self.set_due(report, due);
        if report.is_overdue(self.now) {
            report.escalate_at = match report.level {
                0 => due,
                1 => Some(self.calendar.due(self.now, 1)),
                _ => None,
            };
        }
    }

    /// Sets the deadline for acceptance.
    pub fn set_acceptance_due(&self, report: &mut Report) {
        let due = self.calendar.due(self.now, self.campaign.deadlines.accept);
        self.set_due(report, Some(due));
    }

    /// Sets the promised completion time, which is also the deadline of the current step.
    pub(crate) fn set_promise(&self, report: &mut Report) {
        report.promised_from = Some(self.now);
        report.promised_at = Some(self.calendar.due(self.now, self.promise_days(report.kind)));
        self.set_due(report, report.promised_at);
    }

    /// Within how many working days a report of that kind is to be completed.
    pub(super) const fn promise_days(&self, kind: CategoryKind) -> u16 {
        match kind {
            CategoryKind::Private => self.campaign.deadlines.hard,
            _ => self.campaign.deadlines.ordinary,
        }
    }

    /// Waits for the reporter. The first question pauses the clock, unless it has run out; if nobody
    /// answers, [`Self::escalate`] brings the report back.
    pub(super) fn wait_for_answer(&self, report: &mut Report) {
        let until = self.calendar.due(self.now, ANSWER_DAYS);
        let (is_first, is_late) = (report.paused_until.is_none(), report.is_overdue(self.now));
        report.state = State::NeedsInfo;
        if is_first && !is_late {
            report.paused_until = Some(until);
            let due = report.due_at.map(|due| self.calendar.due(due, ANSWER_DAYS));
            self.set_due(report, due);
            report.escalate_at = Some(until);
        } else {
            report.paused_until = report.paused_until.or(Some(self.now));
            let due = report.due_at.filter(|_| !is_late);
            report.escalate_at = Some(due.map_or(until, |due| due.min(until)));
        }
    }

    /// The reporter need not be waited for any longer: the clock goes on where it was paused.
    pub(crate) fn end_wait(&self, report: &mut Report) {
        report.state = State::Submitted;
        let Some(due) = report.due_at else { return self.set_acceptance_due(report) };
        let mut due = due;
        if let Some(until) = report.paused_until.filter(|until| *until > self.now) {
            let unused = self.calendar.minutes_between(self.now, until);
            let left = self.calendar.minutes_between(self.now, due).saturating_sub(unused);
            due = self.calendar.after_minutes(self.now, left);
            report.paused_until = Some(self.now);
        }
        self.go_on_until(report, Some(due));
    }

    /// Escalates an overdue report by one level, brings back one whose reporter does not answer, or
    /// ends a term of its quarantine; `None` if nothing is due.
    #[must_use]
    pub fn escalate(&self, report: &Report) -> Option<(Report, Event)> {
        let late = report.escalate_at.is_some_and(|at| at <= self.now);
        if late && report.state == State::Quarantined {
            return Some(self.end_quarantine_term(report));
        }
        if !late || !report.state.is_open() {
            return None;
        }
        let mut after = report.clone();
        let what = if report.state == State::NeedsInfo {
            after.level = report.level.max(1);
            self.end_wait(&mut after);
            EventKind::Unanswered
        } else {
            after.level = (report.level + 1).min(2);
            // The branch lead has one working day before it is escalated to the manager.
            after.escalate_at = (after.level < 2).then(|| self.calendar.due(self.now, 1));
            EventKind::Escalated
        };
        after.version += 1;
        let event = Event {
            detail: Some(after.level.to_string()),
            ..Event::of(&after, self.now, what, Audience::Public)
        };
        Some((after, event))
    }
}

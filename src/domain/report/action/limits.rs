//! Deadlines of the steps of a report, and the escalation of overdue reports.

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

impl Rules<'_> {
    /// Sets the deadline of the current step, from when on it is soon, and the escalation time.
    pub fn set_due(&self, report: &mut Report, due: Option<Millis>) {
        let soon = self.calendar.minutes_per_day() / SOON_DIVISOR;
        report.due_at = due;
        report.soon_at = due.map(|due| self.calendar.before_minutes(due, soon));
        report.escalate_at = due;
    }

    /// Sets the deadline for acceptance.
    pub fn set_acceptance_due(&self, report: &mut Report) {
        let due = self.calendar.due(self.now, self.campaign.deadlines.accept);
        self.set_due(report, Some(due));
    }

    /// Sets the promised completion time, which is also the deadline of the current step.
    pub(crate) fn set_promise(&self, report: &mut Report) {
        let limits = self.campaign.deadlines;
        let days = match report.kind {
            CategoryKind::Private => limits.hard,
            _ => limits.ordinary,
        };
        report.promised_at = Some(self.calendar.due(self.now, days));
        self.set_due(report, report.promised_at);
    }

    /// Escalates an overdue report by one level, or ends a term of its quarantine; `None` if nothing is
    /// due.
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
        after.level = (report.level + 1).min(2);
        // The branch lead has one working day before it is escalated to the manager.
        after.escalate_at = (after.level < 2).then(|| self.calendar.due(self.now, 1));
        after.version += 1;
        let event = Event {
            detail: Some(after.level.to_string()),
            ..Event::of(&after, self.now, EventKind::Escalated, Audience::Public)
        };
        Some((after, event))
    }
}

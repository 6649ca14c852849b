//! Until when each step of a report is to be done, and what happens when it is not.

use super::transition::Rules;
use crate::{
    campaign::CategoryKind,
    report::{
        event::{Audience, Event, EventKind},
        record::Report,
    },
    time::Millis,
};

/// A quarter of a working day before the end, it is soon.
const SOON: u32 = 4;

impl Rules<'_> {
    /// Gives the present step until `due`.
    pub fn set_due(&self, report: &mut Report, due: Option<Millis>) {
        let soon = self.calendar.day_minutes() / SOON;
        report.due_at = due;
        report.soon_at = due.map(|due| self.calendar.before_minutes(due, soon));
        report.escalate_at = due;
    }

    /// Gives the step of acceptance its limit.
    pub fn wait_for_acceptance(&self, report: &mut Report) {
        let due = self.calendar.due(self.now, self.campaign.deadlines.accept);
        self.set_due(report, Some(due));
    }

    /// Promises when it will have been handled, and gives the present step until then.
    pub(crate) fn promise(&self, report: &mut Report) {
        let limits = self.campaign.deadlines;
        let days = match report.kind {
            CategoryKind::Private => limits.hard,
            _ => limits.ordinary,
        };
        report.promised_at = Some(self.calendar.due(self.now, days));
        self.set_due(report, report.promised_at);
    }

    /// Takes a report whose time has run out up a level; `None` when there is none left.
    #[must_use]
    pub fn escalate(&self, report: &Report) -> Option<(Report, Event)> {
        let late = report.escalate_at.is_some_and(|at| at <= self.now);
        if !late || !report.state.is_open() {
            return None;
        }
        let mut after = report.clone();
        after.level = (report.level + 1).min(2);
        // A lead has one working day before the manager hears of it.
        after.escalate_at = (after.level < 2).then(|| self.calendar.due(self.now, 1));
        after.version += 1;
        let event = Event {
            serial: after.serial,
            version: after.version,
            at: self.now,
            staff: None,
            what: EventKind::Escalated,
            state: after.state,
            text: None,
            audience: Audience::Public,
            detail: Some(after.level.to_string()),
        };
        Some((after, event))
    }
}

//! Opening again what has ended: what was handled goes back to its unit, all else is looked at anew.

use super::transition::Rules;
use crate::report::{record::Report, state::State};

impl Rules<'_> {
    /// Reopens a closed report for its unit; from the second time on for a manager.
    pub fn reopen(&self, report: &mut Report) {
        report.reopened = report.reopened.saturating_add(1);
        report.managed = report.reopened >= 2;
        report.level = if report.managed { 2 } else { 0 };
        report.state = State::Dispatched;
        report.closed_at = None;
        report.finished_at = None;
        report.solved = None;
        report.satisfied = None;
        report.rated_by = None;
        report.claimed_by = None;
        report.moved_by.clear();
        self.set_promise(report);
    }

    /// What ended without having been handled is looked at anew.
    pub(crate) fn begin_again(&self, report: &mut Report) {
        report.state = State::Submitted;
        report.closed_at = None;
        report.duplicate_of = None;
        (report.referred_to, report.referred_number) = (None, None);
        (report.accepted_at, report.promised_at) = (None, None);
        self.set_acceptance_due(report);
    }
}

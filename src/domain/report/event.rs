//! Events of a report: the rows of its timeline and of the audit log.

use serde::{Deserialize, Serialize};

use super::{
    action::Action,
    record::Report,
    state::{Audience, State},
};
use crate::{staff::StaffId, time::Millis};

/// An event of a report: a row of its timeline and of the audit log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Serial of the report.
    pub serial: u64,
    /// Version of the report after the event.
    pub version: u64,
    /// Time.
    pub at: Millis,
    /// Staff member, if staff did it.
    pub staff: Option<StaffId>,
    /// Kind of event.
    pub what: EventKind,
    /// State of the report after the event.
    pub state: State,
    /// Text written by staff or by the reporter.
    pub text: Option<String>,
    /// Who may read the text.
    pub audience: Audience,
    /// Parameter of the kind: unit, organisation, other report, days, photos, level, `yes` or `no`, or
    /// as JSON what a correction changed.
    pub detail: Option<String>,
}

impl Event {
    /// The event that made `report` what it is, not caused by staff and without text or parameter.
    #[must_use]
    pub const fn of(report: &Report, at: Millis, what: EventKind, audience: Audience) -> Self {
        let Report { serial, version, state, .. } = *report;
        Self { serial, version, at, staff: None, what, state, text: None, audience, detail: None }
    }
}

/// Kind of an [`Event`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// It was filed.
    Filed,
    /// The reporter added something.
    Added,
    /// The reporter withdrew it.
    Withdrawn,
    /// The reporter urged.
    Urged,
    /// The reporter said that it is solved.
    Solved,
    /// The reporter said that it is not solved.
    NotSolved,
    /// Enough residents who have met the same said that it is not solved.
    SupportersNotSolved,
    /// The reporter said how satisfied they are.
    Rated,
    /// It was escalated one level because it was overdue.
    Escalated,
    /// The reporter did not answer in time, so it is back in the queue.
    Unanswered,
    /// Its limits were counted anew, because the working calendar was corrected.
    Rescheduled,
    /// Whoever had claimed it left: a colleague has it now, or nobody.
    HandedOver,
    /// Staff looked at the contact details.
    ContactShown,
    /// Contact details and position were erased after the retention period.
    Erased,
    /// The reporter erased all of their data.
    Forgotten,
    /// The reporter withdrew from a report that other residents share.
    Left,
    /// Another report was merged into it.
    Merged,
    /// The reporter of a report that was merged into it added something.
    AddedToMerged,
    /// It goes on by itself: the report that it had been merged into was not accepted.
    Parted,
    /// An action of staff.
    #[serde(untagged)]
    Staff(Action),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_kinds_serialize_as_one_word() {
        for what in
            [EventKind::Filed, EventKind::NotSolved, EventKind::Staff(Action::ApproveExtension)]
        {
            let written = serde_json::to_value(what).unwrap();
            assert_eq!(serde_json::from_value::<EventKind>(written).unwrap(), what);
        }
        let written = serde_json::to_value(EventKind::Staff(Action::Settle)).unwrap();
        assert_eq!(written, "settle");
    }
}

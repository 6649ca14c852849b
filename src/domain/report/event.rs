//! What happened to a report: the rows of its timeline and of the audit.

use serde::{Deserialize, Serialize};

use super::{action::Action, state::State};
use crate::{staff::StaffId, time::Millis};

/// Who may read what was written when something happened to a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everyone who may see the report.
    Public,
    /// The reporter, and staff.
    Reporter,
    /// Staff.
    Staff,
}

/// What happened to a report once: a row of its timeline, and of the audit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Which report.
    pub serial: u64,
    /// The report's version after it.
    pub version: u64,
    /// When.
    pub at: Millis,
    /// Who, if staff did it.
    pub staff: Option<StaffId>,
    /// What.
    pub what: EventKind,
    /// The state after it.
    pub state: State,
    /// What was written.
    pub text: Option<String>,
    /// Who may read that.
    pub audience: Audience,
    /// The unit that has it from now on, the one outside, or the other report.
    pub detail: Option<String>,
}

/// What can happen to a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// It was filed.
    Filed,
    /// The reporter added something.
    Added,
    /// The reporter took it back.
    Withdrawn,
    /// The reporter urged.
    Urged,
    /// The reporter said that it is solved.
    Solved,
    /// The reporter said that it is not.
    NotSolved,
    /// The reporter said how satisfied they are.
    Rated,
    /// It was taken up a level because its time ran out.
    Escalated,
    /// Staff looked at the contact details.
    ContactShown,
    /// Contact and position were erased, since their time was over.
    Erased,
    /// The reporter had all of theirs erased.
    Forgotten,
    /// The reporter took back what is theirs of a case that is others' as well.
    Left,
    /// Staff did something.
    #[serde(untagged)]
    Staff(Action),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_one_word() {
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

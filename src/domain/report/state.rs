//! Enums of a report: processing state, audience, source and satisfaction.

use serde::{Deserialize, Serialize};

/// Processing state of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waiting for acceptance.
    Submitted,
    /// Waiting for more information from the reporter.
    NeedsInfo,
    /// Accepted; waiting to be dispatched to a unit.
    Accepted,
    /// Dispatched to a unit.
    Dispatched,
    /// Being handled.
    InProgress,
    /// Handled; waiting for the check by another person.
    AwaitingCheck,
    /// Completed.
    Closed,
    /// Rejected, with a reason.
    Rejected,
    /// Merged into another report.
    Duplicate,
    /// Referred to an outside organisation.
    Referred,
    /// Withdrawn by the resident.
    Withdrawn,
    /// Part of a burst from one network: in no queue and no count, until staff decide.
    Quarantined,
    /// Dismissed by staff as part of such a burst; in no count.
    Dismissed,
}

impl State {
    /// Every state, in the order in which they are listed.
    pub const ALL: [Self; 13] = [
        Self::Submitted,
        Self::NeedsInfo,
        Self::Accepted,
        Self::Dispatched,
        Self::InProgress,
        Self::AwaitingCheck,
        Self::Closed,
        Self::Rejected,
        Self::Duplicate,
        Self::Referred,
        Self::Withdrawn,
        Self::Quarantined,
        Self::Dismissed,
    ];

    /// Open states (待办): somebody has to act.
    pub const OPEN: &'static [Self] = &[
        Self::Submitted,
        Self::NeedsInfo,
        Self::Accepted,
        Self::Dispatched,
        Self::InProgress,
        Self::AwaitingCheck,
    ];

    /// Value in URLs and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::NeedsInfo => "needs_info",
            Self::Accepted => "accepted",
            Self::Dispatched => "dispatched",
            Self::InProgress => "in_progress",
            Self::AwaitingCheck => "awaiting_check",
            Self::Closed => "closed",
            Self::Rejected => "rejected",
            Self::Duplicate => "duplicate",
            Self::Referred => "referred",
            Self::Withdrawn => "withdrawn",
            Self::Quarantined => "quarantined",
            Self::Dismissed => "dismissed",
        }
    }

    /// Inverse of [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether it is one of [`Self::OPEN`].
    #[must_use]
    pub fn is_open(self) -> bool {
        Self::OPEN.contains(&self)
    }

    /// Whether a report in this state may be public; its category or staff may still keep it
    /// private.
    #[must_use]
    pub const fn is_public(self) -> bool {
        matches!(
            self,
            Self::Accepted
                | Self::Dispatched
                | Self::InProgress
                | Self::AwaitingCheck
                | Self::Closed
                | Self::Duplicate
                | Self::Referred
        )
    }
}

/// Who may read the text of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everyone who may see the report.
    Public,
    /// The reporter and staff.
    Reporter,
    /// Staff only.
    Staff,
}

/// Channel through which a report came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// Filed by the resident.
    #[serde(rename = "resident")]
    Resident,
    /// Found by a grid worker on patrol.
    #[serde(rename = "patrol")]
    Patrol,
    /// By telephone.
    #[serde(rename = "phone")]
    Phone,
    /// On paper.
    #[serde(rename = "paper")]
    Paper,
    /// From the city hotline 12345, with its case number.
    #[serde(rename = "12345")]
    Hotline,
}

impl Source {
    /// Every source, in the order in which forms offer them.
    pub const ALL: [Self; 5] =
        [Self::Resident, Self::Patrol, Self::Phone, Self::Paper, Self::Hotline];

    /// Value in forms and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resident => "resident",
            Self::Patrol => "patrol",
            Self::Phone => "phone",
            Self::Paper => "paper",
            Self::Hotline => "12345",
        }
    }

    /// Inverse of [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == text)
    }
}

/// The reporter's rating of the handling. An unrated report has none of these values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Satisfaction {
    /// 满意.
    Yes,
    /// 基本满意.
    Fair,
    /// 不满意.
    No,
}

impl Satisfaction {
    /// Every rating with its form value.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Yes, "yes"), (Self::Fair, "fair"), (Self::No, "no")];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_str_equals_the_serde_name() {
        for state in State::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        for source in Source::ALL {
            assert_eq!(serde_json::to_value(source).unwrap(), source.as_str());
        }
        assert_eq!(State::parse("nowhere"), None);
    }
}

//! The plain words of a report: how far it has come, how it came in, how it was judged.

use serde::{Deserialize, Serialize};

/// How far a report has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waits to be accepted.
    Submitted,
    /// Waits for the reporter to add something.
    NeedsInfo,
    /// Accepted and public; waits to be given to a unit.
    Accepted,
    /// Given to a unit.
    Dispatched,
    /// Someone is at it.
    InProgress,
    /// Handled; waits for another person to look.
    AwaitingCheck,
    /// Settled.
    Closed,
    /// Not taken, with a reason.
    Rejected,
    /// Goes on under another report.
    Duplicate,
    /// Given to someone outside.
    Referred,
    /// Withdrawn by the resident.
    Withdrawn,
}

impl State {
    /// Every state, in the order in which they are listed.
    pub const ALL: [Self; 11] = [
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
    ];

    /// The states in which someone has something to do: 待办.
    pub const OPEN: &'static [Self] = &[
        Self::Submitted,
        Self::NeedsInfo,
        Self::Accepted,
        Self::Dispatched,
        Self::InProgress,
        Self::AwaitingCheck,
    ];

    /// As it is written in URLs and kept.
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
        }
    }

    /// The state that is written so.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether someone has something to do.
    #[must_use]
    pub fn is_open(self) -> bool {
        Self::OPEN.contains(&self)
    }

    /// Whether a report in this state can be seen by everyone, as far as its category
    /// and its staff let it.
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

/// How a report came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// By the resident's own hand.
    #[serde(rename = "resident")]
    Resident,
    /// A grid worker saw it.
    #[serde(rename = "patrol")]
    Patrol,
    /// By telephone.
    #[serde(rename = "phone")]
    Phone,
    /// On paper.
    #[serde(rename = "paper")]
    Paper,
    /// From the city's hotline, with its number.
    #[serde(rename = "12345")]
    Hotline,
}

impl Source {
    /// Every source, in the order in which they are offered.
    pub const ALL: [Self; 5] =
        [Self::Resident, Self::Patrol, Self::Phone, Self::Paper, Self::Hotline];

    /// As it is written in forms and kept.
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

    /// The source that is written so.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == text)
    }
}

/// What the reporter thinks of the handling; silence is none of them.
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
    /// Each with the value that a form sends.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Yes, "yes"), (Self::Fair, "fair"), (Self::No, "no")];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_sources_are_written_as_serde_writes_them() {
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

//! Filter, sort order and place of a report list, read from and written to URL query parameters.
//!
//! A page is named by the report before it, not by a number: however far somebody turns the pages,
//! each costs the same. An address with `?page=` of before leads to the first page.

use std::{fmt, str::FromStr};

use super::{
    Report,
    state::{Source, State},
};
use crate::{slug::Slug, time::Millis};

/// Filter by processing state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum States {
    /// Open states: [`State::OPEN`].
    #[default]
    Open,
    /// All states.
    All,
    /// One state.
    Only(State),
}

/// Filter by deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// The deadline has passed.
    Overdue,
    /// The deadline is soon.
    Soon,
}

/// Sort order of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Earliest deadline first.
    #[default]
    Due,
    /// Newest first.
    New,
    /// Oldest first.
    Old,
}

/// A place in the queue: just after a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueCursor {
    /// When its time runs out; the largest number for one without a limit.
    pub due: Millis,
    /// The report's number.
    pub serial: u64,
}

impl QueueCursor {
    /// Just after that report.
    #[must_use]
    pub fn after(report: &Report) -> Self {
        Self { due: report.due_at.unwrap_or(Millis::MAX), serial: report.serial }
    }
}

impl fmt::Display for QueueCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.due, self.serial)
    }
}

impl FromStr for QueueCursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (due, serial) = text.split_once('_').ok_or(())?;
        Ok(Self { due: due.parse().map_err(drop)?, serial: serial.parse().map_err(drop)? })
    }
}

/// How a page of the queue ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageEnd {
    /// There is nothing after it.
    Last,
    /// The next page begins there.
    More(QueueCursor),
    /// So far the reports were looked through; there may be more that fit.
    SearchedTo {
        /// Where to go on.
        next: QueueCursor,
        /// When the last one that was looked at was filed.
        submitted_at: Millis,
    },
}

/// Filter, sort order and place of a report list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the query parameter of that name")]
pub struct ReportFilter {
    pub states: States,
    pub grid: Option<Slug>,
    pub branch: Option<Slug>,
    pub unit: Option<Slug>,
    pub category: Option<Slug>,
    pub source: Option<Source>,
    pub deadline: Option<Deadline>,
    /// Claimed by the current user.
    pub mine: bool,
    /// Reopened (重办).
    pub again: bool,
    /// Escalated: overdue, or 没解决 was said twice.
    pub raised: bool,
    /// Search text, or a case number.
    pub q: String,
    pub sort: Sort,
    /// The public list: reports before that serial.
    pub before: Option<u64>,
    /// The queue: reports after that place.
    pub after: Option<QueueCursor>,
}

/// Normalises a search text: no control characters, trimmed, at most 80 characters.
fn normalized_search(typed: &str) -> String {
    let line: String = typed.chars().filter(|c| !c.is_control()).collect();
    let cut: String = line.trim().chars().take(80).collect();
    cut.trim_end().to_owned()
}

impl ReportFilter {
    /// Parses query parameters, which `part` returns by name; invalid values are ignored.
    pub fn from_query(part: impl Fn(&str) -> Option<String>) -> Self {
        let slug = |name: &str| part(name).and_then(|text| Slug::parse(&text).ok());
        let text = |name: &str| part(name).unwrap_or_default();
        let on = |name: &str| part(name).is_some_and(|value| value == "1" || value == "on");
        Self {
            states: match text("state").as_str() {
                "all" => States::All,
                state => State::parse(state)
                    .filter(|state| !state.is_set_apart())
                    .map_or(States::Open, States::Only),
            },
            grid: slug("grid"),
            branch: slug("branch"),
            unit: slug("unit"),
            category: slug("category"),
            source: part("source").and_then(|source| Source::parse(&source)),
            deadline: match text("deadline").as_str() {
                "overdue" => Some(Deadline::Overdue),
                "soon" => Some(Deadline::Soon),
                _ => None,
            },
            mine: on("mine"),
            again: on("again"),
            raised: on("raised"),
            q: normalized_search(&text("q")),
            sort: match text("sort").as_str() {
                "new" => Sort::New,
                "old" => Sort::Old,
                _ => Sort::Due,
            },
            before: text("before").parse().ok(),
            after: text("after").parse().ok(),
        }
    }

    /// Query parameters that differ from the default, as `(name, value)`.
    #[must_use]
    pub fn query_pairs(&self) -> Vec<(&'static str, String)> {
        let mut parts = Vec::new();
        let mut add = |name, value: Option<String>| parts.extend(value.map(|value| (name, value)));
        add(
            "state",
            match self.states {
                States::Open => None,
                States::All => Some("all".into()),
                States::Only(state) => Some(state.as_str().into()),
            },
        );
        add("grid", self.grid.as_ref().map(ToString::to_string));
        add("branch", self.branch.as_ref().map(ToString::to_string));
        add("unit", self.unit.as_ref().map(ToString::to_string));
        add("category", self.category.as_ref().map(ToString::to_string));
        add("source", self.source.map(|source| source.as_str().into()));
        add(
            "deadline",
            self.deadline.map(|deadline| match deadline {
                Deadline::Overdue => "overdue".into(),
                Deadline::Soon => "soon".into(),
            }),
        );
        add("mine", self.mine.then(|| "1".into()));
        add("again", self.again.then(|| "1".into()));
        add("raised", self.raised.then(|| "1".into()));
        add("q", (!self.q.is_empty()).then(|| self.q.clone()));
        add(
            "sort",
            match self.sort {
                Sort::Due => None,
                Sort::New => Some("new".into()),
                Sort::Old => Some("old".into()),
            },
        );
        add("before", self.before.map(|serial| serial.to_string()));
        add("after", self.after.map(|place| place.to_string()));
        parts
    }

    /// The same filter on its first page.
    #[must_use]
    pub fn first_page(&self) -> Self {
        Self { before: None, after: None, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_pairs_round_trip() {
        let filter = ReportFilter {
            states: States::Only(State::AwaitingCheck),
            grid: Slug::parse("grid-01").ok(),
            source: Some(Source::Hotline),
            deadline: Some(Deadline::Soon),
            mine: true,
            q: "路口".into(),
            sort: Sort::New,
            before: Some(7),
            after: Some(QueueCursor { due: Millis::MAX, serial: 12 }),
            ..ReportFilter::default()
        };
        let parts = filter.query_pairs();
        let part = |name: &str| parts.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
        assert_eq!(ReportFilter::from_query(part), filter);
        assert_eq!(ReportFilter::from_query(|_| None).query_pairs(), []);
    }

    #[test]
    fn invalid_values_give_the_default_filter() {
        let nonsense = |_: &str| Some("９".repeat(300));
        let filter = ReportFilter::from_query(nonsense);
        assert_eq!(ReportFilter { q: String::new(), ..filter.clone() }, ReportFilter::default());
        assert_eq!(filter.q.chars().count(), 80);
        for place in ["", "7", "_", "7_", "_7", "7_-1", "７_7", "9999999999999999999_1"] {
            assert!(place.parse::<QueueCursor>().is_err(), "{place}");
        }
    }
}

//! Which reports someone looks for: everything that stands in the address of a list.

use super::state::{Source, State};
use crate::slug::Slug;

/// Which states are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum States {
    /// Those in which someone has something to do.
    #[default]
    Open,
    /// All.
    All,
    /// One.
    Only(State),
}

/// How far time has run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// Over.
    Overdue,
    /// Nearly over.
    Soon,
}

/// In which order they are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// What is due first.
    #[default]
    Due,
    /// What came last.
    New,
    /// What came first.
    Old,
}

/// Which reports someone looks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the part of the address of that name")]
pub struct Filter {
    pub states: States,
    pub grid: Option<Slug>,
    pub branch: Option<Slug>,
    pub unit: Option<Slug>,
    pub category: Option<Slug>,
    pub source: Option<Source>,
    pub deadline: Option<Deadline>,
    /// Taken on by whoever looks.
    pub mine: bool,
    /// 重办.
    pub again: bool,
    /// Taken up a level because time ran out, or 没解决 was said twice.
    pub raised: bool,
    /// Words, or a case number.
    pub q: String,
    pub sort: Sort,
    /// From 1.
    pub page: u32,
}

/// The last page that is given out: further ones are found by a narrower search.
pub const PAGE_MAX: u32 = 2000;

/// What is looked for: one line, without what stands around it.
fn searched(typed: &str) -> String {
    let line: String = typed.chars().filter(|c| !c.is_control()).collect();
    let most: String = line.trim().chars().take(80).collect();
    most.trim_end().to_owned()
}

impl Filter {
    /// Reads an address; what is not understood is left out.
    pub fn read(part: impl Fn(&str) -> Option<String>) -> Self {
        let slug = |name: &str| part(name).and_then(|text| Slug::parse(&text).ok());
        let text = |name: &str| part(name).unwrap_or_default();
        let on = |name: &str| part(name).is_some_and(|value| value == "1" || value == "on");
        Self {
            states: match text("state").as_str() {
                "all" => States::All,
                state => State::parse(state).map_or(States::Open, States::Only),
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
            q: searched(&text("q")),
            sort: match text("sort").as_str() {
                "new" => Sort::New,
                "old" => Sort::Old,
                _ => Sort::Due,
            },
            page: text("page").parse().unwrap_or(1).clamp(1, PAGE_MAX),
        }
    }

    /// Each part of the address that differs from the usual.
    #[must_use]
    pub fn parts(&self) -> Vec<(&'static str, String)> {
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
        add("page", (self.page > 1).then(|| self.page.to_string()));
        parts
    }

    /// The same search at another page.
    #[must_use]
    pub fn at_page(&self, page: u32) -> Self {
        Self { page, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_the_whole_search() {
        let filter = Filter {
            states: States::Only(State::AwaitingCheck),
            grid: Slug::parse("grid-01").ok(),
            source: Some(Source::Hotline),
            deadline: Some(Deadline::Soon),
            mine: true,
            q: "路口".into(),
            sort: Sort::New,
            page: 3,
            ..Filter::default()
        };
        let parts = filter.parts();
        let part = |name: &str| parts.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
        assert_eq!(Filter::read(part), filter);
        assert_eq!(Filter::read(|_| None).parts(), []);
    }

    #[test]
    fn nonsense_is_the_usual_search() {
        let nonsense = |_: &str| Some("９".repeat(300));
        let filter = Filter::read(nonsense);
        assert_eq!(
            Filter { q: String::new(), ..filter.clone() },
            Filter { page: 1, ..Filter::default() }
        );
        assert_eq!(filter.q.chars().count(), 80);
        assert_eq!(Filter::read(|_| Some("9".repeat(300))).page, 1);
    }
}

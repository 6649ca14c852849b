//! Statistics: how many, how fast, how well; and one week in one paragraph.

use std::collections::BTreeMap;

use domain::{report::State, slug::Slug, staff::Staff, time::Millis};
use jiff::{ToSpan, civil::Date};
use store::{PeriodCounts, ReportFacts, StoreError};

use super::base::{Service, now};

/// How long something took: half of all took no longer than the median, nine of ten no
/// longer than the 90th percentile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DurationStats {
    /// How many were measured.
    pub n: usize,
    /// In milliseconds.
    pub median: Millis,
    /// In milliseconds.
    pub ninetieth: Millis,
}

/// A share of a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many are meant.
    pub part: u64,
    /// Of how many.
    pub of: u64,
}

/// Open, closed, and otherwise ended reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateCounts {
    /// Someone has something to do.
    pub open: u64,
    /// Settled.
    pub closed: u64,
    /// Rejected, merged, referred.
    pub other: u64,
}

impl StateCounts {
    /// All of them.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.open + self.closed + self.other
    }

    const fn add(&mut self, state: State) {
        match state {
            State::Closed => self.closed += 1,
            State::Rejected | State::Duplicate | State::Referred => self.other += 1,
            State::Withdrawn => {}
            _ => self.open += 1,
        }
    }
}

/// What the reports of a span of time say.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Withdrawn ones included.
    pub total: u64,
    /// By state.
    pub states: BTreeMap<State, u64>,
    /// By category.
    pub categories: BTreeMap<Slug, StateCounts>,
    /// By grid; `None` where nobody knows yet.
    pub grids: BTreeMap<Option<Slug>, StateCounts>,
    /// By branch.
    pub branches: BTreeMap<Slug, StateCounts>,
    /// By unit.
    pub units: BTreeMap<Slug, StateCounts>,
    /// From filing to acceptance.
    pub accept: DurationStats,
    /// From filing to closing.
    pub close: DurationStats,
    /// Handled before the promise ran out, of those that were promised and handled.
    pub on_time: Share,
    /// 已解决, of those where the reporter said anything.
    pub solved: Share,
    /// 满意, 基本满意, 不满意.
    pub satisfied: [u64; 3],
    /// Opened again at least once.
    pub reopened: u64,
}

fn spread(mut times: Vec<Millis>) -> DurationStats {
    times.sort_unstable();
    let at = |percent: usize| {
        let rank = (times.len() * percent).div_ceil(100).max(1) - 1;
        times.get(rank).copied().unwrap_or_default()
    };
    DurationStats { n: times.len(), median: at(50), ninetieth: at(90) }
}

impl Stats {
    /// Counts `facts`.
    #[must_use]
    pub fn of(facts: &[ReportFacts]) -> Self {
        let mut stats = Self { total: facts.len() as u64, ..Self::default() };
        for fact in facts {
            *stats.states.entry(fact.state).or_default() += 1;
            stats.categories.entry(fact.category.clone()).or_default().add(fact.state);
            stats.grids.entry(fact.grid.clone()).or_default().add(fact.state);
            stats.branches.entry(fact.branch.clone()).or_default().add(fact.state);
            stats.units.entry(fact.unit.clone()).or_default().add(fact.state);
            if let (Some(finished), Some(promised)) = (fact.finished_at, fact.promised_at) {
                stats.on_time.of += 1;
                stats.on_time.part += u64::from(finished <= promised);
            }
            if let Some(solved) = fact.solved {
                stats.solved.of += 1;
                stats.solved.part += u64::from(solved);
            }
            let words = ["yes", "fair", "no"];
            if let Some(i) = words.iter().position(|word| fact.satisfied.as_deref() == Some(word)) {
                stats.satisfied[i] += 1;
            }
            stats.reopened += u64::from(fact.reopened > 0);
        }
        let taken = |end: fn(&ReportFacts) -> Option<Millis>| {
            spread(facts.iter().filter_map(|f| Some(end(f)? - f.submitted_at)).collect())
        };
        stats.accept = taken(|fact| fact.accepted_at);
        stats.close = taken(|fact| fact.closed_at);
        stats
    }
}

/// A span of days, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub from: Date,
    /// The last.
    pub to: Date,
}

/// One week, and everything up to now.
#[derive(Clone, Debug)]
pub struct Weekly {
    /// Which days.
    pub days: Days,
    /// In these days.
    pub week: PeriodCounts,
    /// Valid signatures up to now.
    pub signatures: u64,
    /// When this was counted.
    pub as_of: Millis,
}

impl Service {
    /// The days that an address names, or else the last `usual` ones.
    #[must_use]
    pub fn days(&self, from: Option<&str>, to: Option<&str>, usual: i64) -> Days {
        let today = self.calendar.civil(now()).date();
        let date = |text: Option<&str>| text.and_then(|text| text.parse::<Date>().ok());
        let to = date(to).unwrap_or(today);
        let from = date(from).unwrap_or_else(|| to.saturating_sub((usual - 1).days()));
        Days { from: from.min(to), to }
    }

    fn span(&self, days: Days) -> (Millis, Millis) {
        let start = |date: Date| {
            let instant = self.time_zone.to_timestamp(date.at(0, 0, 0, 0));
            instant.map_or(0, jiff::Timestamp::as_millisecond)
        };
        (start(days.from), start(days.to.saturating_add(1.day())))
    }

    /// What `staff` sees, in numbers.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn stats(&self, staff: &Staff, days: Days) -> Result<Stats, StoreError> {
        let (from, until) = self.span(days);
        Ok(Stats::of(&self.store.facts(staff, from, until).await?))
    }

    /// A week of the whole street.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn weekly(&self, days: Days) -> Result<Weekly, StoreError> {
        let (from, until) = self.span(days);
        let week = self.store.happened(from, until).await?;
        Ok(Weekly { days, week, signatures: self.counts().signatures, as_of: now() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_are_those_of_the_definition() {
        assert_eq!(spread(vec![]), DurationStats::default());
        assert_eq!(spread(vec![7]), DurationStats { n: 1, median: 7, ninetieth: 7 });
        let ten = spread((1..=10).rev().collect());
        assert_eq!(ten, DurationStats { n: 10, median: 5, ninetieth: 9 });
    }
}

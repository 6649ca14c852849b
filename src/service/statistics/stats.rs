//! What reports say in numbers: counted once for each day, added up for any span of days.

use std::collections::BTreeMap;

use domain::{report::State, slug::Slug, time::Millis};
use serde::{Deserialize, Serialize};
use store::ReportFacts;

/// How long something took: half of all took no longer than the median, nine of ten no
/// longer than the 90th percentile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DurationStats {
    /// How many were measured.
    pub n: u64,
    /// In milliseconds, to one percent or a minute.
    pub median: Millis,
    /// In milliseconds, to one percent or a minute.
    pub ninetieth: Millis,
}

/// How many took how long, in steps of two percent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Durations(BTreeMap<u16, u64>);

impl Durations {
    const MINUTE: f64 = 60_000.0;
    const STEP: f64 = 1.02;

    fn add(&mut self, took: Millis) {
        #[expect(clippy::cast_precision_loss, reason = "a step is two percent")]
        let minutes = took.max(0) as f64 / Self::MINUTE;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few thousand"
        )]
        let step = ((minutes + 1.0).ln() / Self::STEP.ln()).round() as u16;
        *self.0.entry(step).or_default() += 1;
    }

    fn merge(&mut self, other: &Self) {
        for (step, n) in &other.0 {
            *self.0.entry(*step).or_default() += n;
        }
    }

    /// By the nearest rank.
    #[must_use]
    pub fn stats(&self) -> DurationStats {
        let n: u64 = self.0.values().sum();
        let at = |percent: u64| {
            let rank = (n * percent).div_ceil(100).max(1);
            let mut before = 0;
            let reached = self.0.iter().find(|(_, n)| {
                before += **n;
                before >= rank
            });
            let minutes = reached.map_or(0.0, |(step, _)| Self::STEP.powi(i32::from(*step)) - 1.0);
            #[expect(clippy::cast_possible_truncation, reason = "at most some decades")]
            let took = (minutes * Self::MINUTE).round() as Millis;
            took
        };
        DurationStats { n, median: at(50), ninetieth: at(90) }
    }
}

/// A share of a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// How many are meant.
    pub part: u64,
    /// Of how many.
    pub of: u64,
}

impl Share {
    fn add(&mut self, is_meant: bool) {
        self.merge(Self { part: u64::from(is_meant), of: 1 });
    }

    const fn merge(&mut self, other: Self) {
        self.part += other.part;
        self.of += other.of;
    }
}

/// Open, closed, and otherwise ended reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

    const fn merge(&mut self, other: Self) {
        self.open += other.open;
        self.closed += other.closed;
        self.other += other.other;
    }
}

/// What the reports of a span of time say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Withdrawn ones included.
    pub total: u64,
    /// By state.
    pub states: BTreeMap<State, u64>,
    /// By category.
    pub categories: BTreeMap<Slug, StateCounts>,
    /// By grid; `None` where nobody knows yet.
    #[serde(with = "pairs")]
    pub grids: BTreeMap<Option<Slug>, StateCounts>,
    /// By branch.
    pub branches: BTreeMap<Slug, StateCounts>,
    /// By unit.
    pub units: BTreeMap<Slug, StateCounts>,
    /// From filing to acceptance.
    pub accept: Durations,
    /// From filing to closing.
    pub close: Durations,
    /// Handled before the promise ran out, of those that were promised and handled.
    pub on_time: Share,
    /// 已解决, of those where the reporter said anything.
    pub solved: Share,
    /// 满意, 基本满意, 不满意.
    pub satisfied: [u64; 3],
    /// Opened again at least once.
    pub reopened: u64,
    /// Whether there are more that were not counted yet.
    #[serde(skip)]
    pub is_incomplete: bool,
}

impl Stats {
    /// Counts `facts`.
    #[must_use]
    pub fn of<'f>(facts: impl IntoIterator<Item = &'f ReportFacts>) -> Self {
        let mut stats = Self::default();
        for fact in facts {
            stats.add(fact);
        }
        stats
    }

    fn add(&mut self, fact: &ReportFacts) {
        self.total += 1;
        *self.states.entry(fact.state).or_default() += 1;
        self.categories.entry(fact.category.clone()).or_default().add(fact.state);
        self.grids.entry(fact.grid.clone()).or_default().add(fact.state);
        self.branches.entry(fact.branch.clone()).or_default().add(fact.state);
        self.units.entry(fact.unit.clone()).or_default().add(fact.state);
        if let (Some(finished), Some(promised)) = (fact.finished_at, fact.promised_at) {
            self.on_time.add(finished <= promised);
        }
        if let Some(solved) = fact.solved {
            self.solved.add(solved);
        }
        let words = ["yes", "fair", "no"];
        if let Some(i) = words.iter().position(|word| fact.satisfied.as_deref() == Some(word)) {
            self.satisfied[i] += 1;
        }
        self.reopened += u64::from(fact.reopened > 0);
        for (durations, end) in
            [(&mut self.accept, fact.accepted_at), (&mut self.close, fact.closed_at)]
        {
            if let Some(end) = end {
                durations.add(end - fact.submitted_at);
            }
        }
    }

    /// Adds what was counted elsewhere, of other reports.
    pub fn merge(&mut self, other: Self) {
        fn add<K: Ord>(into: &mut BTreeMap<K, StateCounts>, from: BTreeMap<K, StateCounts>) {
            for (key, counts) in from {
                into.entry(key).or_default().merge(counts);
            }
        }
        self.total += other.total;
        for (state, n) in other.states {
            *self.states.entry(state).or_default() += n;
        }
        add(&mut self.categories, other.categories);
        add(&mut self.grids, other.grids);
        add(&mut self.branches, other.branches);
        add(&mut self.units, other.units);
        self.accept.merge(&other.accept);
        self.close.merge(&other.close);
        self.on_time.merge(other.on_time);
        self.solved.merge(other.solved);
        for (n, more) in self.satisfied.iter_mut().zip(other.satisfied) {
            *n += more;
        }
        self.reopened += other.reopened;
        self.is_incomplete |= other.is_incomplete;
    }
}

/// A map whose keys are no text, as a list of pairs.
mod pairs {
    use std::collections::BTreeMap;

    use domain::slug::Slug;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::StateCounts;

    type Grids = BTreeMap<Option<Slug>, StateCounts>;

    pub fn serialize<S: Serializer>(grids: &Grids, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(grids)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Grids, D::Error> {
        let pairs = Vec::<(Option<Slug>, StateCounts)>::deserialize(deserializer)?;
        Ok(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(minutes: &[i64]) -> DurationStats {
        let mut durations = Durations::default();
        minutes.iter().for_each(|minutes| durations.add(minutes * 60_000));
        durations.stats()
    }

    #[test]
    fn spreads_are_those_of_the_definition_to_one_percent() {
        assert_eq!(spread(&[]), DurationStats::default());
        let near = |took: Millis, minutes: i64| {
            let off = (took - minutes * 60_000).abs();
            assert!(off <= 60_000.max(minutes * 600), "{took} is not {minutes} minutes");
        };
        for minutes in [0, 1, 5, 60, 1_440, 14_400, 525_600] {
            let DurationStats { n: 1, median, ninetieth } = spread(&[minutes]) else { panic!() };
            near(median, minutes);
            near(ninetieth, minutes);
        }
        let ten: Vec<i64> = (1..=10).rev().map(|n| n * 600).collect();
        let DurationStats { n: 10, median, ninetieth } = spread(&ten) else { panic!() };
        near(median, 3_000);
        near(ninetieth, 5_400);
    }
}

//! Statistics: how many, how fast, how well; and one week in one paragraph.

mod stats;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    slug::Slug,
    staff::{Role, Staff},
    time::Millis,
};
use jiff::{ToSpan, civil::Date};
use store::{PeriodCounts, ReportFacts, Span, StoreError};

pub use self::stats::{DurationStats, Durations, Share, StateCounts, Stats};
use super::base::{Service, now};

/// Most reports that are looked at for one page: those of days that are not counted yet.
const FACTS_MAX: u32 = 20_000;

/// How long days are counted at once, in milliseconds.
const COUNTED_AT_ONCE: Millis = 2_000;

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

    fn span(&self, days: Days) -> Span {
        let start = |date: Date| {
            let instant = self.time_zone.to_timestamp(date.at(0, 0, 0, 0));
            instant.map_or(0, jiff::Timestamp::as_millisecond)
        };
        (start(days.from), start(days.to.saturating_add(1.day())))
    }

    /// What `staff` sees, in numbers: the days that are counted, added up, and what changed since.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn stats(&self, staff: &Staff, days: Days) -> Result<Stats, StoreError> {
        let span = self.span(days);
        let counted = self.store.day_stats(&scopes_of(staff), span).await?;
        let mut stats = Stats::default();
        for row in &counted.rows {
            let read = serde_json::from_str(row);
            stats.merge(read.map_err(|error| StoreError::Refused(error.to_string()))?);
        }
        let mut left = FACTS_MAX;
        for gap in gaps(span, &counted.days) {
            let facts = self.store.facts(staff, gap, left).await?;
            left = left.saturating_sub(u32::try_from(facts.len()).unwrap_or(left));
            stats.merge(Stats { is_incomplete: left == 0, ..Stats::of(&facts) });
        }
        Ok(stats)
    }

    /// A week of the whole street.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn weekly(&self, days: Days) -> Result<Weekly, StoreError> {
        let span = self.span(days);
        let counted = self.store.day_stats(&[], span).await?;
        let mut week = counted.happened;
        for gap in gaps(span, &counted.days) {
            week = week + self.store.happened(gap).await?;
        }
        week.signed = self.store.signed(span).await?;
        Ok(Weekly { days, week, signatures: self.counts().signatures, as_of: now() })
    }

    /// Counts the days of which something changed, for two seconds at most.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn count_days(&self) -> Result<(), StoreError> {
        let begun = now();
        for span in self.store.days_to_count(begun).await? {
            self.store.count_day(span, now(), of_each_scope).await?;
            if now() - begun > COUNTED_AT_ONCE {
                break;
            }
        }
        let Some(from) = self.store.days_listed_until().await? else { return Ok(()) };
        // Tomorrow, too: whatever changes a day must find it listed.
        let end = self.calendar.civil(begun).date().saturating_add(2.days());
        let mut day = self.calendar.civil(from).date();
        let mut listed = Vec::new();
        while day < end {
            // Where the time zone has changed, no hour is in two days.
            let (begin, end) = self.span(Days { from: day, to: day });
            listed.push((begin.max(from), end));
            day = day.saturating_add(1.day());
        }
        self.store.list_days(&listed, begun).await
    }
}

/// The spans of `whole` that are in none of `days`, which are in their order.
fn gaps((from, until): Span, days: &[Span]) -> Vec<Span> {
    let mut gaps = Vec::new();
    let mut reached = from;
    for (begin, end) in days.iter().copied().chain([(until, until)]) {
        if begin > reached {
            gaps.push((reached, begin));
        }
        reached = reached.max(end);
    }
    gaps
}

/// Whose reports are counted together: of everyone, of a branch, of a grid.
fn scopes_of(staff: &Staff) -> Vec<String> {
    let distinct = |slugs: &[Slug]| slugs.iter().cloned().collect::<BTreeSet<_>>();
    match staff.role {
        Role::Manager => vec![EVERYONE.into()],
        Role::BranchLead => distinct(&staff.branches).iter().map(of_branch).collect(),
        Role::GridWorker => distinct(&staff.grids).iter().map(of_grid).collect(),
    }
}

/// The scope of managers.
const EVERYONE: &str = "all";

fn of_branch(slug: &Slug) -> String {
    format!("branch {slug}")
}

fn of_grid(slug: &Slug) -> String {
    format!("grid {slug}")
}

/// The reports of a day, counted for each scope.
fn of_each_scope(facts: &[ReportFacts]) -> Vec<(String, String)> {
    let mut scopes: BTreeMap<String, Vec<&ReportFacts>> = BTreeMap::new();
    for fact in facts {
        let grid = fact.grid.as_ref().map(of_grid);
        for scope in [EVERYONE.into(), of_branch(&fact.branch)].into_iter().chain(grid) {
            scopes.entry(scope).or_default().push(fact);
        }
    }
    let row = |(scope, facts): (String, Vec<&ReportFacts>)| {
        Some((scope, serde_json::to_string(&Stats::of(facts)).ok()?))
    };
    scopes.into_iter().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_what_no_day_covers() {
        assert_eq!(gaps((0, 10), &[]), [(0, 10)]);
        assert_eq!(gaps((0, 10), &[(0, 10)]), []);
        assert_eq!(gaps((0, 10), &[(0, 2), (2, 4), (6, 8)]), [(4, 6), (8, 10)]);
        assert_eq!(gaps((0, 10), &[(3, 4)]), [(0, 3), (4, 10)]);
    }
}

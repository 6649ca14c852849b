//! Who leaves, moves or is away: what becomes of their cases, and who stands in for whom.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    report::{Report, action::command::FieldErrors},
    staff::{Staff, StaffId},
    time::{DAY, Millis},
};
use store::{Change, ChangeError, StoreError};

use super::error::{StaffError, login_fits};
use crate::{
    base::{Service, now},
    report::ReportError,
};

/// The choice that gives cases back to their grid; no login has a colon.
pub const BACK_TO_GRID: &str = ":grid";

/// How long somebody stands in if nothing else is said, and at most.
const STAND_IN_DAYS: (i64, i64) = (30, 366);

/// Who has the cases of somebody who leaves from now on.
pub(super) enum Heir {
    /// Whoever of the grid takes them.
    Grid,
    /// A colleague.
    Colleague(Staff),
}

fn fault(field: &'static str, sentence: String) -> StaffError {
    StaffError::Form(FieldErrors::from([(field, sentence.into())]))
}

impl Service {
    /// How many cases each member of staff has claimed.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn claims(&self) -> Result<BTreeMap<StaffId, u64>, StoreError> {
        self.store.claims().await
    }

    /// The cases of `staff` that someone else has to have once they are what `after` is; and who that
    /// is, by `choice`: a login or [`BACK_TO_GRID`].
    pub(super) async fn cases_left(
        &self,
        staff: &Staff,
        after: &Staff,
        choice: &str,
    ) -> Result<(Vec<Report>, Heir), StaffError> {
        let mut left = self.store.claimed_by(staff.id).await?;
        // What they have as somebody's stand-in stays with them.
        left.retain(|report| !after.active || (staff.may_see(report) && !after.may_see(report)));
        if left.is_empty() || choice == BACK_TO_GRID {
            return Ok((left, Heir::Grid));
        }
        if choice.is_empty() {
            let n = left.len();
            return Err(fault("cases", format!("手上还有{n}件，请选择交给谁，或放回网格")));
        }
        let found = match login_fits(choice) {
            true => self.store.staff_by_login(choice).await?,
            false => None,
        };
        let other = found.map(|(other, _)| other);
        let Some(other) = other.filter(|other| other.active && other.id != staff.id) else {
            return Err(fault("cases", "请选择一位在岗的同事，或放回网格".into()));
        };
        let unseen = left.iter().filter(|report| !other.may_see(report)).count();
        if unseen > 0 {
            let name = &other.name;
            let sentence = format!("有{unseen}件不归{name}管，请换一位，或放回网格");
            return Err(fault("cases", sentence));
        }
        Ok((left, Heir::Colleague(other)))
    }

    /// Hands over what was left.
    pub(super) async fn hand_over(
        &self,
        left: &[Report],
        heir: &Heir,
        by: Option<StaffId>,
    ) -> Result<(), StoreError> {
        let rules = self.rules(now());
        let to = match heir {
            Heir::Grid => None,
            Heir::Colleague(other) => Some(other),
        };
        for report in left {
            let known = report.claimed_by;
            let changed = self.store.change(&report.code, |report, _| {
                if report.claimed_by != known {
                    return Err(ReportError::Conflict);
                }
                let (report, event) = rules.hand_over(report, to, by);
                Ok(Change::only(report, event))
            });
            match changed.await {
                // Someone was quicker.
                Ok(_) | Err(ChangeError::Missing | ChangeError::Refused(_)) => {}
                Err(ChangeError::Store(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// Gives back what is claimed by someone who is no longer here: a node may have ended while cases
    /// were handed over, and a claim may have come at the same moment.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn release_claims_of_the_gone(&self) -> Result<(), StoreError> {
        let left = self.store.claimed_by_the_gone().await?;
        self.hand_over(&left, &Heir::Grid, None).await
    }

    /// Gives back what is claimed by someone who no longer sees it: their time as a stand-in is over.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn release_claims_out_of_sight(&self) -> Result<(), StoreError> {
        let claims = self.store.claims().await?;
        for mut staff in self.store.staff().await? {
            if !claims.contains_key(&staff.id) {
                continue;
            }
            for away in self.stands_in_for(&staff).await? {
                staff.grids.extend(away.grids);
                staff.branches.extend(away.branches);
            }
            let mut left = self.store.claimed_by(staff.id).await?;
            left.retain(|report| !staff.may_see(report));
            self.hand_over(&left, &Heir::Grid, None).await?;
        }
        Ok(())
    }

    /// Everyone whose grids or branches someone has for now, also over a colleague who is away
    /// themselves.
    pub(super) async fn stands_in_for(&self, staff: &Staff) -> Result<Vec<Staff>, StoreError> {
        let (mut seen, mut next) = (BTreeSet::from([staff.id]), vec![staff.id]);
        let mut found = Vec::new();
        while let Some(id) = next.pop() {
            for away in self.store.stands_in_for(id, now()).await? {
                if away.role == staff.role && seen.insert(away.id) {
                    next.push(away.id);
                    found.push(away);
                }
            }
        }
        Ok(found)
    }

    /// The end of the day `typed` (`2026-12-31`) in the campaign's time zone; without one, that of
    /// 30 days from now.
    pub(super) fn stand_in_end(&self, typed: &str) -> Result<Millis, StaffError> {
        let now = now();
        let (usual, most) = STAND_IN_DAYS;
        let last = self.calendar.civil(now + usual * DAY).date().to_string();
        let typed = typed.trim();
        let end = self.end_of_day(if typed.is_empty() { &last } else { typed });
        let end = end.filter(|end| *end > now && *end < now + most * DAY);
        end.ok_or_else(|| fault("until", "请写代办到哪一天，从今天起一年以内".into()))
    }
}

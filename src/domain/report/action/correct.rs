//! 更正: what somebody guessed about a report is put right at any open state, with an event that says
//! so. A correction never lengthens a limit, and never clears lateness, unless a lead makes it.

use serde::{Deserialize, Serialize};

use super::{
    command::Correction,
    transition::{Rules, TransitionError, field_error},
};
use crate::{
    campaign::{Campaign, CategoryKind},
    lang::Lang,
    report::{record::Report, state::State},
    slug::Slug,
    staff::{Role, Staff},
};

/// How often grid workers may hand a report from grid to grid; then a lead decides where it is.
pub(super) const GRID_MOVES_MAX: u8 = 2;

/// What a correction changed: the parameter of its event, as pairs of before and after.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the field of the report of that name")]
pub struct Corrected {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<(Slug, Slug)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grid: Option<(Option<Slug>, Slug)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<(Slug, Slug)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<(Slug, Slug)>,
}

impl Corrected {
    /// What differs between `was` and `now`.
    fn between(was: &Report, now: &Report) -> Self {
        let pair = |was: &Slug, now: &Slug| (was != now).then(|| (was.clone(), now.clone()));
        let moved = now.grid.as_ref().filter(|_| was.grid != now.grid);
        Self {
            category: pair(&was.category, &now.category),
            grid: moved.map(|grid| (was.grid.clone(), grid.clone())),
            branch: pair(&was.branch, &now.branch),
            unit: pair(&was.unit, &now.unit),
        }
    }

    /// Reads the parameter of an event; nothing if it is none of a correction.
    #[must_use]
    pub fn parse(detail: &str) -> Self {
        serde_json::from_str(detail).unwrap_or_default()
    }

    fn detail(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// What was put right, for everyone: not from what to what, which may have been private.
    #[must_use]
    pub fn words(&self, lang: Lang) -> String {
        let named = [
            (self.category.is_some(), lang.say("分类", "category")),
            (self.grid.is_some(), lang.say("网格", "grid")),
            (self.branch.is_some(), lang.say("牵头支部", "branch in charge")),
            (self.unit.is_some(), lang.say("承办单位", "unit")),
        ];
        let named = named.into_iter().filter_map(|(changed, name)| changed.then_some(name));
        let named = named.collect::<Vec<_>>().join(lang.say("、", ", "));
        format!("{}{named}", lang.say("更正了", "Put right: "))
    }

    /// What was put right, for staff: from what to what.
    #[must_use]
    pub fn staff_words(&self, campaign: &Campaign) -> String {
        let category =
            |slug: &Slug| campaign.category(slug.as_str()).map(|category| category.title.clone());
        let branch = |slug: &Slug| campaign.branch(slug.as_str()).map(|found| found.title.clone());
        let unit = |slug: &Slug| campaign.unit(slug.as_str()).map(|found| found.title.clone());
        let change = |pair: &Option<(Slug, Slug)>, title: &dyn Fn(&Slug) -> Option<String>| {
            let of = |slug: &Slug| title(slug).unwrap_or_else(|| slug.to_string());
            pair.as_ref().map(|(was, now)| format!("{}改为{}", of(was), of(now)))
        };
        let grid = self.grid.as_ref().map(|(was, now)| {
            let was = was
                .as_ref()
                .map_or("没有网格".to_owned(), |was| campaign.grid_label(Some(was)));
            format!("{was}改为{}", campaign.grid_label(Some(now)))
        });
        let parts = [
            change(&self.category, &category),
            grid,
            change(&self.branch, &branch),
            change(&self.unit, &unit),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("，")
    }
}

impl Rules<'_> {
    /// Puts right what `correction` names. Returns the parameter of the event.
    pub(super) fn correct(
        &self,
        report: &mut Report,
        by: &Staff,
        correction: &Correction,
    ) -> Result<Option<String>, TransitionError> {
        let was = report.clone();
        self.route(report, correction)?;
        let corrected = Corrected::between(&was, report);
        if corrected == Corrected::default() {
            return Err(field_error("category", "没有改动，请先改一项"));
        }
        if corrected.grid.is_some() {
            self.move_grid(report, by, correction)?;
        }
        if was.kind != report.kind {
            self.change_kind(&was, report, by);
        }
        Ok(corrected.detail())
    }

    /// Category, branch, unit and grid as they are to be. A new category brings its branch, and before
    /// a unit has the report its unit, unless others are named.
    fn route(&self, report: &mut Report, to: &Correction) -> Result<(), TransitionError> {
        let changed = |now: &Slug, to: &Option<Slug>| to.clone().filter(|to| to != now);
        let branch = changed(&report.branch, &to.branch);
        let unit = changed(&report.unit, &to.unit);
        if let Some(slug) = changed(&report.category, &to.category) {
            let Some(category) = self.campaign.category(slug.as_str()) else {
                return Err(field_error("category", "没有这一项，请重新选择"));
            };
            (report.category, report.kind) = (slug, category.kind);
            report.branch = category.branch.clone();
            if !matches!(report.state, State::Dispatched | State::InProgress | State::AwaitingCheck)
            {
                report.unit = category.unit.clone();
            }
        }
        report.branch = branch.unwrap_or_else(|| report.branch.clone());
        report.unit = unit.unwrap_or_else(|| report.unit.clone());
        report.grid = to.grid.clone().or_else(|| report.grid.clone());
        Ok(())
    }

    /// A report that comes to another grid: nobody there has claimed it. The second time that grid
    /// workers hand it on, it goes to the lead.
    fn move_grid(
        &self,
        report: &mut Report,
        by: &Staff,
        correction: &Correction,
    ) -> Result<(), TransitionError> {
        if correction.reason.is_none() {
            return Err(field_error("reason", "换网格请写明为什么"));
        }
        report.claimed_by = None;
        if by.role >= Role::BranchLead {
            report.grid_moves = 0;
            return Ok(());
        }
        if report.grid_moves >= GRID_MOVES_MAX {
            return Err(field_error("grid", "已经换过两次网格，请支部负责人来定"));
        }
        report.grid_moves += 1;
        if report.grid_moves == GRID_MOVES_MAX {
            report.level = report.level.max(1);
        }
        Ok(())
    }

    /// What follows from another kind of process.
    fn change_kind(&self, was: &Report, report: &mut Report, by: &Staff) {
        let is_accepted = report.accepted_at.is_some();
        if is_accepted && was.kind == CategoryKind::Private && !report.hidden {
            // What was written while it was private was not meant for everyone: a lead looks first.
            (report.hidden, report.hidden_by) = (true, None);
        }
        match (was.kind.is_casework(), report.kind.is_casework()) {
            (true, true) => self.correct_promise(was, report, by.role >= Role::BranchLead),
            (true, false) if is_accepted => {
                (report.referred_to, report.referred_number) = (None, None);
                report.corrected_from = Some(was.category.clone());
                self.wait_for_check(report, by);
                if was.state == State::AwaitingCheck {
                    self.go_on_until(report, was.due_at);
                }
                report.moved_by.push(by.id);
            }
            (false, true) if report.corrected_from.is_some() => {
                self.back_to_casework(report);
            }
            _ => {}
        }
    }

    /// A correction to a reminder or to praise did not pass its check: it is what it was.
    pub(super) fn undo_correction(&self, report: &mut Report) {
        let known = report.corrected_from.as_ref();
        let known = known.and_then(|slug| self.campaign.category(slug.as_str()));
        if let Some(category) = known {
            (report.category, report.kind) = (category.slug.clone(), category.kind);
            (report.branch, report.unit) = (category.branch.clone(), category.unit.clone());
        }
        self.back_to_casework(report);
    }

    fn back_to_casework(&self, report: &mut Report) {
        report.corrected_from = None;
        report.state = State::Accepted;
        self.go_on_until(report, report.promised_at);
    }

    /// The promised time of another kind of casework: the shorter limit holds at once, a longer one
    /// when a lead gives it; both from when the promise was made.
    fn correct_promise(&self, was: &Report, report: &mut Report, by_lead: bool) {
        let from = report.promised_from.or(report.accepted_at);
        let (Some(from), Some(promised)) = (from, report.promised_at) else { return };
        let of = |kind| self.calendar.due(from, self.promise_days(kind));
        let (old, new) = (of(was.kind), of(report.kind));
        let is_extended = promised > old.max(new);
        let due = match new > promised {
            true if by_lead => new,
            false if !is_extended => new,
            _ => promised,
        };
        report.promised_at = Some(due);
        if matches!(report.state, State::Accepted | State::Dispatched | State::InProgress) {
            if due > self.now && due > promised {
                report.level = 0;
            }
            self.go_on_until(report, Some(due));
        }
    }
}

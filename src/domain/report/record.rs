//! A report as it is kept, and what follows from it alone.

use serde::{Deserialize, Serialize};

use super::{
    flag, id_list,
    names::{CaseNumber, Code},
    state::{Satisfaction, Source, State},
};
use crate::{campaign::CategoryKind, slug::Slug, staff::StaffId, time::Millis, visitor::VisitorId};

/// Where something was seen, as the phone said; WGS-84.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Radius of the circle in which it probably is, in metres.
    pub accuracy: u32,
}

/// A report as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Counts reports from 1; with `year` it makes the case number.
    pub serial: u64,
    /// The secret address.
    pub code: Code,
    /// The year of filing.
    pub year: i16,
    /// Who sent it; `None` for one that staff entered.
    pub visitor: Option<VisitorId>,
    /// How it came in.
    pub source: Source,
    /// The number it has with its source.
    pub source_number: Option<String>,
    /// Who entered it, if staff did.
    pub entered_by: Option<StaffId>,
    /// How far it has come.
    pub state: State,
    /// What it is about.
    pub category: Slug,
    /// How its category is handled.
    pub kind: CategoryKind,
    /// Whose grid it is in; `None` until a lead or manager has found out.
    pub grid: Option<Slug>,
    /// 牵头支部.
    pub branch: Slug,
    /// 承办单位.
    pub unit: Slug,
    /// The resident's own words; never public. Empty once they have erased them.
    #[serde(default)]
    pub description: String,
    /// Where, in words; never public.
    #[serde(default)]
    pub place: String,
    /// Degrees north (WGS-84), where given; never public.
    pub lat: Option<f64>,
    /// Degrees east.
    pub lon: Option<f64>,
    /// In metres.
    pub accuracy: Option<u32>,
    /// Whom to ask; for assigned staff only.
    pub contact_name: Option<String>,
    /// How to reach them; for assigned staff only.
    pub contact_phone: Option<String>,
    /// The version of the privacy text that was agreed to.
    pub consent: String,
    /// 公开摘要: what everyone may read.
    pub summary: Option<String>,
    /// Whether staff keep it from the public.
    #[serde(with = "flag")]
    pub hidden: bool,
    /// Who of the staff keeps it so.
    #[serde(default)]
    pub hidden_by: Option<StaffId>,
    /// Rises with every change: who saw an older one is told.
    pub version: u64,
    /// Who handled it last.
    pub handler: Option<StaffId>,
    /// Everyone who moved it since it was last dispatched: none of them checks it.
    #[serde(with = "id_list", default)]
    pub moved_by: Vec<StaffId>,
    /// Who has taken it on.
    pub claimed_by: Option<StaffId>,
    /// How far up it has been taken: 0 grid, 1 branch lead, 2 manager.
    pub level: u8,
    /// How many times it was opened again.
    pub reopened: u8,
    /// Whether a lead watches it: 督办.
    #[serde(with = "flag")]
    pub supervised: bool,
    /// When it was filed.
    pub submitted_at: Millis,
    /// When it was accepted.
    pub accepted_at: Option<Millis>,
    /// When it was last handed in as handled.
    pub finished_at: Option<Millis>,
    /// When it was last closed.
    pub closed_at: Option<Millis>,
    /// When the present step must be done; `None` where nobody has to do anything.
    pub due_at: Option<Millis>,
    /// From when on that is soon.
    pub soon_at: Option<Millis>,
    /// When it is taken up a level, if nothing happens.
    pub escalate_at: Option<Millis>,
    /// What the resident was promised: when it will have been handled.
    pub promised_at: Option<Millis>,
    /// Working days that were asked for on top.
    pub extension_days: Option<u16>,
    /// Why.
    pub extension_reason: Option<String>,
    /// Who asked.
    pub extension_by: Option<StaffId>,
    /// The serial of the report it goes on under.
    pub duplicate_of: Option<u64>,
    /// Who outside has it now.
    pub referred_to: Option<String>,
    /// Their number for it.
    pub referred_number: Option<String>,
    /// Whether the reporter says it is solved; `None` is 未评价.
    #[serde(with = "flag::or_none")]
    pub solved: Option<bool>,
    /// How satisfied the reporter is.
    pub satisfied: Option<Satisfaction>,
    /// What the reporter says about it; staff only.
    pub rating_comment: Option<String>,
    /// When it was last urged.
    pub urged_at: Option<Millis>,
    /// How many residents have met the same.
    pub supporters: u64,
    /// The form that it came by: sent twice, it files once.
    pub form_key: Option<Code>,
    /// When contact and position were erased, some time after it had ended; when it was
    /// filed, where neither was given.
    pub erased_at: Option<Millis>,
}

impl Report {
    /// 办件编号.
    #[must_use]
    pub const fn number(&self) -> CaseNumber {
        CaseNumber { year: self.year, serial: self.serial }
    }

    /// Where it was seen, if the phone said.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        let (lat, lon) = (self.lat?, self.lon?);
        Some(Position { lat, lon, accuracy: self.accuracy.unwrap_or_default() })
    }

    /// Whether everyone may see it.
    #[must_use]
    pub fn is_public(&self) -> bool {
        let accepted = self.accepted_at.is_some();
        self.state.is_public() && accepted && !self.hidden && self.kind != CategoryKind::Private
    }

    /// Whether the present step should have been done by `now`.
    #[must_use]
    pub fn is_overdue(&self, now: Millis) -> bool {
        self.due_at.is_some_and(|due| due < now)
    }

    /// Whether the present step has to be done soon.
    #[must_use]
    pub fn is_due_soon(&self, now: Millis) -> bool {
        !self.is_overdue(now) && self.soon_at.is_some_and(|soon| soon <= now)
    }

    /// Whether `staff` moved it since it was last dispatched, and so may not check it.
    #[must_use]
    pub fn was_moved_by(&self, staff: StaffId) -> bool {
        self.moved_by.contains(&staff)
    }

    /// Whether it is to go to someone outside, as soon as another person agrees.
    #[must_use]
    pub const fn is_to_be_referred(&self) -> bool {
        matches!(self.state, State::AwaitingCheck) && self.referred_to.is_some()
    }

    /// Whether it may go on under `other`: one that is still handled, in the same way and as
    /// far (a reminder is closed by one person alone, and so is what was not accepted), and
    /// that everyone who follows this one can see, too.
    #[must_use]
    pub fn may_merge_into(&self, other: &Self) -> bool {
        let alike = self.kind == other.kind && self.hidden == other.hidden;
        let as_far = other.accepted_at.is_some() || self.accepted_at.is_none();
        let as_open = other.is_public() || !self.is_public();
        other.state.is_open() && alike && as_far && as_open
    }

    /// Whether it was opened again and only a manager may move it on: 没解决 was said
    /// twice, and no manager has handed it out anew.
    #[must_use]
    pub const fn is_for_manager(&self) -> bool {
        self.reopened >= 2 && self.level >= 2
    }

    /// Whether contact details were left.
    #[must_use]
    pub const fn has_contact(&self) -> bool {
        self.contact_name.is_some() || self.contact_phone.is_some()
    }
}

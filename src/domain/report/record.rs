//! The stored report, and properties derived from its fields.

use serde::{Deserialize, Serialize};

use super::{
    flag, id_list,
    names::{CaseNumber, Code},
    state::{Satisfaction, Source, State},
};
use crate::{campaign::CategoryKind, slug::Slug, staff::StaffId, time::Millis, visitor::VisitorId};

/// Position of the phone, WGS-84.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// Latitude, degrees north.
    pub lat: f64,
    /// Longitude, degrees east.
    pub lon: f64,
    /// Radius of the accuracy circle, in metres.
    pub accuracy: u32,
}

/// A stored report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Serial number, from 1 over all years; forms the case number together with `year`.
    pub serial: u64,
    /// Secret code in the URL of the report.
    pub code: Code,
    /// The year of filing.
    pub year: i16,
    /// Visitor who filed it; `None` if staff entered it or the reporter's data were erased.
    pub visitor: Option<VisitorId>,
    /// Channel through which it came in.
    pub source: Source,
    /// Case number at the source, for example at the hotline.
    pub source_number: Option<String>,
    /// Staff member who entered it, if any.
    pub entered_by: Option<StaffId>,
    /// Processing state.
    pub state: State,
    /// Category.
    pub category: Slug,
    /// Process of its category.
    pub kind: CategoryKind,
    /// Grid in which it is; `None` until it is known.
    pub grid: Option<Slug>,
    /// Branch in charge (牵头支部).
    pub branch: Slug,
    /// Unit that handles it (承办单位).
    pub unit: Slug,
    /// Description by the resident; never public; empty after erasure.
    #[serde(default)]
    pub description: String,
    /// Location as text; never public.
    #[serde(default)]
    pub place: String,
    /// Latitude, degrees north (WGS-84), if given; never public.
    pub lat: Option<f64>,
    /// Longitude, degrees east.
    pub lon: Option<f64>,
    /// Radius of the accuracy circle, in metres.
    pub accuracy: Option<u32>,
    /// Contact name; shown only to the staff in charge.
    pub contact_name: Option<String>,
    /// Contact telephone number; shown only to the staff in charge.
    pub contact_phone: Option<String>,
    /// Version of the privacy notice that was agreed to.
    pub consent: String,
    /// Public summary (公开摘要).
    pub summary: Option<String>,
    /// Whether staff have hidden it from the public.
    #[serde(with = "flag")]
    pub hidden: bool,
    /// Staff member who hid it.
    #[serde(default)]
    pub hidden_by: Option<StaffId>,
    /// Increases with every change.
    pub version: u64,
    /// Optimistic lock: the version that a person last made it; a form with an older one is refused.
    /// What the clock does in between makes nobody's form stale.
    #[serde(default)]
    pub person_version: u64,
    /// Staff member who handled it last.
    pub handler: Option<StaffId>,
    /// Staff who worked on it since the last dispatch; none of them may check it (four eyes).
    #[serde(with = "id_list", default)]
    pub moved_by: Vec<StaffId>,
    /// Staff member who claimed it.
    pub claimed_by: Option<StaffId>,
    /// Escalation level: 0 grid worker, 1 branch lead, 2 manager.
    pub level: u8,
    /// Number of times it was reopened.
    pub reopened: u8,
    /// Whether only a manager may act: it was reopened twice (没解决), and no manager has dispatched
    /// it again.
    #[serde(with = "flag", default)]
    pub managed: bool,
    /// Category before a correction to a reminder or to praise that waits for its check.
    #[serde(default)]
    pub corrected_from: Option<Slug>,
    /// Number of times that grid workers moved it to another grid.
    #[serde(default)]
    pub grid_moves: u8,
    /// Whether a branch lead supervises it (督办).
    #[serde(with = "flag")]
    pub supervised: bool,
    /// When it was filed.
    pub submitted_at: Millis,
    /// When it was accepted.
    pub accepted_at: Option<Millis>,
    /// When handling was last reported as finished.
    pub finished_at: Option<Millis>,
    /// When it was last closed.
    pub closed_at: Option<Millis>,
    /// Deadline of the current step; `None` if nobody has to act.
    pub due_at: Option<Millis>,
    /// From when on the deadline counts as soon.
    pub soon_at: Option<Millis>,
    /// When it will be escalated, if nothing happens.
    pub escalate_at: Option<Millis>,
    /// Completion time that the resident was promised.
    pub promised_at: Option<Millis>,
    /// From when on the promised time counts.
    #[serde(default)]
    pub promised_from: Option<Millis>,
    /// Until when the first question to the reporter pauses the clock, or when its answer ended the
    /// pause; `None` if nothing was asked.
    #[serde(default)]
    pub paused_until: Option<Millis>,
    /// Requested extension, in working days.
    pub extension_days: Option<u16>,
    /// Reason for the extension.
    pub extension_reason: Option<String>,
    /// Staff member who requested the extension.
    pub extension_by: Option<StaffId>,
    /// Serial of the report it was merged into.
    pub duplicate_of: Option<u64>,
    /// Outside organisation of a finished or pending referral.
    pub referred_to: Option<String>,
    /// Case number at that organisation.
    pub referred_number: Option<String>,
    /// Whether the reporter says it is solved; `None` if not rated (未评价).
    #[serde(with = "flag::or_none")]
    pub solved: Option<bool>,
    /// How satisfied the reporter is.
    pub satisfied: Option<Satisfaction>,
    /// Staff member who noted what the reporter says (回访); `None` if they said it themselves.
    #[serde(default)]
    pub rated_by: Option<StaffId>,
    /// Comment of the reporter on the rating; only for staff.
    pub rating_comment: Option<String>,
    /// When the reporter last urged.
    pub urged_at: Option<Millis>,
    /// Number of other residents who have seen the same problem (也遇到过).
    pub supporters: u64,
    /// Idempotency key: a form that is sent twice files one report.
    pub form_key: Option<Code>,
    /// The burst that it came in, if it was not admitted: a keyed hash of network and day; empty once
    /// that is forgotten.
    #[serde(default)]
    pub quarantine: Option<String>,
    /// When contact details and position were erased; the filing time if neither was given.
    pub erased_at: Option<Millis>,
}

impl Report {
    /// Case number (办件编号).
    #[must_use]
    pub const fn number(&self) -> CaseNumber {
        CaseNumber { year: self.year, serial: self.serial }
    }

    /// Position, if given.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        let (lat, lon) = (self.lat?, self.lon?);
        Some(Position { lat, lon, accuracy: self.accuracy.unwrap_or_default() })
    }

    /// Whether it is public.
    #[must_use]
    pub fn is_public(&self) -> bool {
        let accepted = self.accepted_at.is_some();
        self.state.is_public() && accepted && !self.hidden && self.kind != CategoryKind::Private
    }

    /// Whether the current step is past its deadline at `now`.
    #[must_use]
    pub fn is_overdue(&self, now: Millis) -> bool {
        self.due_at.is_some_and(|due| due < now)
    }

    /// Whether the deadline of the current step is soon at `now`.
    #[must_use]
    pub fn is_due_soon(&self, now: Millis) -> bool {
        !self.is_overdue(now) && self.soon_at.is_some_and(|soon| soon <= now)
    }

    /// Whether `staff` worked on it since the last dispatch, and so may not check it.
    #[must_use]
    pub fn was_handled_by(&self, staff: StaffId) -> bool {
        self.moved_by.contains(&staff)
    }

    /// Whether a referral to an outside organisation waits for its check.
    #[must_use]
    pub const fn has_pending_referral(&self) -> bool {
        matches!(self.state, State::AwaitingCheck) && self.referred_to.is_some()
    }

    /// Whether it may be merged into `other`, which must be open, of the same kind and equally
    /// hidden. If this report is accepted, so must `other` be, because the check must not be
    /// skipped. If this report is public, so must `other` be, for everyone who follows this one.
    #[must_use]
    pub fn may_merge_into(&self, other: &Self) -> bool {
        let same_kind = self.kind == other.kind && self.hidden == other.hidden;
        let keeps_acceptance = other.accepted_at.is_some() || self.accepted_at.is_none();
        let keeps_visibility = other.is_public() || !self.is_public();
        other.state.is_open() && same_kind && keeps_acceptance && keeps_visibility
    }

    /// Counts a change that a person made.
    pub const fn next_version(&mut self) {
        self.version += 1;
        self.person_version = self.version;
    }

    /// Whether a person has changed it since `version` was looked at.
    #[must_use]
    pub const fn is_newer_than(&self, version: u64) -> bool {
        version < self.person_version || version > self.version
    }

    /// Whether there are contact details.
    #[must_use]
    pub const fn has_contact(&self) -> bool {
        self.contact_name.is_some() || self.contact_phone.is_some()
    }
}

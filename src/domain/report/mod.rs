//! Reports: what a resident sees in the street, on its way to being settled.
//!
//! What belongs here: the nouns of a report. `form` is what is asked for when one is
//! filed, `action` says who may do what in which state, `deed` reads an action with
//! its content, `transition` carries it out, `words` says it all in Chinese.

pub mod action;
pub mod command;
pub mod erasure;
pub mod fields;
pub mod filter;
pub mod flag;
pub mod form;
pub mod id_list;
mod limits;
pub mod looks;
pub mod names;
pub mod reporter;
pub mod state;
pub mod transition;
pub mod words;

use serde::{Deserialize, Serialize};

pub use self::{
    action::Action,
    looks::Looks,
    names::{CaseNumber, Code},
    state::{Satisfaction, Source, State},
};
use super::{campaign::CategoryKind, slug::Slug, staff::StaffId, visitor::VisitorId};

/// Milliseconds since 1970-01-01T00:00Z.
pub type Millis = i64;

/// Longest description, in characters after NFC.
pub const DESCRIPTION_MAX: usize = 500;
/// Longest place, in characters after NFC.
pub const PLACE_MAX: usize = 80;
/// Most photos that one form brings.
pub const PHOTOS_MAX: usize = 3;

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

/// Who may read what was written when something happened to a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everyone who may see the report.
    Public,
    /// The reporter, and staff.
    Reporter,
    /// Staff.
    Staff,
}

/// What happened to a report once: a row of its timeline, and of the audit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Which report.
    pub serial: u64,
    /// The report's version after it.
    pub version: u64,
    /// When.
    pub at: Millis,
    /// Who, if staff did it.
    pub staff: Option<StaffId>,
    /// What.
    pub what: What,
    /// The state after it.
    pub state: State,
    /// What was written.
    pub text: Option<String>,
    /// Who may read that.
    pub audience: Audience,
    /// The unit that has it from now on, the one outside, or the other report.
    pub detail: Option<String>,
}

/// What can happen to a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It was filed.
    Filed,
    /// The reporter added something.
    Added,
    /// The reporter took it back.
    Withdrawn,
    /// The reporter urged.
    Urged,
    /// The reporter said that it is solved.
    Solved,
    /// The reporter said that it is not.
    NotSolved,
    /// The reporter said how satisfied they are.
    Rated,
    /// It was taken up a level because its time ran out.
    Escalated,
    /// Staff looked at the contact details.
    ContactShown,
    /// Contact and position were erased, since their time was over.
    Erased,
    /// The reporter had all of theirs erased.
    Forgotten,
    /// The reporter took back what is theirs of a case that is others' as well.
    Left,
    /// Staff did something.
    #[serde(untagged)]
    Staff(Action),
}

/// What a photo shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhotoRole {
    /// What was found.
    Before,
    /// What it looks like after handling.
    After,
}

/// A photo that belongs to a report, or is held for a visitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Photo {
    /// Its unguessable address.
    pub id: Code,
    /// The report; `None` while it is held.
    pub serial: Option<u64>,
    /// For whom it is held.
    pub visitor: Option<VisitorId>,
    /// What it shows.
    pub role: PhotoRole,
    /// Whether staff chose to show it to everyone.
    #[serde(with = "flag")]
    pub public: bool,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// When it came.
    pub at: Millis,
    /// Hash of the pixels that were sent, upright and as large as they are kept.
    #[serde(default)]
    pub pixels_sent: Option<String>,
    /// Hash of the pixels that are shown.
    #[serde(default)]
    pub pixels_shown: Option<String>,
    /// What it looks like, roughly.
    #[serde(with = "looks", default)]
    pub looks: Looks,
}

impl Photo {
    /// Whether this is the very picture that `other` is, or a download of it.
    #[must_use]
    pub fn repeats(&self, other: &Self) -> bool {
        let sent = self.pixels_sent.as_ref();
        sent.is_some()
            && (sent == other.pixels_sent.as_ref() || sent == other.pixels_shown.as_ref())
    }

    /// Whether it looks nearly as `other` does.
    #[must_use]
    pub fn looks_like(&self, other: &Self) -> bool {
        self.looks.are_like(&other.looks)
    }
}

/// Whether, of some photos, one from after handling looks nearly as one from before.
#[must_use]
pub fn nearly_the_same<'p>(photos: impl Iterator<Item = &'p Photo> + Clone) -> bool {
    let of = |role| photos.clone().filter(move |photo| photo.role == role);
    of(PhotoRole::After).any(|after| of(PhotoRole::Before).any(|before| after.looks_like(before)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_one_word() {
        for what in [What::Filed, What::NotSolved, What::Staff(Action::ApproveExtension)] {
            let written = serde_json::to_value(what).unwrap();
            assert_eq!(serde_json::from_value::<What>(written).unwrap(), what);
        }
        let written = serde_json::to_value(What::Staff(Action::Settle)).unwrap();
        assert_eq!(written, "settle");
    }
}

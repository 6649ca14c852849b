//! Carrying an action out: from a report to the report after it, and what is written
//! into its timeline. Pure: the time, the calendar and the photos are given.

use super::{
    Action, Audience, Event, Millis, Report, State, What,
    action::Barred,
    deed::{Deed, FieldErrors},
};
use crate::domain::{campaign::Campaign, deadline::WorkCalendar, staff::Staff};

/// What is taken into account besides the report.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'c> {
    /// Categories and limits.
    pub campaign: &'c Campaign,
    /// Working time.
    pub calendar: &'c WorkCalendar,
    /// Now.
    pub now: Millis,
}

/// What can be seen on the photos that a report has, those of the deed included.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence {
    /// Whether there is a photo from before handling.
    pub before: bool,
    /// Whether there is one from after the last handling.
    pub after: bool,
}

/// Why a deed was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not by this person: 403.
    Person(&'static str),
    /// Not in this state, or no longer: 409.
    State,
    /// Its fields have faults: 422.
    Fields(FieldErrors),
}

impl From<Barred> for Refused {
    fn from(barred: Barred) -> Self {
        match barred {
            Barred::Person(why) => Self::Person(why),
            Barred::State => Self::State,
        }
    }
}

fn fault(field: &'static str, sentence: &'static str) -> Refused {
    Refused::Fields(vec![(field, sentence.into())])
}

/// A quarter of a working day before the end, it is soon.
const SOON: u32 = 4;

impl Rules<'_> {
    /// Gives the present step until `due`.
    pub fn set_due(&self, report: &mut Report, due: Option<Millis>) {
        let soon = self.calendar.day_minutes() / SOON;
        report.due_at = due;
        report.soon_at = due.map(|due| self.calendar.before_minutes(due, soon));
        report.escalate_at = due;
    }

    /// Gives the step of acceptance its limit.
    pub fn wait_for_acceptance(&self, report: &mut Report) {
        let due = self.calendar.due(self.now, self.campaign.deadlines.accept);
        self.set_due(report, Some(due));
    }

    /// Promises when it will have been handled, and gives the present step until then.
    fn promise(&self, report: &mut Report) {
        let limits = self.campaign.deadlines;
        let days = match report.kind {
            crate::domain::campaign::CategoryKind::Private => limits.hard,
            _ => limits.ordinary,
        };
        report.promised_at = Some(self.calendar.due(self.now, days));
        self.set_due(report, report.promised_at);
    }

    /// Opens a closed report again, for those who handled it; the second time for a
    /// manager.
    pub fn open_again(&self, report: &mut Report) {
        report.reopened = report.reopened.saturating_add(1);
        report.level = if report.reopened >= 2 { 2 } else { 0 };
        report.state = State::Dispatched;
        report.closed_at = None;
        report.finished_at = None;
        report.solved = None;
        report.satisfied = None;
        report.claimed_by = None;
        self.promise(report);
    }

    fn finish(&self, report: &mut Report, by: &Staff) {
        report.state = State::AwaitingCheck;
        report.handler = Some(by.id);
        report.finished_at = Some(self.now);
        report.extension_days = None;
        report.level = 0;
        let due = self.calendar.due(self.now, self.campaign.deadlines.check);
        self.set_due(report, Some(due));
    }

    fn end(&self, report: &mut Report, state: State) {
        report.state = state;
        report.claimed_by = None;
        report.extension_days = None;
        report.level = 0;
        self.set_due(report, None);
    }

    /// What `deed`, done by `by`, makes of `report`.
    ///
    /// # Errors
    /// [`Refused`]; nothing happens then.
    pub fn carry_out(
        &self,
        report: &Report,
        by: &Staff,
        deed: &Deed,
        evidence: Evidence,
    ) -> Result<(Report, Event), Refused> {
        deed.action().allowed(by, report)?;
        let mut after = report.clone();
        let mut note = Note::default();
        self.change(&mut after, by, deed, evidence, &mut note)?;
        after.version += 1;
        let event = Event {
            serial: after.serial,
            version: after.version,
            at: self.now,
            staff: Some(by.id),
            what: What::Staff(deed.action()),
            state: after.state,
            text: note.text,
            audience: note.audience.unwrap_or_else(|| audience(deed.action())),
            detail: note.detail,
        };
        Ok((after, event))
    }

    fn change(
        &self,
        report: &mut Report,
        by: &Staff,
        deed: &Deed,
        evidence: Evidence,
        note: &mut Note,
    ) -> Result<(), Refused> {
        match deed {
            Deed::Accept { category, grid, summary, .. } => {
                let category = self.campaign.category(category.as_str());
                let category = category.filter(|category| category.kind.is_casework());
                let Some(category) = category else {
                    return Err(fault("category", "文明提醒和好人好事请用“知悉并办结”"));
                };
                report.category = category.slug.clone();
                report.kind = category.kind;
                report.branch = category.branch.clone();
                report.unit = category.unit.clone();
                report.grid = Some(grid.clone());
                report.summary = Some(summary.clone());
                self.accept(report);
            }
            Deed::Acknowledge { summary } => {
                report.summary.clone_from(summary);
                report.accepted_at = Some(self.now);
                report.closed_at = Some(self.now);
                self.end(report, State::Closed);
            }
            Deed::Reject { reason } => {
                self.end(report, State::Rejected);
                note.text(reason);
            }
            Deed::Ask { text } => {
                report.state = State::NeedsInfo;
                self.set_due(report, None);
                note.text(text);
            }
            Deed::Duplicate { of } => {
                if of.serial == report.serial {
                    return Err(fault("of", "不能合并到自己"));
                }
                report.duplicate_of = Some(of.serial);
                self.end(report, State::Duplicate);
                note.detail = Some(of.to_string());
            }
            Deed::Refer { to, number } => {
                report.referred_to = Some(to.clone());
                report.referred_number.clone_from(number);
                self.end(report, State::Referred);
                note.detail = Some(to.clone());
            }
            Deed::Dispatch { unit } => {
                report.unit = unit.clone();
                report.state = State::Dispatched;
                report.level = 0;
                report.escalate_at = report.due_at.filter(|due| *due > self.now);
                note.detail = Some(unit.to_string());
            }
            Deed::Return { reason } => {
                report.state = State::Accepted;
                report.claimed_by = None;
                note.text(reason);
                note.detail = Some(report.unit.to_string());
            }
            Deed::Claim => report.claimed_by = Some(by.id),
            Deed::Release => report.claimed_by = None,
            Deed::Start => {
                report.state = State::InProgress;
                report.handler = Some(by.id);
                report.claimed_by = Some(by.id);
            }
            Deed::Settle { text } => {
                if !evidence.before {
                    return Err(fault("before", "请补一张处理前的照片"));
                }
                if !evidence.after {
                    return Err(fault("photos", "请拍一张处理后的照片"));
                }
                if report.state == State::Submitted {
                    self.accept(report);
                }
                self.finish(report, by);
                note.text(text);
            }
            Deed::Extend { days, reason } => {
                report.extension_days = Some(*days);
                report.extension_reason = Some(reason.clone());
                report.extension_by = Some(by.id);
                note.text(reason);
                note.detail = Some(days.to_string());
            }
            Deed::ApproveExtension { approved } => {
                let days = report.extension_days.take().unwrap_or_default();
                if *approved {
                    // What is late already is counted from now: no promise in the past.
                    let from = report.promised_at.unwrap_or(self.now).max(self.now);
                    report.promised_at = Some(self.calendar.due(from, days));
                    self.set_due(report, report.promised_at);
                    report.level = 0;
                    note.detail = Some(days.to_string());
                } else {
                    note.audience = Some(Audience::Staff);
                }
            }
            Deed::Supervise { text } => {
                report.supervised = true;
                note.text(text);
            }
            Deed::Note { text } | Deed::Reply { text } => note.text(text),
            Deed::Finish { text } => {
                self.finish(report, by);
                note.text(text);
            }
            Deed::Check { passed: true, reason } => {
                if !evidence.after && reason.is_none() {
                    return Err(fault("reason", "没有处理后照片，请写明为什么"));
                }
                report.closed_at = Some(self.now);
                // What the reporter said was about the handling before this one.
                (report.solved, report.satisfied) = (None, None);
                report.supervised = false;
                self.end(report, State::Closed);
                note.text.clone_from(reason);
                note.detail = Some("yes".into());
            }
            Deed::Check { passed: false, reason } => {
                report.state = State::InProgress;
                report.finished_at = None;
                self.set_due(report, report.promised_at);
                note.text.clone_from(reason);
                note.detail = Some("no".into());
            }
            Deed::Revisit { solved, text } => {
                note.text(text);
                note.detail = Some(if *solved { "yes" } else { "no" }.into());
            }
            Deed::Reopen { reason } => {
                if report.state == State::Closed && report.kind.is_casework() {
                    self.open_again(report);
                } else {
                    report.state = State::Submitted;
                    report.closed_at = None;
                    report.duplicate_of = None;
                    self.wait_for_acceptance(report);
                }
                note.text(reason);
            }
            Deed::Hide => report.hidden = true,
            Deed::Unhide => report.hidden = false,
            Deed::Redact { text } => report.summary = Some(text.clone()),
        }
        Ok(())
    }

    fn accept(&self, report: &mut Report) {
        report.state = State::Accepted;
        report.accepted_at = Some(self.now);
        report.level = 0;
        self.promise(report);
    }

    /// Takes a report whose time has run out up a level; `None` when there is none left.
    #[must_use]
    pub fn escalate(&self, report: &Report) -> Option<(Report, Event)> {
        let late = report.escalate_at.is_some_and(|at| at <= self.now);
        if !late || !report.state.is_open() {
            return None;
        }
        let mut after = report.clone();
        after.level = (report.level + 1).min(2);
        // A lead has one working day before the manager hears of it.
        after.escalate_at = (after.level < 2).then(|| self.calendar.due(self.now, 1));
        after.version += 1;
        let event = Event {
            serial: after.serial,
            version: after.version,
            at: self.now,
            staff: None,
            what: What::Escalated,
            state: after.state,
            text: None,
            audience: Audience::Public,
            detail: Some(after.level.to_string()),
        };
        Some((after, event))
    }
}

/// What goes into the event besides the action.
#[derive(Default)]
struct Note {
    text: Option<String>,
    detail: Option<String>,
    audience: Option<Audience>,
}

impl Note {
    fn text(&mut self, text: &str) {
        self.text = Some(text.to_owned());
    }
}

/// Who may read what staff wrote: the reporter reads what is written to them, the public
/// only what can name nobody.
const fn audience(action: Action) -> Audience {
    match action {
        Action::Reject | Action::Ask | Action::Reply => Audience::Reporter,
        Action::Accept
        | Action::Acknowledge
        | Action::Duplicate
        | Action::Refer
        | Action::Dispatch
        | Action::Start
        | Action::ApproveExtension
        | Action::Finish
        | Action::Settle
        | Action::Check
        | Action::Reopen => Audience::Public,
        Action::Return
        | Action::Claim
        | Action::Release
        | Action::Extend
        | Action::Supervise
        | Action::Note
        | Action::Revisit
        | Action::Hide
        | Action::Unhide
        | Action::Redact => Audience::Staff,
    }
}

//! Applies a staff command to a report: returns the changed report and the event for its timeline.
//! Pure: time, calendar and facts about photos are parameters.

use super::{
    Denied,
    command::{Command, FieldErrors},
};
use crate::{
    campaign::Campaign,
    deadline::WorkCalendar,
    report::{
        event::{Event, EventKind},
        record::Report,
        state::{Audience, State},
    },
    staff::{Role, Staff},
    time::Millis,
};

/// Context of a transition: campaign, calendar and current time.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'c> {
    /// Categories and time limits.
    pub campaign: &'c Campaign,
    /// Working days and hours.
    pub calendar: &'c WorkCalendar,
    /// Current time.
    pub now: Millis,
}

/// Facts besides the report that a command depends on: photos (its own included), another report.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence<'e> {
    /// Whether there is a photo from before handling.
    pub before: bool,
    /// Whether there is a photo from after the last handling.
    pub after: bool,
    /// Whether a new photo from after handling is a copy of one from before.
    pub repeated: bool,
    /// The report to merge into, in its current state.
    pub into: Option<&'e Report>,
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransitionError {
    /// Not allowed for this person (403), with the reason to show.
    Person(&'static str),
    /// Not possible in the current state (409).
    State,
    /// Invalid form fields (422).
    Fields(FieldErrors),
}

impl From<Denied> for TransitionError {
    fn from(barred: Denied) -> Self {
        match barred {
            Denied::Person(why) => Self::Person(why),
            Denied::State => Self::State,
        }
    }
}

pub(super) fn field_error(field: &'static str, sentence: &'static str) -> TransitionError {
    TransitionError::Fields(vec![(field, sentence.into())])
}

/// Error text for a photo from after handling that is a copy of one from before.
pub const SAME_PHOTO: &str = "处理后的照片和处理前的是同一张，请重新拍一张";

fn check_not_copied(evidence: Evidence<'_>) -> Result<(), TransitionError> {
    match evidence.repeated {
        true => Err(field_error("photos", SAME_PHOTO)),
        false => Ok(()),
    }
}

impl Rules<'_> {
    fn finish(&self, report: &mut Report, by: &Staff) {
        report.finished_at = Some(self.now);
        self.wait_for_check(report, by);
    }

    /// What is late stays with those who were told.
    pub(super) fn wait_for_check(&self, report: &mut Report, by: &Staff) {
        if !report.is_overdue(self.now) {
            report.level = 0;
        }
        report.state = State::AwaitingCheck;
        report.handler = Some(by.id);
        report.extension_days = None;
        report.managed = false;
        let due = self.calendar.due(self.now, self.campaign.deadlines.check);
        self.set_due(report, Some(due));
    }

    /// Cancels a pending referral: the report returns to the state before it.
    fn cancel_referral(&self, report: &mut Report) {
        (report.referred_to, report.referred_number) = (None, None);
        if report.accepted_at.is_some() {
            report.state = State::Accepted;
            self.go_on_until(report, report.promised_at);
        } else {
            report.state = State::Submitted;
            self.set_acceptance_due(report);
        }
    }

    fn end_with(&self, report: &mut Report, state: State) {
        report.state = state;
        report.claimed_by = None;
        report.extension_days = None;
        report.level = 0;
        report.managed = false;
        self.set_due(report, None);
    }

    /// Applies `command` of `by` to a copy of `report`.
    ///
    /// # Errors
    /// [`TransitionError`] if the command is refused.
    pub fn apply_command(
        &self,
        report: &Report,
        by: &Staff,
        command: &Command,
        evidence: Evidence<'_>,
    ) -> Result<(Report, Event), TransitionError> {
        command.action().allowed(by, report)?;
        let mut after = report.clone();
        let mut note = EventDraft::default();
        self.apply_change(&mut after, by, command, evidence, &mut note)?;
        if command.action().counts_as_handling() && !after.was_handled_by(by.id) {
            after.moved_by.push(by.id);
        }
        after.next_version();
        let event = Event {
            serial: after.serial,
            version: after.version,
            at: self.now,
            staff: Some(by.id),
            what: EventKind::Staff(command.action()),
            state: after.state,
            text: note.text,
            audience: note.audience.unwrap_or_else(|| command.action().audience()),
            detail: note.detail,
        };
        Ok((after, event))
    }

    fn apply_change(
        &self,
        report: &mut Report,
        by: &Staff,
        command: &Command,
        evidence: Evidence<'_>,
        note: &mut EventDraft,
    ) -> Result<(), TransitionError> {
        match command {
            Command::Accept { category, grid, summary, .. } => {
                let category = self.campaign.category(category.as_str());
                let category = category.filter(|category| category.kind.is_casework());
                let Some(category) = category else {
                    let sentence = "文明提醒和好人好事不用受理，请先“更正”分类";
                    return Err(field_error("category", sentence));
                };
                report.category = category.slug.clone();
                report.kind = category.kind;
                report.branch = category.branch.clone();
                report.unit = category.unit.clone();
                report.grid = Some(grid.clone());
                report.summary = Some(summary.clone());
                self.accept(report);
            }
            Command::Acknowledge { summary } => {
                report.summary.clone_from(summary);
                report.accepted_at = Some(self.now);
                report.closed_at = Some(self.now);
                self.end_with(report, State::Closed);
            }
            Command::Reject { reason } => {
                self.end_with(report, State::Rejected);
                note.text(reason);
            }
            Command::Ask { text } => {
                self.wait_for_answer(report);
                note.text(text);
            }
            Command::Answer { text } => {
                if report.state == State::NeedsInfo {
                    self.end_wait(report);
                }
                note.text(text);
            }
            Command::Correct(correction) => {
                note.detail = self.correct(report, by, correction)?;
                note.text.clone_from(&correction.reason);
            }
            Command::Duplicate { of } => {
                match evidence.into {
                    Some(other) if other.serial == report.serial => {
                        return Err(field_error("of", "不能合并到自己"));
                    }
                    Some(other) if !other.state.is_open() => {
                        return Err(field_error("of", "那一件已经不在办理，不能合并过去"));
                    }
                    Some(other) if !report.may_merge_into(other) => {
                        return Err(field_error(
                            "of",
                            "两件的办法或公开范围不同，合并后有人会看不到或少一道核查，请分别办理",
                        ));
                    }
                    Some(_) => {}
                    None => return Err(field_error("of", "没有找到这一件，请核对办件编号")),
                }
                report.duplicate_of = Some(of.serial);
                self.end_with(report, State::Duplicate);
                note.detail = Some(of.to_string());
            }
            Command::Refer { to, number } => {
                report.referred_to = Some(to.clone());
                report.referred_number.clone_from(number);
                if by.role >= Role::BranchLead {
                    self.end_with(report, State::Referred);
                } else {
                    self.wait_for_check(report, by);
                }
                note.detail = Some(to.clone());
            }
            Command::Dispatch { unit } => {
                report.unit = unit.clone();
                report.moved_by.clear();
                report.state = State::Dispatched;
                report.managed = false;
                if !report.is_overdue(self.now) {
                    report.level = 0;
                    report.escalate_at = report.due_at;
                }
                note.detail = Some(unit.to_string());
            }
            Command::Return { reason } => {
                report.state = State::Accepted;
                report.claimed_by = None;
                note.text(reason);
                note.detail = Some(report.unit.to_string());
            }
            Command::Claim => report.claimed_by = Some(by.id),
            Command::Release => report.claimed_by = None,
            Command::Start => {
                report.state = State::InProgress;
                report.handler = Some(by.id);
                report.claimed_by = Some(by.id);
            }
            Command::Settle { text } => {
                if !evidence.before {
                    return Err(field_error("before", "请补一张处理前的照片"));
                }
                if !evidence.after {
                    return Err(field_error("photos", "请拍一张处理后的照片"));
                }
                check_not_copied(evidence)?;
                if report.state == State::Submitted {
                    self.accept(report);
                }
                self.finish(report, by);
                note.text(text);
            }
            Command::Extend { days, reason } => {
                report.extension_days = Some(*days);
                report.extension_reason = Some(reason.clone());
                report.extension_by = Some(by.id);
                note.text(reason);
                note.detail = Some(days.to_string());
            }
            Command::ApproveExtension { approved } => {
                let days = report.extension_days.take().unwrap_or_default();
                if *approved {
                    // If overdue, count from now: the promise must not be in the past.
                    let from = report.promised_at.unwrap_or(self.now).max(self.now);
                    report.promised_at = Some(self.calendar.due(from, days));
                    self.set_due(report, report.promised_at);
                    report.level = 0;
                    note.detail = Some(days.to_string());
                } else {
                    note.audience = Some(Audience::Staff);
                }
            }
            Command::Supervise { text } => {
                report.supervised = true;
                note.text(text);
            }
            Command::Note { text } | Command::Reply { text } => note.text(text),
            Command::Finish { text } => {
                check_not_copied(evidence)?;
                self.finish(report, by);
                note.text(text);
            }
            Command::Check { passed: true, reason } if report.has_pending_referral() => {
                self.end_with(report, State::Referred);
                note.text.clone_from(reason);
                note.detail = Some("yes".into());
            }
            Command::Check { passed: true, reason } => {
                let is_handled = report.corrected_from.is_none();
                if is_handled && !evidence.after && reason.is_none() {
                    return Err(field_error("reason", "没有处理后照片，请写明为什么"));
                }
                report.closed_at = Some(self.now);
                report.corrected_from = None;
                // The reporter's rating was about the previous handling.
                (report.solved, report.satisfied, report.rated_by) = (None, None, None);
                report.supervised = false;
                self.end_with(report, State::Closed);
                note.text.clone_from(reason);
                note.detail = Some("yes".into());
            }
            Command::Check { passed: false, reason } => {
                if report.has_pending_referral() {
                    self.cancel_referral(report);
                } else if report.corrected_from.is_some() {
                    self.undo_correction(report);
                } else {
                    report.state = State::InProgress;
                    report.finished_at = None;
                    self.go_on_until(report, report.promised_at);
                }
                note.text.clone_from(reason);
                note.detail = Some("no".into());
            }
            Command::Revisit { solved, text } => {
                if !solved && report.kind.is_casework() {
                    self.reopen(report);
                }
                (report.solved, report.rated_by) = (Some(*solved), Some(by.id));
                note.text(text);
                note.detail = Some(if *solved { "yes" } else { "no" }.into());
            }
            Command::Reopen { reason } => {
                if report.state == State::Closed && report.kind.is_casework() {
                    self.reopen(report);
                } else {
                    self.begin_again(report);
                }
                note.text(reason);
            }
            Command::Hide { reason } => {
                (report.hidden, report.hidden_by) = (true, Some(by.id));
                note.text(reason);
            }
            Command::Unhide => (report.hidden, report.hidden_by) = (false, None),
            Command::Redact { text } => report.summary = Some(text.clone()),
            Command::Admit => self.admit(report),
            Command::Dismiss => self.dismiss(report),
        }
        Ok(())
    }

    fn accept(&self, report: &mut Report) {
        report.state = State::Accepted;
        report.accepted_at = Some(self.now);
        report.level = 0;
        self.set_promise(report);
    }
}

/// Fields of the event that depend on the command.
#[derive(Default)]
struct EventDraft {
    text: Option<String>,
    detail: Option<String>,
    audience: Option<Audience>,
}

impl EventDraft {
    fn text(&mut self, text: &str) {
        self.text = Some(text.to_owned());
    }
}

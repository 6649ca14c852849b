//! What the reporter can do: add, take back, urge, judge.

use super::{
    action::{
        command::{FieldErrors, Sent, checked_text},
        transition::{Refused, Rules},
    },
    event::{Audience, Event, EventKind},
    record::Report,
    state::{Satisfaction, State},
};
use crate::{lang::Said, time::Millis};

/// Longest text that a reporter adds, in characters after NFC.
pub const ADDED_MAX: usize = 500;

/// What the reporter does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReporterCommand {
    /// Adds words, photos or both.
    Add {
        /// The words.
        text: Option<String>,
        /// How many photos come with it.
        photos: usize,
        /// How many were sent with it: a form that comes again brings some that the report
        /// has got already.
        sent: usize,
    },
    /// Presses for it.
    Urge,
    /// Takes it back.
    Withdraw,
    /// Says whether it is solved, how satisfied they are, or both.
    Rate {
        /// 已解决／没解决.
        solved: Option<bool>,
        /// 满意／基本满意／不满意.
        satisfied: Option<Satisfaction>,
        /// What they say about it.
        comment: Option<String>,
    },
}

impl ReporterCommand {
    /// Reads what the reporter adds, with `photos` out of the `sent` ones.
    ///
    /// # Errors
    /// The fields with faults.
    pub fn add(form: &impl Sent, photos: usize, sent: usize) -> Result<Self, FieldErrors> {
        let text = checked_text(&form.first("text"), ADDED_MAX).map_err(|s| vec![("text", s)])?;
        Ok(Self::Add { text, photos, sent })
    }

    /// Reads the reporter's word.
    ///
    /// # Errors
    /// The fields with faults.
    pub fn rate(sent: &impl Sent) -> Result<Self, FieldErrors> {
        let solved = match sent.first("solved").as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            "" => None,
            _ => {
                return Err(vec![(
                    "solved",
                    Said::new("请选择“已解决”或“没解决”", "Please choose “Solved” or “Not solved”"),
                )]);
            }
        };
        let chosen = sent.first("satisfied");
        let satisfied = Satisfaction::ALL.into_iter().find(|(_, value)| *value == chosen);
        let satisfied = satisfied.map(|(satisfied, _)| satisfied);
        if satisfied.is_none() && !chosen.is_empty() {
            return Err(vec![(
                "satisfied",
                Said::new(
                    "请选择满意、基本满意或不满意",
                    "Please choose satisfied, fairly satisfied or not satisfied",
                ),
            )]);
        }
        if solved.is_none() && satisfied.is_none() {
            return Err(vec![(
                "solved",
                Said::new("请先告诉我们问题解决了没有", "Please say first whether it is solved"),
            )]);
        }
        let comment =
            checked_text(&sent.first("comment"), ADDED_MAX).map_err(|s| vec![("comment", s)])?;
        Ok(Self::Rate { solved, satisfied, comment })
    }
}

impl ReporterCommand {
    /// Whether `event` is what became of this wish, where having it granted twice would
    /// leave a trace: the rules let no other be granted twice.
    #[must_use]
    pub fn was_granted_by(&self, event: &Event) -> bool {
        let Self::Add { text, sent, .. } = self else { return false };
        let detail = (*sent > 0).then(|| sent.to_string());
        event.what == EventKind::Added && (text, &detail) == (&event.text, &event.detail)
    }
}

/// One day, in milliseconds.
const DAY: Millis = 86_400_000;

impl Report {
    /// Whether the reporter may press for it at `now`: once a day past the deadline.
    #[must_use]
    pub fn may_urge(&self, now: Millis, same_day: bool) -> bool {
        self.state.is_open() && self.is_overdue(now) && !(self.urged_at.is_some() && same_day)
    }

    /// Whether the reporter may take it back.
    #[must_use]
    pub const fn may_withdraw(&self) -> bool {
        matches!(
            self.state,
            State::Submitted
                | State::NeedsInfo
                | State::Accepted
                | State::Dispatched
                | State::InProgress
                | State::AwaitingCheck
        )
    }

    /// Whether the reporter may add to it.
    #[must_use]
    pub fn may_add(&self) -> bool {
        self.state.is_open()
    }

    /// Whether the reporter may say what they think, within `days` of closing. Who has
    /// said 已解决 can still say how satisfied they are.
    #[must_use]
    pub fn may_rate(&self, now: Millis, days: u16) -> bool {
        let in_time = self.closed_at.is_some_and(|at| now - at <= Millis::from(days) * DAY);
        self.state == State::Closed && in_time && self.satisfied.is_none()
    }
}

impl Rules<'_> {
    /// What the reporter's wish makes of `report`, which `others` have reported, too, or not.
    ///
    /// # Errors
    /// [`Refused::State`] when it can't be done now.
    pub fn grant(
        &self,
        report: &Report,
        wish: &ReporterCommand,
        others: bool,
    ) -> Result<(Report, Event), Refused> {
        let mut after = report.clone();
        let mut text = None;
        let mut detail = None;
        let what = match wish {
            ReporterCommand::Add { text: added, photos, .. } => {
                if !report.may_add() {
                    return Err(Refused::State);
                }
                if added.is_none() && *photos == 0 {
                    let nothing = Said::new(
                        "请写几个字，或加一张照片",
                        "Please write a few words or add a photo",
                    );
                    return Err(Refused::Fields(vec![("text", nothing)]));
                }
                if report.state == State::NeedsInfo {
                    after.state = State::Submitted;
                    self.wait_for_acceptance(&mut after);
                }
                text.clone_from(added);
                detail = (*photos > 0).then(|| photos.to_string());
                EventKind::Added
            }
            ReporterCommand::Urge => {
                if !report.may_urge(self.now, self.same_day(report.urged_at)) {
                    return Err(Refused::State);
                }
                after.urged_at = Some(self.now);
                EventKind::Urged
            }
            ReporterCommand::Withdraw => {
                if !report.may_withdraw() {
                    return Err(Refused::State);
                }
                if others {
                    self.leave(&mut after);
                    EventKind::Left
                } else {
                    withdraw(&mut after);
                    after.erased_at = after.erased_at.or(Some(self.now));
                    self.set_due(&mut after, None);
                    EventKind::Withdrawn
                }
            }
            ReporterCommand::Rate { solved, satisfied, comment } => {
                self.rate(report, &mut after, *solved, *satisfied)?;
                after.rating_comment = comment.clone().or(after.rating_comment);
                text.clone_from(comment);
                match solved {
                    Some(true) => EventKind::Solved,
                    Some(false) => EventKind::NotSolved,
                    None => EventKind::Rated,
                }
            }
        };
        after.version += 1;
        let event = Event {
            serial: after.serial,
            version: after.version,
            at: self.now,
            staff: None,
            what,
            state: after.state,
            text,
            // Those who go on hear of it.
            audience: if what == EventKind::Left { Audience::Public } else { Audience::Reporter },
            detail,
        };
        Ok((after, event))
    }

    /// Takes its reporter out of a report that is others' as well: it goes on without them.
    fn leave(&self, report: &mut Report) {
        self.without_reporter(report);
        if report.state == State::NeedsInfo {
            // Nobody is left who could answer.
            report.state = State::Submitted;
            self.wait_for_acceptance(report);
        }
    }

    fn rate(
        &self,
        report: &Report,
        after: &mut Report,
        solved: Option<bool>,
        satisfied: Option<Satisfaction>,
    ) -> Result<(), Refused> {
        let first_word = report.solved.is_none() || solved.is_none() || solved == report.solved;
        if !first_word || !report.may_rate(self.now, self.campaign.deadlines.reopen) {
            return Err(Refused::State);
        }
        if solved == Some(false) {
            if report.kind.is_casework() {
                self.open_again(after);
            }
            after.solved = Some(false);
        } else {
            after.solved = solved.or(after.solved);
            after.satisfied = satisfied.or(after.satisfied);
        }
        Ok(())
    }

    /// Whether `then` was on the day that is now.
    #[must_use]
    pub fn same_day(&self, then: Option<Millis>) -> bool {
        let date = |at| self.calendar.civil(at).date();
        then.is_some_and(|then| date(then) == date(self.now))
    }
}

/// All that is left of a report that was taken back is its number and its times.
fn withdraw(report: &mut Report) {
    report.state = State::Withdrawn;
    report.description.clear();
    report.place.clear();
    report.summary = None;
    report.rating_comment = None;
    report.finished_at = None;
    (report.lat, report.lon, report.accuracy) = (None, None, None);
    (report.contact_name, report.contact_phone) = (None, None);
    report.claimed_by = None;
    report.extension_days = None;
    report.extension_reason = None;
}

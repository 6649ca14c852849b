//! Commands of the reporter: add information, urge, withdraw, rate.

use super::merge::Others;
use crate::report::{
    action::{
        command::{FieldErrors, FormFields},
        transition::{Rules, TransitionError},
    },
    event::{Event, EventKind},
    record::Report,
    state::{Audience, Satisfaction, State},
};
use crate::{
    lang::LocalizedText,
    text,
    time::{DAY, Millis},
};

/// Longest text or comment of a reporter, in characters.
pub const ADDED_MAX: usize = 500;

/// A command of the reporter on their report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReporterCommand {
    /// Adds text, photos or both.
    Add {
        /// The text.
        text: Option<String>,
        /// Number of new photos.
        photos: usize,
        /// Number of photos in the form. A form that is sent twice repeats photos that the report
        /// already has, so this can be more than `photos`.
        sent: usize,
    },
    /// Asks for faster handling (催办).
    Urge,
    /// Withdraws the report.
    Withdraw,
    /// Rates the handling: solved or not, satisfaction, or both.
    Rate {
        /// 已解决／没解决.
        solved: Option<bool>,
        /// 满意／基本满意／不满意.
        satisfied: Option<Satisfaction>,
        /// Comment on the rating.
        comment: Option<String>,
    },
}

impl ReporterCommand {
    /// Parses added information; `photos` of the `sent` photos are new to the report.
    ///
    /// # Errors
    /// The invalid field.
    pub fn add(form: &impl FormFields, photos: usize, sent: usize) -> Result<Self, FieldErrors> {
        let text = resident_text("text", &form.first("text"))?;
        Ok(Self::Add { text, photos, sent })
    }

    /// Parses a rating.
    ///
    /// # Errors
    /// The invalid field.
    pub fn rate(sent: &impl FormFields) -> Result<Self, FieldErrors> {
        let solved = match sent.first("solved").as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            "" => None,
            _ => {
                return Err(vec![(
                    "solved",
                    LocalizedText::new(
                        "请选择“已解决”或“没解决”",
                        "Please choose “Solved” or “Not solved”",
                    ),
                )]);
            }
        };
        let chosen = sent.first("satisfied");
        let satisfied = Satisfaction::ALL.into_iter().find(|(_, value)| *value == chosen);
        let satisfied = satisfied.map(|(satisfied, _)| satisfied);
        if satisfied.is_none() && !chosen.is_empty() {
            return Err(vec![(
                "satisfied",
                LocalizedText::new(
                    "请选择满意、基本满意或不满意",
                    "Please choose satisfied, fairly satisfied or not satisfied",
                ),
            )]);
        }
        if solved.is_none() && satisfied.is_none() {
            return Err(vec![(
                "solved",
                LocalizedText::new(
                    "请先告诉我们问题解决了没有",
                    "Please say first whether it is solved",
                ),
            )]);
        }
        let comment = resident_text("comment", &sent.first("comment"))?;
        Ok(Self::Rate { solved, satisfied, comment })
    }
}

fn resident_text(field: &'static str, typed: &str) -> Result<Option<String>, FieldErrors> {
    let text = text::lines(typed, ADDED_MAX).and_then(text::without_links);
    text.map_err(|error| vec![(field, error.about("这段话", "The text"))])
}

impl ReporterCommand {
    /// Whether `event` is the result of this command, sent before. Only [`Self::Add`] needs this
    /// check: the other commands are refused the second time.
    #[must_use]
    pub fn produced(&self, event: &Event) -> bool {
        let Self::Add { text, sent, .. } = self else { return false };
        let detail = (*sent > 0).then(|| sent.to_string());
        event.what == EventKind::Added && (text, &detail) == (&event.text, &event.detail)
    }
}

impl Report {
    /// Whether the reporter may urge: overdue, and not urged today (`same_day`) yet.
    #[must_use]
    pub fn may_urge(&self, now: Millis, same_day: bool) -> bool {
        self.state.shown_to_reporter().is_open()
            && self.is_overdue(now)
            && !(self.urged_at.is_some() && same_day)
    }

    /// Whether the reporter may withdraw it.
    #[must_use]
    pub fn may_withdraw(&self) -> bool {
        self.state.shown_to_reporter().is_open()
    }

    /// Whether the reporter may add information.
    #[must_use]
    pub fn may_add(&self) -> bool {
        self.state.shown_to_reporter().is_open()
    }

    /// Whether the reporter may rate it: within `days` calendar days after closing. After 已解决
    /// the satisfaction can still be added.
    #[must_use]
    pub fn may_rate(&self, now: Millis, days: u16) -> bool {
        self.state == State::Closed && self.is_within_days(now, days) && self.satisfied.is_none()
    }

    /// Whether it was closed within `days` calendar days.
    pub(super) fn is_within_days(&self, now: Millis, days: u16) -> bool {
        self.closed_at.is_some_and(|at| now - at <= Millis::from(days) * DAY)
    }
}

impl Rules<'_> {
    /// Applies `command` to `report`.
    ///
    /// # Errors
    /// [`TransitionError::State`] if it is not possible now; `Fields` if there is nothing to add.
    pub fn apply_reporter_command(
        &self,
        report: &Report,
        command: &ReporterCommand,
        others: Others<'_>,
    ) -> Result<(Report, Event), TransitionError> {
        let mut after = report.clone();
        let mut text = None;
        let mut detail = None;
        let what = match command {
            ReporterCommand::Add { text: added, photos, .. } => {
                if !report.may_add() && !report.may_add_through(others.under) {
                    return Err(TransitionError::State);
                }
                if added.is_none() && *photos == 0 {
                    let nothing = LocalizedText::new(
                        "请写几个字，或加一张照片",
                        "Please write a few words or add a photo",
                    );
                    return Err(TransitionError::Fields(vec![("text", nothing)]));
                }
                if report.state == State::NeedsInfo {
                    self.end_wait(&mut after);
                }
                text.clone_from(added);
                detail = (*photos > 0).then(|| photos.to_string());
                EventKind::Added
            }
            ReporterCommand::Urge => {
                if !report.may_urge(self.now, self.is_today(report.urged_at)) {
                    return Err(TransitionError::State);
                }
                after.urged_at = Some(self.now);
                EventKind::Urged
            }
            ReporterCommand::Withdraw => {
                if !report.may_withdraw() {
                    return Err(TransitionError::State);
                }
                if others.share_it {
                    self.detach_reporter(&mut after);
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
        after.next_version();
        // Residents who share the report are told that it goes on.
        let audience = if what == EventKind::Left { Audience::Public } else { Audience::Reporter };
        let event = Event { text, detail, ..Event::of(&after, self.now, what, audience) };
        Ok((after, event))
    }

    /// Removes the reporter from a report that other residents share, which stays open.
    fn detach_reporter(&self, report: &mut Report) {
        self.clear_reporter(report);
        if report.state == State::NeedsInfo {
            // The reporter can no longer answer the question of staff.
            self.end_wait(report);
        }
    }

    fn rate(
        &self,
        report: &Report,
        after: &mut Report,
        solved: Option<bool>,
        satisfied: Option<Satisfaction>,
    ) -> Result<(), TransitionError> {
        let is_first_answer = report.solved.is_none()
            || report.rated_by.is_some()
            || solved.is_none()
            || solved == report.solved;
        if !is_first_answer || !report.may_rate(self.now, self.campaign.deadlines.reopen) {
            return Err(TransitionError::State);
        }
        if solved == Some(false) {
            if report.kind.is_casework() {
                self.reopen(after);
            }
            after.solved = Some(false);
        } else {
            after.solved = solved.or(after.solved);
            after.rated_by = after.rated_by.filter(|_| solved.is_none());
            after.satisfied = satisfied.or(after.satisfied);
        }
        Ok(())
    }

    /// Whether `then` is on the current local day.
    #[must_use]
    pub fn is_today(&self, then: Option<Millis>) -> bool {
        let date = |at| self.calendar.civil(at).date();
        then.is_some_and(|then| date(then) == date(self.now))
    }
}

/// Withdraws a report and clears its content: only the case number and the times stay.
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
    report.forget_burst();
}

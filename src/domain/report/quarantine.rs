//! Quarantine of reports that came in a burst from one network: not counted, not in the queue of
//! grid workers, and not told to the sender, until a branch lead or manager admits or dismisses
//! them. After two terms of four working hours they are admitted without anybody's doing.

use super::{
    action::{Action, transition::Rules},
    event::{Event, EventKind},
    record::Report,
    state::State,
};
use crate::{
    campaign::{Category, CategoryKind},
    lang::Lang,
    time::Millis,
};

/// Working minutes until a quarantined report is escalated to the manager, and as many more until
/// it is admitted.
const TERM: u32 = 4 * 60;

impl Category {
    /// Whether a report of it may be quarantined: neither where life may depend on it, nor where
    /// nobody but staff ever sees it.
    #[must_use]
    pub fn may_be_quarantined(&self) -> bool {
        self.urgent_hint.is_none() && self.kind != CategoryKind::Private
    }
}

/// What the sender of a dismissed report reads.
#[must_use]
pub fn dismissal_words(lang: Lang) -> &'static str {
    lang.say(
        "和短时间内大量提交的内容相似，没有受理。如果您确实看到了问题，请换个时间重新提交，或打页脚的电话。",
        "It came together with very many like it, so it was not accepted. If you did see the problem, please send it again at another time or call the number at the foot of the page.",
    )
}

impl State {
    /// The state that the reporter is shown.
    #[must_use]
    pub const fn shown_to_reporter(self) -> Self {
        match self {
            Self::Quarantined => Self::Submitted,
            Self::Dismissed => Self::Rejected,
            state => state,
        }
    }

    /// Whether it is out of the queue, and in no published count: quarantined or dismissed.
    #[must_use]
    pub const fn is_set_apart(self) -> bool {
        matches!(self, Self::Quarantined | Self::Dismissed)
    }
}

impl Report {
    /// Whether it is, or was until its end, out of the queue and for branch leads and managers only.
    #[must_use]
    pub const fn is_set_apart(&self) -> bool {
        self.quarantine.is_some()
    }

    /// Forgets which burst it was part of, where nobody has to decide about that any more.
    pub(super) fn forget_burst(&mut self) {
        if self.state != State::Quarantined {
            self.quarantine = self.quarantine.take().map(|_| String::new());
        }
    }

    /// The report as its reporter is shown it.
    #[must_use]
    pub fn shown_to_reporter(self) -> Self {
        Self { state: self.state.shown_to_reporter(), ..self }
    }
}

impl Rules<'_> {
    /// Quarantines a new report as part of the burst `burst`. Its deadlines run meanwhile.
    pub fn quarantine(&self, report: &mut Report, burst: String) {
        report.state = State::Quarantined;
        report.quarantine = Some(burst);
        report.escalate_at = Some(self.calendar.after_minutes(self.now, TERM));
    }

    /// Admits a quarantined or dismissed report, as if it had been so from the beginning.
    pub(super) fn admit(&self, report: &mut Report) {
        report.state = State::Submitted;
        report.quarantine = None;
        report.closed_at = None;
        report.level = 0;
        Rules { now: report.submitted_at, ..*self }.set_acceptance_due(report);
    }

    /// Dismisses a quarantined report.
    pub(super) fn dismiss(&self, report: &mut Report) {
        report.state = State::Dismissed;
        report.closed_at = Some(self.now);
        report.level = 0;
        self.set_due(report, None);
    }

    /// Erases all content of a report that was dismissed before `before`; `None` if it was not.
    #[must_use]
    pub fn erase_dismissed(&self, report: &Report, before: Millis) -> Option<(Report, Event)> {
        let is_old = report.closed_at.is_some_and(|at| at < before);
        if report.state != State::Dismissed || !is_old {
            return None;
        }
        let mut after = report.clone();
        self.clear_reporter(&mut after);
        Some(self.with_event(after, EventKind::Erased))
    }

    /// The end of a term: the first escalates the report to the manager, the second admits it.
    pub(super) fn end_quarantine_term(&self, report: &Report) -> (Report, Event) {
        let mut after = report.clone();
        let what = if report.level == 0 {
            after.level = 2;
            after.escalate_at = Some(self.calendar.after_minutes(self.now, TERM));
            EventKind::Escalated
        } else {
            self.admit(&mut after);
            EventKind::Staff(Action::Admit)
        };
        after.version += 1;
        let event = Event::of(&after, self.now, what, Action::Admit.audience());
        (after, event)
    }
}

//! What goes from a report: its contact and position after a while, everything of its
//! reporter's when they say so.

use super::{
    action::transition::Rules,
    event::{Audience, Event, EventKind},
    record::Report,
    reporter::ReporterCommand,
};

impl Report {
    /// Whether there is anything by which its reporter could be reached or found.
    #[must_use]
    pub const fn has_traces(&self) -> bool {
        self.has_contact() || self.lat.is_some() || self.lon.is_some()
    }
}

impl Rules<'_> {
    /// Takes contact and position from a report that has ended; `None` where they are gone,
    /// or it is not over.
    #[must_use]
    pub fn erase(&self, report: &Report) -> Option<(Report, Event)> {
        if report.state.is_open() || report.erased_at.is_some() {
            return None;
        }
        let mut after = report.clone();
        self.without_traces(&mut after);
        Some(self.erased(after, EventKind::Erased))
    }

    /// Takes everything of its reporter's from a report; one that is still handled is taken
    /// back, unless it is `others`' as well.
    #[must_use]
    pub fn forget_reporter(&self, report: &Report, others: bool) -> (Report, Event) {
        let (mut after, what) = match self.grant(report, &ReporterCommand::Withdraw, others) {
            Ok((after, event)) => (Report { version: report.version, ..after }, event.what),
            Err(_) => (report.clone(), EventKind::Forgotten),
        };
        self.without_reporter(&mut after);
        after.extension_reason = None;
        self.erased(after, what)
    }

    /// Takes out who sent a report, and all that they wrote.
    pub(super) fn without_reporter(&self, report: &mut Report) {
        self.without_traces(report);
        report.visitor = None;
        report.form_key = None;
        report.description.clear();
        report.place.clear();
        report.rating_comment = None;
    }

    fn without_traces(&self, report: &mut Report) {
        (report.lat, report.lon, report.accuracy) = (None, None, None);
        (report.contact_name, report.contact_phone) = (None, None);
        report.erased_at = report.erased_at.or(Some(self.now));
    }

    fn erased(&self, mut report: Report, what: EventKind) -> (Report, Event) {
        report.version += 1;
        let event = Event {
            serial: report.serial,
            version: report.version,
            at: self.now,
            staff: None,
            what,
            state: report.state,
            text: None,
            audience: Audience::Public,
            detail: None,
        };
        (report, event)
    }
}

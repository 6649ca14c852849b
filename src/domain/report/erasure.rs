//! Erasure of personal data: contact details and position after the retention period, all data of
//! the reporter at their request.

use super::{
    action::transition::Rules,
    event::{Event, EventKind},
    record::Report,
    residents::{merge::Others, reporter::ReporterCommand},
    state::Audience,
};

impl Report {
    /// Whether it has contact details or a position.
    #[must_use]
    pub const fn has_contact_or_position(&self) -> bool {
        self.has_contact() || self.lat.is_some() || self.lon.is_some()
    }
}

impl Rules<'_> {
    /// Erases contact details and position of a report that has ended; `None` if it is still open
    /// or they were erased before.
    #[must_use]
    pub fn erase(&self, report: &Report) -> Option<(Report, Event)> {
        if report.state.is_open() || report.erased_at.is_some() {
            return None;
        }
        let mut after = report.clone();
        self.clear_contact_and_position(&mut after);
        Some(self.with_event(after, EventKind::Erased))
    }

    /// Erases all data of the reporter. An open report is withdrawn as well, unless other residents
    /// share it (`others`).
    #[must_use]
    pub fn erase_reporter(&self, report: &Report, others: bool) -> (Report, Event) {
        let others = Others { share_it: others, under: None };
        let (mut after, what) =
            match self.apply_reporter_command(report, &ReporterCommand::Withdraw, others) {
                Ok((after, event)) => (Report { version: report.version, ..after }, event.what),
                Err(_) => (report.clone(), EventKind::Forgotten),
            };
        self.clear_reporter(&mut after);
        after.extension_reason = None;
        self.with_event(after, what)
    }

    /// Clears the visitor and everything they wrote.
    pub(super) fn clear_reporter(&self, report: &mut Report) {
        self.clear_contact_and_position(report);
        report.visitor = None;
        report.form_key = None;
        report.description.clear();
        report.place.clear();
        report.rating_comment = None;
        report.forget_burst();
    }

    fn clear_contact_and_position(&self, report: &mut Report) {
        (report.lat, report.lon, report.accuracy) = (None, None, None);
        (report.contact_name, report.contact_phone) = (None, None);
        report.erased_at = report.erased_at.or(Some(self.now));
    }

    pub(super) fn with_event(&self, mut report: Report, what: EventKind) -> (Report, Event) {
        report.next_version();
        let event = Event::of(&report, self.now, what, Audience::Public);
        (report, event)
    }
}

//! What residents do to a filed report: the reporter adds, urges, rates or withdraws; others
//! support it.

use domain::{
    lang::LocalizedText,
    report::{
        Code, EventKind, PhotoRole, Report, State, photo::PHOTOS_MAX, reporter::ReporterCommand,
    },
    time::Millis,
};
use store::{Change, Notice};

use super::{ReportError, before};
use crate::{
    base::{Service, now},
    limits::{Attempt, Requester},
};

/// A reporter command that is equal to the last one within this time is a repeated request: longer
/// than a proxy or a person waits for a lost response.
const REPEAT_WINDOW: Millis = 2 * 60_000;

impl Service {
    /// Applies a command of the reporter to the report at `code`.
    ///
    /// # Errors
    /// [`ReportError`]; for anyone but the reporter [`ReportError::NotTheirs`] if the report is
    /// public, else [`ReportError::NotFound`].
    pub async fn apply_reporter_command(
        &self,
        who: &Requester<'_>,
        code: &Code,
        command: &ReporterCommand,
        photos: &[Code],
    ) -> Result<Report, ReportError> {
        let visitor = who.visitor.ok_or(ReportError::NewVisitor)?;
        if matches!(command, ReporterCommand::Add { .. }) {
            let tried = Attempt::at_additions(&self.keys, who);
            self.count_attempt(&tried).await?.map_err(ReportError::TooFast)?;
        }
        let rules = self.rules(now());
        let mut repeated = None;
        let changed = self.store.change(code, |report, known| {
            if report.visitor.as_ref() != Some(visitor) {
                return Err(if report.is_public() {
                    ReportError::NotTheirs
                } else {
                    ReportError::NotFound
                });
            }
            // The response was lost and the client sent the form again.
            let last = known.last_by_reporter.as_ref();
            if last
                .is_some_and(|last| rules.now - last.at <= REPEAT_WINDOW && command.produced(last))
            {
                repeated = Some(report.clone());
                return Err(ReportError::Conflict);
            }
            let added = known.photos.iter().filter(|photo| photo.role == PhotoRole::Before).count();
            if !photos.is_empty() && added + photos.len() > 3 * PHOTOS_MAX {
                let full = LocalizedText::new(
                    format!("照片已经有{added}张，放不下了"),
                    format!("There are {added} photos already, and no room for more"),
                );
                return Err(ReportError::Form(vec![("photos", full)]));
            }
            let (report, event) = rules.apply_reporter_command(report, command, known.others)?;
            let again = event.what == EventKind::NotSolved && report.state == State::Dispatched;
            Ok(Change {
                report,
                event,
                photos: before(photos),
                public_photos: None,
                notices: again.then_some(Notice::Reopened).into_iter().collect(),
            })
        });
        let changed = changed.await;
        Ok(repeated.map_or(changed, Ok)?)
    }

    /// Says that this visitor has met the same.
    ///
    /// # Errors
    /// [`ReportError`]; [`ReportError::Conflict`] when it is settled.
    pub async fn support_report(
        &self,
        who: &Requester<'_>,
        code: &Code,
    ) -> Result<(), ReportError> {
        let visitor = who.visitor.ok_or(ReportError::NewVisitor)?;
        let seen = self.visible_report(visitor, code).await?;
        let (report, own) = seen.ok_or(ReportError::NotFound)?;
        if own {
            return Err(ReportError::NotTheirs);
        }
        if !report.state.is_open() {
            return Err(ReportError::Conflict);
        }
        let tried = Attempt::at_supports(&self.keys, who);
        self.count_attempt(&tried).await?.map_err(ReportError::TooFast)?;
        let burst = self.burst_of_supports(who.client_network).await?;
        self.store.support(report.serial, visitor, now(), burst.as_deref()).await?;
        Ok(())
    }
}

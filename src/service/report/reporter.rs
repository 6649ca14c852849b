//! What visitors wish for a report that is there: the reporter's words, others' support.

use domain::{
    lang::Said,
    report::{
        Code, EventKind, PhotoRole, Report, State, photo::PHOTOS_MAX, reporter::ReporterCommand,
    },
    time::Millis,
    visitor::VisitorId,
};
use store::{Change, Notice};

use super::{ReportError, before};
use crate::base::{Service, now};

/// How long the same wish, sent again, is the same one: longer than a proxy or a person
/// waits for an answer that was lost.
const SAME: Millis = 2 * 60_000;

impl Service {
    /// What the reporter wishes for the report at `code`.
    ///
    /// # Errors
    /// [`ReportError`]; whose report it is not hears that there is none, or, where they
    /// can see it, that it is not theirs.
    pub async fn reporter_wishes(
        &self,
        visitor: &VisitorId,
        code: &Code,
        wish: &ReporterCommand,
        photos: &[Code],
    ) -> Result<Report, ReportError> {
        let rules = self.rules(now());
        let mut granted_before = None;
        let changed = self.store.change(code, |report, known| {
            if report.visitor.as_ref() != Some(visitor) {
                return Err(if report.is_public() {
                    ReportError::NotTheirs
                } else {
                    ReportError::NotFound
                });
            }
            // The answer got lost, and the form was sent again.
            let last = known.last_by_reporter.as_ref();
            if last.is_some_and(|last| rules.now - last.at <= SAME && wish.was_granted_by(last)) {
                granted_before = Some(report.clone());
                return Err(ReportError::Conflict);
            }
            let added = known.photos.iter().filter(|photo| photo.role == PhotoRole::Before).count();
            if !photos.is_empty() && added + photos.len() > 3 * PHOTOS_MAX {
                let full = Said::new(
                    format!("照片已经有{added}张，放不下了"),
                    format!("There are {added} photos already, and no room for more"),
                );
                return Err(ReportError::Form(vec![("photos", full)]));
            }
            let (report, event) = rules.grant(report, wish, known.others)?;
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
        Ok(granted_before.map_or(changed, Ok)?)
    }

    /// Says that this visitor has met the same.
    ///
    /// # Errors
    /// [`ReportError`]; [`ReportError::Conflict`] when it is settled.
    pub async fn support_report(
        &self,
        visitor: &VisitorId,
        code: &Code,
    ) -> Result<(), ReportError> {
        let seen = self.seen_by(visitor, code).await?;
        let (report, own) = seen.ok_or(ReportError::NotFound)?;
        if own {
            return Err(ReportError::NotTheirs);
        }
        if !report.state.is_open() {
            return Err(ReportError::Conflict);
        }
        self.store.support(report.serial, visitor, now()).await?;
        Ok(())
    }
}

//! What residents do to a filed report: the reporter adds, urges, rates or withdraws; others
//! support it, and say whether it is solved.

use domain::{
    lang::LocalizedText,
    report::{
        Code, Event, EventKind, PhotoRole, Report, State,
        action::transition::TransitionError,
        photo::PHOTOS_MAX,
        residents::{merge::Others, reporter::ReporterCommand},
    },
    time::Millis,
};
use store::{Change, Notice, StoreError};

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
        let under = match command {
            ReporterCommand::Add { .. } => self.goes_on_under(code).await?,
            _ => None,
        };
        let changed = self.store.change_with_other(code, under, |report, known| {
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
            let under = known.other.as_ref();
            let others = Others { share_it: known.others, under };
            let (report, event) = rules.apply_reporter_command(report, command, others)?;
            let other = under.map(|under| rules.told_of(under, &report, EventKind::AddedToMerged));
            let again = event.what == EventKind::NotSolved && report.state == State::Dispatched;
            Ok(Change {
                report,
                event,
                photos: before(photos),
                public_photos: None,
                notices: again.then_some(Notice::Reopened).into_iter().collect(),
                other,
            })
        });
        let changed = changed.await;
        let changed = repeated.map_or(changed, Ok)?;
        if changed.state == State::Withdrawn {
            self.part_merged(&changed).await?;
        }
        Ok(changed)
    }

    /// The serial of the report that the one at `code` goes on under.
    async fn goes_on_under(&self, code: &Code) -> Result<Option<u64>, StoreError> {
        let report = self.store.report(code).await?;
        let under = match report.filter(|report| report.state == State::Duplicate) {
            Some(report) => self.merged_into(&report).await?,
            None => None,
        };
        Ok(under.map(|under| under.serial))
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

    /// A supporter says that it is not solved; once enough of them do, it is opened again.
    ///
    /// # Errors
    /// [`ReportError`]; [`ReportError::NotTheirs`] for who does not support it, and
    /// [`ReportError::Conflict`] for who does not any more know it as it was before, or too late.
    pub async fn say_unsolved(&self, who: &Requester<'_>, code: &Code) -> Result<(), ReportError> {
        let visitor = who.visitor.ok_or(ReportError::NewVisitor)?;
        let (report, own) =
            self.visible_report(visitor, code).await?.ok_or(ReportError::NotFound)?;
        if own {
            return self.say_merged_unsolved(who, &report).await;
        }
        let support = self.store.support_of(report.serial, visitor).await?;
        let support = support.ok_or(ReportError::NotTheirs)?;
        let rules = self.rules(now());
        // If the answer was lost and the form comes again, what follows is made up for.
        let again = report.is_unsolved_for(support);
        if !again
            && !report.may_supporter_object(support, rules.now, self.campaign.deadlines.reopen)
        {
            return Err(ReportError::Conflict);
        }
        let tried = Attempt::at_supports(&self.keys, who);
        self.count_attempt(&tried).await?.map_err(ReportError::TooFast)?;
        // Of each report apart: whoever reads the table does not learn who is whose neighbour.
        let network = format!("unsolved {} {}", report.serial, who.client_network.wide());
        let network = self.keys.hash(&network);
        let unsolved = self.store.say_unsolved(&report, visitor, &network, rules.now).await?;
        if !unsolved.is_enough() {
            return Ok(());
        }
        self.reopen(code, |report| rules.reopen_for_supporters(report, unsolved)).await
    }

    /// The reporter of a merged report says that the one it went on under is not solved.
    async fn say_merged_unsolved(
        &self,
        who: &Requester<'_>,
        merged: &Report,
    ) -> Result<(), ReportError> {
        let under = self.merged_into(merged).await?.ok_or(ReportError::Conflict)?;
        let rules = self.rules(now());
        if !under.may_be_unsolved(rules.now, self.campaign.deadlines.reopen) {
            return Err(ReportError::Conflict);
        }
        let tried = Attempt::at_supports(&self.keys, who);
        self.count_attempt(&tried).await?.map_err(ReportError::TooFast)?;
        self.reopen(&under.code, |report| rules.reopen_for_merged(report)).await
    }

    /// Opens the report at `code` again, unless another one's word came first.
    async fn reopen(
        &self,
        code: &Code,
        reopened: impl FnOnce(&Report) -> Result<(Report, Event), TransitionError> + Send,
    ) -> Result<(), ReportError> {
        let changed = self.store.change(code, |report, _| {
            let (report, event) = reopened(report)?;
            let notices = vec![Notice::Reopened];
            Ok::<_, ReportError>(Change { notices, ..Change::only(report, event) })
        });
        match changed.await.map_err(ReportError::from) {
            Ok(_) | Err(ReportError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

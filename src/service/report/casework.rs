//! Casework: what staff do to reports. What they see of them is in `case`.

use domain::{
    campaign::Campaign,
    report::{
        Action, Audience, CaseNumber, Code, EventKind, Photo, PhotoRole, Report, State,
        action::{Denied, command::Command, transition::Evidence},
    },
    staff::Staff,
    time::Millis,
};
use store::{Attached, Change, ChangeError, Notice, StoreError};

use super::{ReportError, public::last_words};
use crate::base::Service;

/// A request of staff to change one report, and the version of the report that they saw.
#[derive(Clone, Debug)]
pub struct ActionRequest {
    /// Which report.
    pub code: Code,
    /// The version that was looked at.
    pub version: u64,
    /// What.
    pub command: Command,
    /// Held photos of what was found.
    pub before: Vec<Code>,
    /// Held photos of what it looks like now.
    pub after: Vec<Code>,
}

/// Target of an action: report, version, photos; without the command.
struct ActionTarget {
    code: Code,
    version: u64,
    action: Action,
    /// The serial of the report that it is merged into.
    other: Option<u64>,
    before: Vec<Code>,
    after: Vec<Code>,
    /// Whether it is one of many.
    in_bulk: bool,
}

impl ActionTarget {
    /// Of an order that brings no photos and no other report.
    const fn bare(code: Code, version: u64, action: Action) -> Self {
        Self {
            code,
            version,
            action,
            other: None,
            before: Vec::new(),
            after: Vec::new(),
            in_bulk: true,
        }
    }
}

impl Service {
    /// Carries out what `staff` orders.
    ///
    /// # Errors
    /// [`ReportError`], in this order: not in scope (404), not permitted (403), stale version
    /// (409), wrong state (409), missing input (422).
    pub async fn act(&self, staff: &Staff, order: ActionRequest) -> Result<Report, ReportError> {
        let ActionRequest { code, version, command, before, after } = order;
        let other = match &command {
            Command::Duplicate { of } => Some(of.serial),
            _ => None,
        };
        let action = command.action();
        let target = ActionTarget { code, version, action, other, before, after, in_bulk: false };
        self.apply(staff, target, |_| Ok(command), &mut None).await
    }

    /// Does the same to many reports, each decided on its own: how many were done, and which
    /// were not.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached; those before are done.
    pub async fn act_on_each(
        &self,
        staff: &Staff,
        chosen: Vec<(Code, u64)>,
        command: &BulkCommand,
    ) -> Result<(usize, Vec<FailedAction>), StoreError> {
        let (mut done, mut not_done) = (0, Vec::new());
        for (code, version) in chosen {
            // Whoever else waits to write has a turn in between.
            tokio::task::yield_now().await;
            let target = ActionTarget::bare(code, version, command.action());
            let mut number = None;
            let of = |report: &Report| command.of(report, &self.campaign);
            match self.apply(staff, target, of, &mut number).await {
                Ok(_) => done += 1,
                Err(ReportError::Store(error)) => return Err(error),
                Err(why) => not_done.push(FailedAction { number, why }),
            }
        }
        Ok((done, not_done))
    }

    /// Builds the command from the locked report and applies it. Sets `number` once the report is
    /// known to be visible to `staff`.
    async fn apply(
        &self,
        staff: &Staff,
        target: ActionTarget,
        command: impl FnOnce(&Report) -> Result<Command, ReportError> + Send,
        number: &mut Option<CaseNumber>,
    ) -> Result<Report, ReportError> {
        let rules = self.rules(crate::base::now());
        let ActionTarget { code, version, action, other, before, after, in_bulk } = target;
        let mut from_before = self.photos_named(&before).await?;
        let from_after = self.photos_named(&after).await?;
        if !after.is_empty() {
            from_before.extend(self.store.photos_of_merged_reports(&code).await?);
        }
        let changed = self.store.change_with_other(&code, other, move |report, known| {
            if !staff.may_see(report) {
                return Err(ReportError::NotFound);
            }
            *number = Some(report.number());
            if let Err(Denied::Person(why)) = action.allowed(staff, report) {
                return Err(ReportError::Forbidden(why));
            }
            if report.is_newer_than(version) {
                return Err(ReportError::Stale(Box::new(report.clone())));
            }
            let command = command(report)?;
            let evidence = Evidence {
                before: !before.is_empty()
                    || known.photos.iter().any(|photo| photo.role == PhotoRole::Before),
                after: !after.is_empty() || has_after(report, &known.photos),
                repeated: any_repeated(&from_before, &from_after, &known.photos),
                into: known.other.as_ref().filter(|other| staff.may_see(other)),
            };
            let (changed, event) = rules.apply_command(report, staff, &command, evidence)?;
            let public_photos = match &command {
                Command::Accept { public_photos, .. } => Some(public_photos.clone()),
                _ => None,
            };
            let mut notices = notices_of(action, report, &changed);
            if action == Action::Admit && !in_bulk {
                // It came without one.
                notices.push(Notice::New);
            }
            // Staff take their pictures for everyone to see; the form says so.
            let attach = |role| move |id: Code| Attached { id, role, public: true };
            let merged = known.other.as_ref().filter(|_| action == Action::Duplicate);
            let other = merged.map(|other| rules.told_of(other, &changed, EventKind::Merged));
            let before = before.into_iter().map(attach(PhotoRole::Before));
            let after = after.into_iter().map(attach(PhotoRole::After));
            Ok(Change {
                report: changed,
                event,
                photos: before.chain(after).collect(),
                public_photos,
                notices,
                other,
            })
        });
        let changed = changed.await?;
        if action == Action::Reject {
            self.part_merged(&changed).await?;
        }
        Ok(changed)
    }

    /// Lets the reports go on that were left when a node ended in the midst of that.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn part_forgotten(&self) -> Result<(), StoreError> {
        for ended in self.store.ended_with_merged().await? {
            self.part_merged(&ended).await?;
        }
        Ok(())
    }

    /// Lets the reports go on that were merged into one that was not accepted, or was withdrawn.
    pub(super) async fn part_merged(&self, ended: &Report) -> Result<(), StoreError> {
        let rules = self.rules(crate::base::now());
        let events = self.store.timeline(ended.serial, None, Audience::Reporter).await?.events;
        let why = last_words(&events, ended.state, Action::Reject);
        let mut last = 0;
        loop {
            let merged = self.store.merged_directly(ended.serial, last).await?;
            let Some(newest) = merged.last() else { return Ok(()) };
            last = newest.serial;
            for other in &merged {
                let parted = self.store.change(&other.code, |other, _| {
                    let parted = rules.part(other, ended.serial, why.clone());
                    let (report, event) = parted.ok_or(ReportError::Conflict)?;
                    let notices = vec![Notice::New];
                    Ok::<_, ReportError>(Change { notices, ..Change::only(report, event) })
                });
                match parted.await {
                    // Someone was quicker, or nothing is left of it.
                    Ok(_) | Err(ChangeError::Missing | ChangeError::Refused(_)) => {}
                    Err(ChangeError::Store(error)) => return Err(error),
                }
            }
        }
    }

    /// The photos of these addresses, as far as they are there.
    pub(crate) async fn photos_named(&self, ids: &[Code]) -> Result<Vec<Photo>, StoreError> {
        let mut found = Vec::new();
        for id in ids {
            found.extend(self.store.photo(id).await?);
        }
        Ok(found)
    }

    /// Whether `staff` sees the report at `code`, and is one who may do this to it.
    ///
    /// # Errors
    /// [`ReportError::NotFound`] or [`ReportError::Forbidden`].
    pub async fn may_act(
        &self,
        staff: &Staff,
        code: &Code,
        action: Action,
    ) -> Result<Report, ReportError> {
        let report = self.store.report(code).await?.filter(|report| staff.may_see(report));
        let report = report.ok_or(ReportError::NotFound)?;
        match action.allowed(staff, &report) {
            Err(Denied::Person(why)) => Err(ReportError::Forbidden(why)),
            _ => Ok(report),
        }
    }

    /// Contact details of a report, noted as shown; `None` when `staff` does not see it.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is shown that is not noted.
    pub async fn show_contact(
        &self,
        staff: &Staff,
        code: &Code,
    ) -> Result<Option<Report>, StoreError> {
        let report = self.report_for(staff, code).await?;
        if let Some(report) = report.as_ref().filter(|report| report.has_contact()) {
            let subject = report.number().to_string();
            self.note(staff, "contact", &subject).await?;
        }
        Ok(report)
    }

    /// Writes down what someone did.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn note(&self, staff: &Staff, action: &str, subject: &str) -> Result<(), StoreError> {
        let id = crate::base::fresh_code()?;
        self.store
            .note_audit(id.as_str(), Some(staff.id), action, subject, crate::base::now())
            .await
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn now(&self) -> Millis {
        crate::base::now()
    }
}

/// Whom a change is told: those to whom a report comes.
fn notices_of(action: Action, before: &Report, after: &Report) -> Vec<Notice> {
    let is_ordered = matches!(after.state, State::Dispatched | State::InProgress);
    let has_new_unit = is_ordered && before.unit != after.unit;
    let told = [
        (after.reopened > before.reopened, Notice::Reopened),
        (action == Action::Dispatch || has_new_unit, Notice::Dispatched),
        (before.grid.is_some() && before.grid != after.grid, Notice::Moved),
    ];
    told.into_iter().filter_map(|(is_due, notice)| is_due.then_some(notice)).collect()
}

/// What is done to many reports at once.
#[derive(Clone, Debug)]
pub enum BulkCommand {
    /// Each is accepted as what it is, where it is.
    Accept,
    /// The same is done to each.
    Same(Command),
}

impl BulkCommand {
    const fn action(&self) -> Action {
        match self {
            Self::Accept => Action::Accept,
            Self::Same(command) => command.action(),
        }
    }

    /// What it means for one report.
    fn of(&self, report: &Report, campaign: &Campaign) -> Result<Command, ReportError> {
        match (self, &report.grid) {
            (Self::Same(command), _) => Ok(command.clone()),
            (Self::Accept, Some(grid)) => Ok(Command::Accept {
                category: report.category.clone(),
                grid: grid.clone(),
                summary: report.default_summary(campaign),
                public_photos: Vec::new(),
            }),
            (Self::Accept, None) => {
                Err(ReportError::Form(vec![("grid", "还没有网格，请打开受理".into())]))
            }
        }
    }
}

/// One of many that was not done.
#[derive(Debug)]
pub struct FailedAction {
    /// Its number; `None` where there is none that this person sees.
    pub number: Option<CaseNumber>,
    /// Why.
    pub why: ReportError,
}

/// Whether the same photo is used as a before and an after photo: among those attached by this
/// action (`before`, `after`) and those of the report (`known`).
pub(crate) fn any_repeated(before: &[Photo], after: &[Photo], known: &[Photo]) -> bool {
    let of = |role| known.iter().filter(move |photo| photo.role == role);
    // Those that are brought are held as from before, all of them.
    let mut after = after.iter().chain(of(PhotoRole::After));
    after.any(|after| {
        before.iter().chain(of(PhotoRole::Before)).any(|photo| after.is_copy_of(photo))
    })
}

/// Whether there is a photo from after the last handling.
fn has_after(report: &Report, photos: &[Photo]) -> bool {
    let of_now = |photo: &Photo| {
        photo.role == PhotoRole::After && report.finished_at.is_none_or(|at| photo.at >= at)
    };
    report.finished_at.is_some() && photos.iter().any(of_now)
}

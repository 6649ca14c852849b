//! What staff see of reports: the queue, and one case with all that belongs to it.

use domain::{
    report::{
        Action, Audience, Code, Event, Photo, Report, State,
        filter::{PageEnd, QueueCursor, ReportFilter, Sort, States},
        photo::has_similar_before_and_after,
    },
    staff::{Staff, StaffId},
    text::{Telephone, Telephones},
};
use store::{QUEUE_PAGE, StoreError, Timeline, Waiting};

use crate::base::Service;

/// Reports on one page of a batch check.
pub const CHECK_PAGE: u32 = 20;

/// One report with all that staff may know of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// The report.
    pub report: Report,
    /// A part of what happened.
    pub timeline: Timeline,
    /// All its photos.
    pub photos: Vec<Photo>,
    /// Open reports of the same category and grid.
    pub similar: Vec<Report>,
    /// The report that it goes on under.
    pub merged_into: Option<Report>,
    /// Those that go on under it: whoever handles it sees what their reporters sent.
    pub merged: Vec<MergedReport>,
    /// Whether a picture from after handling looks nearly as one from before.
    pub before_and_after_alike: bool,
    /// What this person may do to it now.
    pub actions: Vec<Action>,
}

/// A report that goes on under another one.
#[derive(Clone, Debug)]
pub struct MergedReport {
    /// The report.
    pub report: Report,
    /// Its photos.
    pub photos: Vec<Photo>,
    /// What its reporter wrote later.
    pub added: Vec<String>,
}

/// Slices that are looked through for the next case of a list.
const NEXT_SLICES: usize = 3;

/// Most open reports that are named beside one of the same category and grid.
const ALIKE_MAX: usize = 20;

/// A page of the queue.
#[derive(Clone, Debug)]
pub struct QueuePage {
    /// The reports.
    pub reports: Vec<Report>,
    /// Their photos.
    pub photos: Vec<Photo>,
    /// The serials of those of which a picture from after handling looks nearly as one from
    /// before; on a page of what waits to be checked.
    pub before_and_after_alike: Vec<u64>,
    /// How it ends.
    pub end: PageEnd,
}

/// Most reports that are looked through for one page: at most 50 ms of a processor.
const LOOKED_THROUGH: u32 = 3_000;

/// Most reports that are opened to search words in them: a quarter of a second.
const SEARCHED: u32 = 8_000;

const fn looked_through(filter: &ReportFilter) -> u32 {
    if filter.q.is_empty() { LOOKED_THROUGH } else { SEARCHED }
}

/// The numbers of those reports whose telephone is what was searched.
fn reports_of_phone(q: &str, found: &[Report]) -> Vec<String> {
    let spellings = |typed: &str| {
        let phones = Telephones::parse(typed).ok().flatten();
        phones.iter().flat_map(Telephones::all).flat_map(Telephone::spellings).collect::<Vec<_>>()
    };
    let asked = spellings(q);
    let is_theirs = |report: &&Report| {
        let theirs = report.contact_phone.as_deref().map(spellings).unwrap_or_default();
        theirs.iter().any(|digits| asked.contains(digits))
    };
    let found = found.iter().filter(|_| !asked.is_empty()).filter(is_theirs);
    found.map(|report| report.number().to_string()).collect()
}

impl Service {
    /// One report with all that `staff` may know of it, and the newest part of its timeline or that
    /// before the version `before`; `None` when they do not see it.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn case(
        &self,
        staff: &Staff,
        code: &Code,
        before: Option<u64>,
    ) -> Result<Option<Case>, StoreError> {
        let Some(report) = self.report_for(staff, code).await? else { return Ok(None) };
        let timeline = self.store.timeline(report.serial, before, Audience::Staff).await?;
        let photos = self.store.photos_of(report.serial).await?;
        let mut similar = match &report.grid {
            Some(grid) => self.store.open_alike(&report.category, grid).await?,
            None => Vec::new(),
        };
        similar.retain(|other| other.serial != report.serial && staff.may_see(other));
        similar.truncate(ALIKE_MAX);
        let merged_into = self.merged_into(&report).await?;
        let merged = self.merged_reports(&report).await?;
        let actions = Action::ALL.into_iter();
        // Who sees it as a part of another one reads it only.
        let mine = staff.may_see(&report);
        let allowed = |action: &Action| mine && action.allowed(staff, &report).is_ok();
        let actions = actions.filter(allowed).collect();
        let merged_into = merged_into.filter(|other| staff.may_see(other));
        let before_and_after_alike = self.before_and_after_alike(&report, &photos).await?;
        Ok(Some(Case {
            report,
            timeline,
            photos,
            similar,
            merged_into,
            merged,
            before_and_after_alike,
            actions,
        }))
    }

    /// The report at `code`, if `staff` sees it, or the one that it goes on under.
    pub(super) async fn report_for(
        &self,
        staff: &Staff,
        code: &Code,
    ) -> Result<Option<Report>, StoreError> {
        match self.store.report(code).await? {
            Some(report) if self.sees_report(staff, &report).await? => Ok(Some(report)),
            _ => Ok(None),
        }
    }

    /// Whether `staff` sees `report`, or the one that it goes on under.
    pub(super) async fn sees_report(
        &self,
        staff: &Staff,
        report: &Report,
    ) -> Result<bool, StoreError> {
        let under = match staff.may_see(report) {
            true => return Ok(true),
            false => self.merged_into(report).await?,
        };
        Ok(under.is_some_and(|under| staff.may_see(&under)))
    }

    async fn merged_reports(&self, report: &Report) -> Result<Vec<MergedReport>, StoreError> {
        let merged = self.store.merged_reports(&report.code).await?;
        if merged.is_empty() {
            return Ok(Vec::new());
        }
        let photos = self.store.photos_of_all(&merged).await?;
        let added = self.store.additions_to(&merged).await?;
        let one = |report: Report| {
            let theirs = |photo: &&Photo| photo.serial == Some(report.serial);
            let added = added.iter().filter(|event| event.serial == report.serial);
            MergedReport {
                photos: photos.iter().filter(theirs).cloned().collect(),
                added: added.filter_map(|event| event.text.clone()).collect(),
                report,
            }
        };
        Ok(merged.into_iter().map(one).collect())
    }

    /// What happened to a report after `version`, each with who did it.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn events_since(
        &self,
        report: &Report,
        version: u64,
    ) -> Result<Vec<(Event, String)>, StoreError> {
        let mut events = self.store.timeline(report.serial, None, Audience::Staff).await?.events;
        events.retain(|event| event.version > version);
        let names = self.names().await?;
        let named = |event: Event| {
            let who = event.staff.and_then(|id| names.get(&id).cloned()).unwrap_or_default();
            (event, who)
        };
        Ok(events.into_iter().map(named).collect())
    }

    /// What colleagues call each member of staff.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn names(&self) -> Result<std::collections::HashMap<StaffId, String>, StoreError> {
        let staff = self.store.staff().await?;
        Ok(staff.into_iter().map(|staff| (staff.id, staff.name)).collect())
    }

    /// Whether, of what waits to be checked, a picture from after handling looks nearly as one
    /// from before, also of a report that went on under this one.
    async fn before_and_after_alike(
        &self,
        report: &Report,
        photos: &[Photo],
    ) -> Result<bool, StoreError> {
        if report.state != State::AwaitingCheck {
            return Ok(false);
        }
        let merged = self.store.photos_of_merged_reports(&report.code).await?;
        let own = photos.iter().filter(|photo| photo.serial == Some(report.serial));
        Ok(has_similar_before_and_after(own.chain(&merged)))
    }

    /// One page of the queue. That someone looked whose telephone it is, is noted, as when they look at
    /// a contact.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn queue(
        &self,
        staff: &Staff,
        filter: &ReportFilter,
    ) -> Result<QueuePage, StoreError> {
        let found = self.queue_page(staff, filter, QUEUE_PAGE).await?;
        let of_phone = reports_of_phone(&filter.q, &found.reports);
        if !of_phone.is_empty() && filter.after.is_none() {
            self.note(staff, "contact-search", &of_phone.join(" ")).await?;
        }
        Ok(found)
    }

    /// The report that comes after `seen`, as it was before something was done to it, in the list of
    /// `filter`; after the last one, the first.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn next_in_queue(
        &self,
        staff: &Staff,
        filter: &ReportFilter,
        seen: &Report,
    ) -> Result<Option<Code>, StoreError> {
        for after in [Some(QueueCursor::after(seen)), None] {
            let mut list = ReportFilter { after, ..filter.clone() };
            for _ in 0..NEXT_SLICES {
                let found = self.queue_page(staff, &list, 2).await?;
                let mut others = found.reports.into_iter();
                if let Some(next) = others.find(|report| report.serial != seen.serial) {
                    return Ok(Some(next.code));
                }
                let PageEnd::SearchedTo { next, .. } = found.end else { break };
                list.after = Some(next);
            }
        }
        Ok(None)
    }

    /// One page of what waits to be checked, with its photos.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn to_check(
        &self,
        staff: &Staff,
        after: Option<QueueCursor>,
    ) -> Result<QueuePage, StoreError> {
        let states = States::Only(State::AwaitingCheck);
        let filter = ReportFilter { states, sort: Sort::Old, after, ..ReportFilter::default() };
        let mut found = self.queue_page(staff, &filter, CHECK_PAGE).await?;
        for report in &found.reports {
            if self.before_and_after_alike(report, &found.photos).await? {
                found.before_and_after_alike.push(report.serial);
            }
        }
        Ok(found)
    }

    /// The open reports that `staff` sees, those that are due first at the top; at most
    /// `most`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn to_do(
        &self,
        staff: &Staff,
        filter: &ReportFilter,
        most: u32,
    ) -> Result<Vec<Report>, StoreError> {
        Ok(self
            .store
            .queue(staff, filter, most, looked_through(filter), crate::base::now())
            .await?
            .0)
    }

    async fn queue_page(
        &self,
        staff: &Staff,
        filter: &ReportFilter,
        size: u32,
    ) -> Result<QueuePage, StoreError> {
        let (reports, end) = self
            .store
            .queue(staff, filter, size, looked_through(filter), crate::base::now())
            .await?;
        let photos = self.store.photos_of_all(&reports).await?;
        Ok(QueuePage { reports, photos, before_and_after_alike: Vec::new(), end })
    }

    /// Hashes the numbers of reports that lack it, for two seconds at most.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn make_numbers(&self) -> Result<(), StoreError> {
        let begun = crate::base::now();
        while self.store.make_numbers().await? && crate::base::now() - begun < 2_000 {}
        Ok(())
    }

    /// What waits for `staff`, in numbers.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn waiting(&self, staff: &Staff) -> Result<Waiting, StoreError> {
        self.store.waiting(staff, crate::base::now()).await
    }
}

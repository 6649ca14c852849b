//! What visitors see of reports: their own whole, others' as far as they are public.

use std::cmp::Reverse;

use domain::{
    campaign::CategoryKind,
    report::{
        Action, Audience, CaseNumber, Code, Event, EventKind, Photo, PhotoRole, Report, State,
        filter::ReportFilter, residents::supporter::Support,
    },
    staff::Staff,
    visitor::VisitorId,
};
use store::{Size, StoreError, Timeline};

use super::ReportError;
use crate::base::Service;

/// A report as its status page shows it: nothing in it that the viewer may not know.
#[derive(Clone, Debug)]
pub struct ReportView {
    /// The report; what is private is empty, unless it is the viewer's own.
    pub report: Report,
    /// Whether the viewer sent it.
    pub own: bool,
    /// That the viewer has met it, too.
    pub support: Option<Support>,
    /// A part of what happened, without what the viewer may not read.
    pub timeline: Timeline,
    /// The event that says why the report was not accepted, or what the reporter is asked.
    pub explained: Option<Event>,
    /// The photos that the viewer may see.
    pub photos: Vec<Photo>,
    /// The report that it goes on under, if the viewer may see that.
    pub merged_into: Option<Code>,
    /// How it goes on under another report, for the reporter of this one.
    pub progress: Option<Progress>,
}

/// How a merged report goes on, as its reporter reads it.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The public part of the report that it goes on under.
    pub report: Report,
    /// Why that was not accepted, if so.
    pub why: Option<String>,
    /// The newest part of what happened there.
    pub events: Vec<Event>,
}

/// Whether what was written may be read by the reporter, or by anyone.
pub(crate) const fn is_readable(event: &Event, own: bool) -> bool {
    // Reasons for sending work back are internal.
    let among_staff = matches!(event.what, EventKind::Staff(Action::Check | Action::Reopen));
    match event.audience {
        Audience::Public => !among_staff,
        Audience::Reporter => own && !among_staff,
        Audience::Staff => false,
    }
}

/// Takes out the texts that may not be read.
fn hide_texts(events: &mut [Event], own: bool) {
    for event in events.iter_mut().filter(|event| !is_readable(event, own)) {
        event.text = None;
    }
}

impl Service {
    /// The report at `code` as `visitor` may see it, with the newest part of its timeline or that
    /// before the version `before`; `None` when not at all.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn status(
        &self,
        visitor: &VisitorId,
        code: &Code,
        before: Option<u64>,
    ) -> Result<Option<ReportView>, StoreError> {
        let Some((report, own)) = self.visible_report(visitor, code).await? else {
            return Ok(None);
        };
        let readers = Audience::Reporter;
        let mut timeline = self.store.timeline(report.serial, before, readers).await?;
        hide_texts(&mut timeline.events, own);
        let explained = match before {
            Some(_) => self.store.timeline(report.serial, None, readers).await?.events,
            None => timeline.events.clone(),
        };
        let explained = explained.into_iter().rev().find(|event| explains(event, report.state));
        let explained = explained.filter(|event| is_readable(event, own));
        let mut photos = self.store.photos_of(report.serial).await?;
        photos.retain(|photo| own || photo.public);
        let under = self.merged_into(&report).await?;
        let shown = under.as_ref().filter(|under| under.is_public());
        let merged_into = shown.map(|under| under.code.clone());
        self.hide_numbers(&mut timeline.events).await?;
        // The reporter sees the progress of the other report even if it is not public.
        let progress = match under.filter(|_| own) {
            Some(under) => {
                let mut events = self.store.timeline(under.serial, None, readers).await?.events;
                let why = last_words(&events, under.state, Action::Reject);
                hide_texts(&mut events, false);
                if !under.is_public() {
                    // What was written of it was not meant for them.
                    events.iter_mut().for_each(|event| (event.text, event.detail) = (None, None));
                }
                self.hide_numbers(&mut events).await?;
                Some(Progress { report: public_part(under), why, events })
            }
            None => None,
        };
        let support = self.store.support_of(report.serial, visitor).await?;
        let mut report = if own { report.shown_to_reporter() } else { public_part(report) };
        // Whose support waits to be counted sees it counted.
        report.supporters += u64::from(support.is_some_and(|support| !support.counted));
        Ok(Some(ReportView {
            report,
            own,
            support,
            timeline,
            explained,
            photos,
            merged_into,
            progress,
        }))
    }

    /// Takes out the numbers of reports that are not public: they are named nowhere.
    async fn hide_numbers(&self, events: &mut [Event]) -> Result<(), StoreError> {
        for event in events {
            if event.what != EventKind::Staff(Action::Duplicate) {
                continue;
            }
            let number = event.detail.as_deref().and_then(CaseNumber::parse);
            let named = match number {
                Some(number) => self.store.report_of_serial(number.serial).await?,
                None => None,
            };
            if !named.is_some_and(|named| named.is_public()) {
                event.detail = None;
            }
        }
        Ok(())
    }

    /// Whether the report at `code` is `visitor`'s own.
    ///
    /// # Errors
    /// [`ReportError::NotFound`] where they may see none; [`ReportError::Store`].
    pub async fn is_own_report(
        &self,
        visitor: &VisitorId,
        code: &Code,
    ) -> Result<bool, ReportError> {
        let (_, own) = self.visible_report(visitor, code).await?.ok_or(ReportError::NotFound)?;
        Ok(own)
    }

    /// The report at `code` if `visitor` may see something of it, and whether it is their own.
    pub(super) async fn visible_report(
        &self,
        visitor: &VisitorId,
        code: &Code,
    ) -> Result<Option<(Report, bool)>, StoreError> {
        let report = self.store.report(code).await?;
        let seen = report.map(|report| (report.visitor.as_ref() == Some(visitor), report));
        let seen = seen.filter(|(own, report)| *own || report.is_public());
        Ok(seen.map(|(own, report)| (report, own)))
    }

    /// The report that this one goes on under in the end, over however many merges.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub(crate) async fn merged_into(&self, report: &Report) -> Result<Option<Report>, StoreError> {
        // Reports are merged only into open reports, so there are no cycles; bounded all the same.
        const LONGEST: usize = 20;
        let (mut last, mut next) = (None, report.duplicate_of);
        for _ in 0..LONGEST {
            let Some(serial) = next else { break };
            let found = self.store.report_of_serial(serial).await?;
            next = found.as_ref().and_then(|found| found.duplicate_of);
            last = found.or(last);
        }
        Ok(last)
    }

    /// The visitor's own reports and those they support, newest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn my_reports(
        &self,
        visitor: &VisitorId,
    ) -> Result<(Vec<Report>, Vec<Report>), StoreError> {
        let own = self.store.reports_of(visitor).await?;
        let mut supported = self.store.supported_by(visitor).await?;
        supported.retain(Report::is_public);
        let own = own.into_iter().map(Report::shown_to_reporter).collect();
        Ok((own, supported.into_iter().map(public_part).collect()))
    }

    /// One page of the public list with the public photos on it, and whether there is
    /// another page.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn public_reports(
        &self,
        filter: &ReportFilter,
    ) -> Result<(Vec<Report>, Vec<Photo>, bool), StoreError> {
        let (reports, more) = self.store.public_reports(filter).await?;
        let mut photos = self.store.photos_of_all(&reports).await?;
        photos.retain(|photo| photo.public);
        Ok((reports.into_iter().map(public_part).collect(), photos, more))
    }

    /// The newest public before and after, one photo each.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn newest_pair(&self) -> Result<Option<(Report, Vec<Photo>)>, StoreError> {
        let Some((report, mut photos)) = self.store.newest_pair().await? else { return Ok(None) };
        photos.retain(|photo| photo.public);
        let mut pair = Vec::new();
        for role in [PhotoRole::Before, PhotoRole::After] {
            pair.extend(photos.iter().find(|photo| photo.role == role).cloned());
        }
        Ok(Some((public_part(report), pair)))
    }

    /// Reports of the same category and grid that are not settled yet: first those whose
    /// public summary shares most words with `place`, then the newest. Anyone may ask, as
    /// often as they like, so no answer depends on a position.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn similar_reports(
        &self,
        category: &str,
        grid: &str,
        place: &str,
    ) -> Result<Vec<Report>, StoreError> {
        const SHOWN: usize = 3;
        let category =
            self.campaign.category(category).filter(|c| c.kind == CategoryKind::Casework);
        let grid = self.campaign.grid(grid);
        let (Some(category), Some(grid)) = (category, grid) else { return Ok(Vec::new()) };
        let mut found = self.store.similar_open_reports(&category.slug, &grid.slug).await?;
        found.sort_by_cached_key(|report| Reverse(shared_words(report, place)));
        Ok(found.into_iter().take(SHOWN).map(public_part).collect())
    }

    /// Whether everyone may see a picture that `visitor` may see, or that `staff` may; `None` for one
    /// that they may not, or that is not there.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn sees_photo(
        &self,
        visitor: &VisitorId,
        staff: Option<&Staff>,
        id: &Code,
    ) -> Result<Option<bool>, StoreError> {
        let Some(photo) = self.store.photo(id).await? else { return Ok(None) };
        let report = match photo.serial {
            Some(serial) => self.store.report_of_serial(serial).await?,
            None => None,
        };
        let is_public = photo.public && report.as_ref().is_some_and(Report::is_public);
        let is_theirs = match (&report, photo.serial) {
            (Some(report), _) => {
                report.visitor.as_ref() == Some(visitor)
                    || match staff {
                        Some(staff) => self.sees_report(staff, report).await?,
                        None => false,
                    }
            }
            (None, None) => photo.visitor.as_ref() == Some(visitor),
            (None, Some(_)) => false,
        };
        Ok((is_public || is_theirs).then_some(is_public))
    }

    /// The bytes of a picture, for who may see it.
    ///
    /// # Errors
    /// [`StoreError`] when the photo store is away.
    pub async fn photo_bytes(
        &self,
        id: &Code,
        size: Size,
    ) -> Result<Option<bytes::Bytes>, StoreError> {
        self.photo_store.get(id, size).await
    }
}

/// Whether `event` says why a report is in `state`.
fn explains(event: &Event, state: State) -> bool {
    match event.what {
        EventKind::Staff(Action::Reject) => state == State::Rejected,
        EventKind::Staff(Action::Dismiss) => state == State::Dismissed,
        EventKind::Staff(Action::Ask) => state == State::NeedsInfo,
        EventKind::Parted => state == State::Submitted,
        _ => false,
    }
}

/// What staff wrote last with `action`, where that explains the state.
pub(super) fn last_words(events: &[Event], state: State, action: Action) -> Option<String> {
    let last = events.iter().rev().find(|event| event.what == EventKind::Staff(action))?;
    last.text.clone().filter(|_| last.state == state)
}

/// What everyone may know of a report.
pub fn public_part(report: Report) -> Report {
    Report {
        visitor: None,
        source_number: None,
        entered_by: None,
        description: String::new(),
        place: String::new(),
        lat: None,
        lon: None,
        accuracy: None,
        contact_name: None,
        contact_phone: None,
        rating_comment: None,
        extension_reason: None,
        form_key: None,
        ..report
    }
}

/// How many words of `place` stand in the public summary of `report`.
fn shared_words(report: &Report, place: &str) -> usize {
    let known = bigrams(report.summary.as_deref().unwrap_or_default());
    bigrams(place).iter().filter(|word| known.contains(word)).count()
}

/// Every two neighbouring characters: words, for a language that does not part them.
fn bigrams(text: &str) -> Vec<[char; 2]> {
    let characters: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
    characters.windows(2).filter_map(|pair| pair.try_into().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_among_colleagues_stays_there() {
        let event = |what, audience| Event {
            serial: 1,
            version: 1,
            at: 1,
            staff: Some(1),
            what: EventKind::Staff(what),
            state: State::Dispatched,
            text: Some("这户又在闹".into()),
            audience,
            detail: None,
        };
        for own in [false, true] {
            for what in [Action::Check, Action::Reopen] {
                assert!(!is_readable(&event(what, Audience::Public), own));
            }
            assert!(!is_readable(&event(Action::Note, Audience::Staff), own));
            assert_eq!(is_readable(&event(Action::Ask, Audience::Reporter), own), own);
            assert!(is_readable(&event(Action::Finish, Audience::Public), own));
        }
    }
}

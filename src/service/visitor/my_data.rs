//! What is kept of one person: all of it shown to them, all of it erased when they want it.

use std::sync::atomic::Ordering;

use domain::{
    report::{Code, Event, Photo, Report, Satisfaction, State},
    slug::Slug,
    time::{DAY, Millis},
    visitor::VisitorId,
};
use serde::Serialize;
use store::{Change, ChangeError, REPORTS_PART, StoreError};

use crate::{
    base::{Service, now},
    limits::Requester,
    report::public::is_readable,
    signature::SignError,
};

/// Reports of one visitor that one request erases, or one round of the job.
const ERASED_AT_ONCE: usize = 50;

/// Everything that is kept of a visitor. Times are milliseconds since 1970.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MyData {
    /// What they signed.
    pub signatures: Vec<MySigning>,
    /// The numbers of reports that they have met the same as.
    pub supported: Vec<String>,
    /// 寄语 that they object to, by number, and why.
    pub objections: Vec<(u64, String)>,
    /// Addresses of photos that are held until their form is sent, at most for an hour.
    pub held_photos: Vec<String>,
    /// Since when there is a phrase that brings them back; it is not kept itself.
    pub recovery_code_made_at: Option<Millis>,
    /// Since when a WeChat account is theirs; its name is not kept.
    pub wechat_linked_at: Option<Millis>,
    /// A part of their reports, newest first. The last field, so that the others can follow it.
    pub reports: Vec<MyReport>,
    /// The serial before which there are more.
    #[serde(skip)]
    pub earlier: Option<u64>,
}

/// A signature.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "as in a signature")]
pub struct MySigning {
    pub number: u64,
    pub name: String,
    pub grid: Option<Slug>,
    pub pledges: Vec<Slug>,
    pub message: Option<String>,
    pub signed_at: Millis,
}

/// A report.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "as in a report")]
pub struct MyReport {
    pub number: String,
    pub code: Code,
    pub state: State,
    pub category: Slug,
    pub grid: Option<Slug>,
    pub place: String,
    pub description: String,
    pub contact_name: Option<String>,
    pub contact_phone: Option<String>,
    /// Degrees north and east (WGS-84).
    pub position: Option<(f64, f64)>,
    /// The version of the notice that was agreed to, when it was sent.
    pub consent: String,
    pub submitted_at: Millis,
    pub erased_at: Option<Millis>,
    pub solved: Option<bool>,
    pub satisfied: Option<Satisfaction>,
    pub comment: Option<String>,
    /// What they added and what was written to them, each with its time.
    pub words: Vec<(Millis, String)>,
    /// Addresses of the photos.
    pub photos: Vec<String>,
}

impl MyData {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let linked = self.recovery_code_made_at.or(self.wechat_linked_at).is_some();
        let lists = [self.supported.len(), self.objections.len(), self.held_photos.len()];
        let counted = self.signatures.len() + self.reports.len() + lists.iter().sum::<usize>();
        counted == 0 && !linked
    }
}

impl Service {
    /// Everything that is kept of a visitor; of their reports the newest part.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn my_data(&self, visitor: &VisitorId) -> Result<MyData, StoreError> {
        let signatures = self.store.signatures_of(visitor).await?;
        let signatures = signatures.into_iter().map(|mine| MySigning {
            number: mine.ordinal,
            name: mine.name,
            grid: mine.grid,
            pledges: mine.pledges,
            message: mine.message,
            signed_at: mine.signed_at,
        });
        let (reports, earlier) = self.reports_part(visitor, u64::MAX).await?;
        let (recovery_code_made_at, wechat_linked_at) = self.store.links_of(visitor).await?;
        let supported = self.store.numbers_supported_by(visitor).await?;
        let held = self.store.held_for(visitor, 1).await?;
        Ok(MyData {
            signatures: signatures.collect(),
            supported: supported.iter().map(ToString::to_string).collect(),
            objections: self.store.objections_of(visitor).await?,
            held_photos: held.iter().map(address).collect(),
            recovery_code_made_at,
            wechat_linked_at,
            reports,
            earlier,
        })
    }

    /// A part of a visitor's reports, the newest before a serial first, and the serial before which
    /// there are more.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn reports_part(
        &self,
        visitor: &VisitorId,
        before: u64,
    ) -> Result<(Vec<MyReport>, Option<u64>), StoreError> {
        let own = self.store.reports_of_before(visitor, before).await?;
        let earlier = own.last().map(|report| report.serial);
        let earlier = earlier.filter(|_| own.len() >= REPORTS_PART);
        let events = self.store.events_of_all(&own).await?;
        let photos = self.store.photos_of_all(&own).await?;
        let reports = own.into_iter().map(|report| my_report(report, &events, &photos));
        Ok((reports.collect(), earlier))
    }

    /// Erases all data of a visitor. Open reports are withdrawn; of others the public texts of
    /// staff stay, without the reporter. The newest reports are erased at once, the others soon
    /// after, whatever happens to this request. Idempotent.
    ///
    /// # Errors
    /// [`SignError::TooFast`], and then all of it is there; [`SignError::Store`], and then some of it
    /// may be there for a while.
    pub async fn erase_visitor(&self, who: &Requester<'_>) -> Result<(), SignError> {
        let Some(visitor) = who.visitor else { return Ok(()) };
        self.withdraw_signature(who).await?;
        self.store.begin_erasure(visitor, now()).await?;
        self.erase_more_of(visitor).await?;
        Ok(())
    }

    /// Goes on with all erasures that are not finished.
    ///
    /// # Errors
    /// [`StoreError`] if something could not be erased; it is tried again.
    pub async fn continue_erasures(&self) -> Result<(), StoreError> {
        let mut fault = None;
        for visitor in self.store.unfinished_erasures().await? {
            fault = self.erase_more_of(&visitor).await.err().or(fault);
        }
        fault.map_or(Ok(()), Err)
    }

    /// One step of an erasure, and its end if there is no more.
    async fn erase_more_of(&self, visitor: &VisitorId) -> Result<(), StoreError> {
        self.wal_to_truncate.store(true, Ordering::Relaxed);
        let reports = self.erase_reports_of(visitor).await;
        // Signed meanwhile.
        self.store.withdraw(visitor.clone()).await?;
        let nobody = crate::base::fresh_code()?;
        let nobody = VisitorId::parse(nobody.as_str());
        let nobody =
            nobody.ok_or_else(|| StoreError::Setup("a new visitor id is malformed".into()))?;
        self.store.forget_visitor(visitor, &nobody).await?;
        if reports? {
            self.store.end_erasure(visitor).await?;
        }
        Ok(())
    }

    /// Erases the next `ERASED_AT_ONCE` reports of a visitor; whether that was all.
    async fn erase_reports_of(&self, visitor: &VisitorId) -> Result<bool, StoreError> {
        let rules = self.rules(now());
        let (mut left, mut before, mut fault) = (ERASED_AT_ONCE, u64::MAX, None);
        loop {
            let page = self.store.reports_of_before(visitor, before).await?;
            let Some(last) = page.last().map(|report| report.serial) else { break };
            before = last;
            for report in page {
                if left == 0 {
                    return Ok(false);
                }
                left -= 1;
                let changed = self.store.change(&report.code, |report, known| {
                    let (report, event) = rules.erase_reporter(report, known.others);
                    Ok::<_, StoreError>(Change::only(report, event))
                });
                // If one cannot be changed, go on with the others.
                let gone = match changed.await {
                    Ok(_) | Err(ChangeError::Missing) => Ok(()),
                    Err(ChangeError::Store(StoreError::Setup(_))) => {
                        self.store.erase_undecryptable(report.serial, rules.now).await
                    }
                    Err(ChangeError::Store(error) | ChangeError::Refused(error)) => Err(error),
                };
                fault = gone.err().or(fault);
            }
        }
        fault.map_or(Ok(true), Err)
    }

    /// Truncates the write-ahead log of SQLite after an erasure, as soon as no reader uses it.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn empty_log(&self) -> Result<(), StoreError> {
        if self.wal_to_truncate.load(Ordering::Relaxed) && self.store.truncate_wal().await? {
            self.wal_to_truncate.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Erases contact and position of reports that ended longer ago than the retention period;
    /// returns how many.
    ///
    /// # Errors
    /// [`StoreError`] when one of them could not be changed; the others are.
    pub async fn erase_expired(&self) -> Result<usize, StoreError> {
        let rules = self.rules(now());
        let kept = Millis::from(self.campaign.privacy.retention_days) * DAY;
        let (mut erased, mut fault, mut after) = (0, None, 0);
        loop {
            let over = self.store.to_erase(rules.now - kept, after).await?;
            let Some((_, last)) = over.last() else { break };
            after = *last;
            for (code, _) in &over {
                let changed = self.store.change(code, |report, _| {
                    let (report, event) = rules.erase(report).ok_or(())?;
                    Ok::<_, ()>(Change::only(report, event))
                });
                match changed.await {
                    Ok(_) => erased += 1,
                    // Opened again meanwhile.
                    Err(ChangeError::Missing | ChangeError::Refused(())) => {}
                    Err(ChangeError::Store(error)) => fault = Some(error),
                }
            }
        }
        self.wal_to_truncate.store(true, Ordering::Relaxed);
        fault.map_or(Ok(erased), Err)
    }
}

fn address(photo: &Photo) -> String {
    format!("/photos/{}", photo.id)
}

fn my_report(report: Report, events: &[Event], photos: &[Photo]) -> MyReport {
    let own = events.iter().filter(|event| event.serial == report.serial);
    let readable = own.filter(|event| is_readable(event, true));
    let words = readable.filter_map(|event| Some((event.at, event.text.clone()?)));
    let photos = photos.iter().filter(|photo| photo.serial == Some(report.serial));
    MyReport {
        number: report.number().to_string(),
        position: report.position().map(|position| (position.lat, position.lon)),
        photos: photos.map(address).collect(),
        words: words.collect(),
        code: report.code,
        state: report.state.shown_to_reporter(),
        category: report.category,
        grid: report.grid,
        place: report.place,
        description: report.description,
        contact_name: report.contact_name,
        contact_phone: report.contact_phone,
        consent: report.consent,
        submitted_at: report.submitted_at,
        erased_at: report.erased_at,
        solved: report.solved,
        satisfied: report.satisfied,
        comment: report.rating_comment,
    }
}

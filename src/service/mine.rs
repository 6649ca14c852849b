//! What is kept of one person: all of it shown to them, all of it erased when they want it.

use serde::Serialize;

use super::{Service, StoreError, now};
use crate::{
    domain::{
        report::{Audience, Code, Millis, PHOTOS_MAX, Report, Satisfaction, State},
        slug::Slug,
        visitor::VisitorId,
    },
    store::{Change, Unchanged},
};

/// Reports that are looked at in one go.
const MOST: usize = 10_000;

/// Everything that is kept of a visitor. Times are milliseconds since 1970.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MyData {
    /// Their signature.
    pub signature: Option<MySigning>,
    /// Their reports, newest first.
    pub reports: Vec<MyReport>,
    /// The numbers of reports that they have met the same as.
    pub supported: Vec<String>,
    /// Since when there is a phrase that brings them back; it is not kept itself.
    pub recovery_code_made_at: Option<Millis>,
    /// Since when a WeChat account is theirs; its name is not kept.
    pub wechat_linked_at: Option<Millis>,
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
        self.signature.is_none() && self.reports.is_empty() && self.supported.is_empty() && !linked
    }
}

impl Service {
    /// Everything that is kept of a visitor.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn my_data(&self, visitor: &VisitorId) -> Result<MyData, StoreError> {
        let signature = self.store.signature_of(visitor).await?.map(|mine| MySigning {
            number: mine.ordinal,
            name: mine.name,
            grid: mine.grid,
            pledges: mine.pledges,
            message: mine.message,
            signed_at: mine.signed_at,
        });
        let (own, supported) = self.my_reports(visitor).await?;
        let mut reports = Vec::with_capacity(own.len());
        for report in own {
            reports.push(self.my_report(report).await?);
        }
        let (recovery_code_made_at, wechat_linked_at) = self.store.links_of(visitor).await?;
        let supported = supported.iter().map(|report| report.number().to_string()).collect();
        Ok(MyData { signature, reports, supported, recovery_code_made_at, wechat_linked_at })
    }

    async fn my_report(&self, report: Report) -> Result<MyReport, StoreError> {
        let events = self.store.events_of(report.serial).await?;
        let readable = events.into_iter().filter(|event| event.audience != Audience::Staff);
        let words = readable.filter_map(|event| Some((event.at, event.text?))).collect();
        let photos = self.store.photos_of(report.serial).await?;
        let photos = photos.iter().take(10 * PHOTOS_MAX);
        Ok(MyReport {
            number: report.number().to_string(),
            position: report.position().map(|position| (position.lat, position.lon)),
            photos: photos.map(|photo| format!("/photos/{}", photo.id)).collect(),
            words,
            code: report.code,
            state: report.state,
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
        })
    }

    /// Erases everything that is kept of a visitor. Reports that are still handled are taken
    /// back; of others stays what staff wrote, and that there was one. Done again it does no
    /// harm.
    ///
    /// # Errors
    /// [`StoreError`]; then some of it may be there still.
    pub async fn forget_me(&self, visitor: &VisitorId) -> Result<(), StoreError> {
        let rules = self.rules(now());
        for _ in 0..MOST / 100 {
            let reports = self.store.reports_of(visitor).await?;
            if reports.is_empty() {
                break;
            }
            for report in reports {
                let changed = self.store.change(&report.code, |report, _| {
                    let (report, event) = rules.forget_reporter(report);
                    Ok::<_, StoreError>(Change::only(report, event))
                });
                match changed.await {
                    Ok(_) | Err(Unchanged::Missing) => {}
                    Err(Unchanged::Store(error) | Unchanged::Refused(error)) => return Err(error),
                }
            }
        }
        self.store.withdraw(visitor.clone()).await?;
        let nobody = super::fresh_code()?;
        let nobody = VisitorId::parse(nobody.as_str());
        let nobody = nobody.ok_or_else(|| StoreError::Setup("no visitor".into()))?;
        self.store.forget_visitor(visitor, &nobody).await
    }

    /// Takes contact and position from reports that ended as long ago as the campaign keeps
    /// them; how many.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn erase_expired(&self) -> Result<usize, StoreError> {
        const STEP: u16 = 100;
        const DAY: Millis = 86_400_000;
        let rules = self.rules(now());
        let kept = Millis::from(self.campaign.privacy.retention_days) * DAY;
        let mut erased = 0;
        loop {
            let over = self.store.to_erase(rules.now - kept, STEP).await?;
            let before = erased;
            for code in &over {
                let changed = self.store.change(code, |report, _| {
                    let (report, event) = rules.erase(report).ok_or(())?;
                    Ok::<_, ()>(Change::only(report, event))
                });
                match changed.await {
                    Ok(_) => erased += 1,
                    // Opened again meanwhile.
                    Err(Unchanged::Missing | Unchanged::Refused(())) => {}
                    Err(Unchanged::Store(error)) => return Err(error),
                }
            }
            if over.len() < usize::from(STEP) || erased == before {
                break;
            }
        }
        if erased > 0 {
            self.store.empty_log().await?;
        }
        Ok(erased)
    }
}

//! Reporting: filing, what is alike, supporting, what the reporter does and sees.

use super::{PictureError, Service, picture};
use crate::{
    domain::{
        campaign::{CategoryKind, Phase},
        report::{
            Audience, Code, Event, Millis, PHOTOS_MAX, Photo, PhotoRole, Position, Report, Source,
            State, What,
            deed::FieldErrors,
            filter::Filter,
            form::{NewReport, ReportForm},
            reporter::Wish,
            transition::{Refused, Rules},
        },
        slug::Slug,
        staff::StaffId,
        visitor::VisitorId,
    },
    store::{Attached, Change, Notice, Picture, Size, StoreError, Unchanged},
};

/// How long photos of a refused try are held.
pub const HELD_FOR: Millis = 3_600_000;

/// Most photos that are held for one visitor at once.
const HELD_MAX: usize = 12;

/// Why a report was not taken, or not changed.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The campaign has not begun, or is over.
    #[error("the campaign is not open")]
    Closed(Phase),
    /// There is none, or not for this person.
    #[error("there is no such report")]
    NotFound,
    /// The form has faults.
    #[error("the form has faults")]
    Form(FieldErrors),
    /// A file is no picture.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// Too many photos wait already.
    #[error("too many photos are held")]
    TooMany,
    /// This person may not do it.
    #[error("not by this person")]
    Forbidden(&'static str),
    /// It is not possible in this state, or no longer.
    #[error("no longer possible")]
    Conflict,
    /// Someone else changed it since it was looked at.
    #[error("changed since")]
    Stale(Box<Report>),
    /// The store could not say that it is kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Refused> for ReportError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Person(why) => Self::Forbidden(why),
            Refused::State => Self::Conflict,
            Refused::Fields(errors) => Self::Form(errors),
        }
    }
}

impl From<Unchanged<Self>> for ReportError {
    fn from(unchanged: Unchanged<Self>) -> Self {
        match unchanged {
            Unchanged::Missing => Self::NotFound,
            Unchanged::Refused(error) => error,
            Unchanged::Store(error) => Self::Store(error),
        }
    }
}

/// A report as its status page shows it: nothing in it that the viewer may not know.
#[derive(Clone, Debug)]
pub struct Status {
    /// The report; what is private is empty, unless it is the viewer's own.
    pub report: Report,
    /// Whether the viewer sent it.
    pub own: bool,
    /// Whether the viewer has said that they have met it, too.
    pub supports: bool,
    /// What happened, oldest first, without what the viewer may not read.
    pub events: Vec<Event>,
    /// The photos that the viewer may see.
    pub photos: Vec<Photo>,
    /// The report that it goes on under, if the viewer may see that.
    pub goes_on_under: Option<Code>,
}

/// How a new report came.
#[derive(Clone, Debug)]
pub struct Entry {
    /// By which way.
    pub source: Source,
    /// The number it has there.
    pub number: Option<String>,
    /// Who sent it.
    pub visitor: Option<VisitorId>,
    /// Who entered it.
    pub entered_by: Option<StaffId>,
    /// The form it came by.
    pub form_key: Option<Code>,
}

impl Service {
    /// Takes what was sent as photos and holds them for `visitor`.
    ///
    /// # Errors
    /// [`ReportError::Picture`] for the first that is none; the others are held.
    pub async fn hold_photos(
        &self,
        visitor: Option<&VisitorId>,
        sent: Vec<bytes::Bytes>,
    ) -> Result<Vec<Photo>, ReportError> {
        if let Some(visitor) = visitor {
            let held = self.held_photos(visitor).await?.len();
            if held + sent.len() > HELD_MAX {
                return Err(ReportError::TooMany);
            }
        }
        let mut held = Vec::new();
        let mut fault = None;
        for bytes in sent {
            match self.picture(bytes).await {
                Ok(picture) => held.push((self.photo_of(visitor, &picture)?, picture)),
                Err(error) => fault = fault.or(Some(error)),
            }
        }
        self.store.hold(&self.pictures, &held).await?;
        match fault {
            Some(error) => Err(error),
            None => Ok(held.into_iter().map(|(photo, _)| photo).collect()),
        }
    }

    fn photo_of(
        &self,
        visitor: Option<&VisitorId>,
        picture: &Picture,
    ) -> Result<Photo, ReportError> {
        Ok(Photo {
            id: super::fresh_code()?,
            serial: None,
            visitor: visitor.cloned(),
            role: PhotoRole::Before,
            public: false,
            width: picture.width,
            height: picture.height,
            at: super::now(),
        })
    }

    /// Makes a picture, at most a few at once and beside the threads that answer.
    async fn picture(&self, bytes: bytes::Bytes) -> Result<Picture, ReportError> {
        let _turn = self.darkroom.acquire().await;
        let processed = tokio::task::spawn_blocking(move || picture::process(&bytes)).await;
        // A decoder that gives up by panicking has met a broken picture.
        Ok(processed.unwrap_or(Err(PictureError::Broken))?)
    }

    /// The photos that are held for `visitor`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn held_photos(&self, visitor: &VisitorId) -> Result<Vec<Photo>, StoreError> {
        self.store.held_for(visitor, super::now() - HELD_FOR).await
    }

    /// Files a report of `visitor` with those of the held photos that `chosen` names.
    ///
    /// # Errors
    /// [`ReportError`]; nothing is filed then, and the photos are held.
    pub async fn file_report(
        &self,
        visitor: &VisitorId,
        form: &ReportForm,
        chosen: &[Code],
        form_key: Option<Code>,
    ) -> Result<Report, ReportError> {
        let new = self.check_report(form, Source::Resident, chosen.len())?;
        let photos = before(chosen);
        let entry = Entry {
            source: Source::Resident,
            number: None,
            visitor: Some(visitor.clone()),
            entered_by: None,
            form_key,
        };
        self.file_new(new, entry, &photos).await
    }

    /// What [`Service::file_report`] would say to the form, without filing.
    ///
    /// # Errors
    /// [`ReportError::Closed`] or [`ReportError::Form`].
    pub fn check_report(
        &self,
        form: &ReportForm,
        source: Source,
        photos: usize,
    ) -> Result<NewReport, ReportError> {
        let phase = self.phase();
        if phase != Phase::Open && source == Source::Resident {
            return Err(ReportError::Closed(phase));
        }
        let checked = form.check(&self.campaign, source);
        let mut errors = FieldErrors::new();
        if photos > PHOTOS_MAX {
            errors.push((
                "photos",
                format!("最多{PHOTOS_MAX}张照片，请去掉{}张", photos - PHOTOS_MAX),
            ));
        }
        let category = self.campaign.category(&form.category);
        if category.is_some_and(|c| c.kind == CategoryKind::Reminder) && photos > 0 {
            errors.push(("photos", "这一类只记地点和时间，请去掉照片，保护他人隐私".into()));
        }
        match checked {
            Ok(new) if errors.is_empty() => Ok(new),
            Ok(_) => Err(ReportError::Form(errors)),
            Err(more) => {
                errors.extend(more);
                Err(ReportError::Form(errors))
            }
        }
    }

    /// Files what was checked.
    ///
    /// # Errors
    /// [`ReportError`].
    pub(super) async fn file_new(
        &self,
        new: NewReport,
        entry: Entry,
        photos: &[Attached],
    ) -> Result<Report, ReportError> {
        let now = super::now();
        let mut report = Report {
            serial: 0,
            code: super::fresh_code()?,
            year: self.calendar.civil(now).year(),
            visitor: entry.visitor,
            source: entry.source,
            source_number: entry.number,
            entered_by: entry.entered_by,
            state: State::Submitted,
            category: new.category.slug.clone(),
            kind: new.category.kind,
            grid: new.grid,
            branch: new.category.branch.clone(),
            unit: new.category.unit.clone(),
            description: new.description,
            place: new.place,
            lat: new.position.map(|position| position.lat),
            lon: new.position.map(|position| position.lon),
            accuracy: new.position.map(|position| position.accuracy),
            contact_name: new.contact_name,
            contact_phone: new.contact_phone,
            consent: self.campaign.privacy.version.clone(),
            summary: None,
            hidden: false,
            version: 1,
            handler: None,
            claimed_by: None,
            level: 0,
            reopened: 0,
            supervised: false,
            submitted_at: now,
            accepted_at: None,
            finished_at: None,
            closed_at: None,
            due_at: None,
            soon_at: None,
            escalate_at: None,
            promised_at: None,
            extension_days: None,
            extension_reason: None,
            extension_by: None,
            duplicate_of: None,
            referred_to: None,
            referred_number: None,
            solved: None,
            satisfied: None,
            rating_comment: None,
            urged_at: None,
            supporters: 0,
            form_key: entry.form_key,
        };
        self.rules(now).wait_for_acceptance(&mut report);
        let event = Event {
            serial: 0,
            version: 1,
            at: now,
            staff: entry.entered_by,
            what: What::Filed,
            state: State::Submitted,
            text: None,
            audience: Audience::Public,
            detail: None,
        };
        Ok(self.store.file(report, event, photos).await?)
    }

    /// The rules as they stand at `now`.
    pub(super) fn rules(&self, now: Millis) -> Rules<'_> {
        Rules { campaign: &self.campaign, calendar: &self.calendar, now }
    }

    /// What the reporter wishes for the report at `code`.
    ///
    /// # Errors
    /// [`ReportError`]; whose report it is not hears that there is none, or, where they
    /// can see it, that it is not theirs.
    pub async fn reporter_wishes(
        &self,
        visitor: &VisitorId,
        code: &Code,
        wish: &Wish,
        photos: &[Code],
    ) -> Result<Report, ReportError> {
        let rules = self.rules(super::now());
        let changed = self.store.change(code, |report, known| {
            if report.visitor.as_ref() != Some(visitor) {
                return Err(if report.is_public() {
                    ReportError::Forbidden("这不是您提交的反映")
                } else {
                    ReportError::NotFound
                });
            }
            let added = known.iter().filter(|photo| photo.role == PhotoRole::Before).count();
            if !photos.is_empty() && added + photos.len() > 3 * PHOTOS_MAX {
                let full = format!("照片已经有{added}张，放不下了");
                return Err(ReportError::Form(vec![("photos", full)]));
            }
            let (report, event) = rules.grant(report, wish)?;
            let again = event.what == What::NotSolved && report.state == State::Dispatched;
            Ok(Change {
                report,
                event,
                photos: before(photos),
                public_photos: None,
                notices: again.then_some(Notice::Reopened).into_iter().collect(),
            })
        });
        Ok(changed.await?)
    }

    /// Whether `then` was today, where the campaign is.
    #[must_use]
    pub fn same_day(&self, then: Option<Millis>) -> bool {
        self.rules(super::now()).same_day(then)
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
        let report = self.store.report(code).await?.ok_or(ReportError::NotFound)?;
        let own = report.visitor.as_ref() == Some(visitor);
        if !own && !report.is_public() {
            return Err(ReportError::NotFound);
        }
        if own {
            return Err(ReportError::Forbidden("这是您自己提交的"));
        }
        if !report.state.is_open() {
            return Err(ReportError::Conflict);
        }
        self.store.support(report.serial, visitor, super::now()).await?;
        Ok(())
    }

    /// The report at `code` as `visitor` may see it; `None` when not at all.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn status(
        &self,
        visitor: &VisitorId,
        code: &Code,
    ) -> Result<Option<Status>, StoreError> {
        let Some(report) = self.store.report(code).await? else { return Ok(None) };
        let own = report.visitor.as_ref() == Some(visitor);
        if !own && !report.is_public() {
            return Ok(None);
        }
        let mut events = self.store.events_of(report.serial).await?;
        for event in &mut events {
            let readable = match event.audience {
                Audience::Public => true,
                Audience::Reporter => own,
                Audience::Staff => false,
            };
            if !readable {
                event.text = None;
            }
        }
        // What only staff may read happened out of sight, too.
        events.retain(|event| event.audience != Audience::Staff);
        let mut photos = self.store.photos_of(report.serial).await?;
        photos.retain(|photo| own || photo.public);
        let goes_on_under = match report.duplicate_of {
            Some(serial) => self.store.report_of_serial(serial).await?,
            None => None,
        };
        let goes_on_under = goes_on_under.filter(Report::is_public).map(|report| report.code);
        let supports = self.store.supports(report.serial, visitor).await?;
        let report = if own { report } else { public_part(report) };
        Ok(Some(Status { report, own, supports, events, photos, goes_on_under }))
    }

    /// The visitor's own reports and those they support, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn my_reports(
        &self,
        visitor: &VisitorId,
    ) -> Result<(Vec<Report>, Vec<Report>), StoreError> {
        let own = self.store.reports_of(visitor).await?;
        let mut supported = self.store.supported_by(visitor).await?;
        supported.retain(Report::is_public);
        Ok((own, supported.into_iter().map(public_part).collect()))
    }

    /// One page of the public list with the public photos on it, and whether there is
    /// another page.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn public_reports(
        &self,
        filter: &Filter,
    ) -> Result<(Vec<Report>, Vec<Photo>, bool), StoreError> {
        let (reports, more) = self.store.public_reports(filter).await?;
        let mut photos = self.store.photos_of_all(&reports).await?;
        photos.retain(|photo| photo.public);
        Ok((reports.into_iter().map(public_part).collect(), photos, more))
    }

    /// Reports of the same category and grid that are not settled yet, the nearest
    /// first: by distance where both have a position, then those that share words.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn similar_reports(
        &self,
        category: &str,
        grid: &str,
        position: Option<Position>,
        place: &str,
    ) -> Result<Vec<Report>, StoreError> {
        const SHOWN: usize = 3;
        let category =
            self.campaign.category(category).filter(|c| c.kind == CategoryKind::Casework);
        let grid = self.campaign.grid(grid);
        let (Some(category), Some(grid)) = (category, grid) else { return Ok(Vec::new()) };
        let found = self.store.alike(&category.slug, &grid.slug).await?;
        let mut ranked: Vec<(f64, Report)> =
            found.into_iter().filter_map(|r| Some((remoteness(&r, position, place)?, r))).collect();
        ranked.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        Ok(ranked.into_iter().take(SHOWN).map(|(_, report)| public_part(report)).collect())
    }

    /// A picture that `visitor` may see, or that `staff` may.
    ///
    /// # Errors
    /// [`StoreError`] when a store is away.
    pub async fn photo_for(
        &self,
        visitor: &VisitorId,
        staff: Option<&crate::domain::staff::Staff>,
        id: &Code,
        size: Size,
    ) -> Result<Option<bytes::Bytes>, StoreError> {
        let Some(photo) = self.store.photo(id).await? else { return Ok(None) };
        let allowed = match photo.serial {
            None => photo.visitor.as_ref() == Some(visitor),
            Some(serial) => self.store.report_of_serial(serial).await?.is_some_and(|report| {
                (photo.public && report.is_public())
                    || report.visitor.as_ref() == Some(visitor)
                    || staff.is_some_and(|staff| staff.sees(&report))
            }),
        };
        if allowed { self.pictures.get(id, size).await } else { Ok(None) }
    }

    /// Which of `wanted` are held for `visitor`, each once, in that order.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn known_held(
        &self,
        visitor: &VisitorId,
        wanted: &[String],
    ) -> Result<Vec<Code>, StoreError> {
        let held = self.held_photos(visitor).await?;
        let held = held.into_iter().map(|photo| photo.id);
        Ok(held.filter(|id| wanted.iter().any(|wanted| wanted == id.as_str())).collect())
    }
}

/// Photos that show what was found, for staff to choose from.
fn before(photos: &[Code]) -> Vec<Attached> {
    let attached = |id: &Code| Attached { id: id.clone(), role: PhotoRole::Before, public: false };
    photos.iter().map(attached).collect()
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

/// How far `report` is from what is being reported: metres, or the share of words that
/// differ, as if it were up to 500 m; `None` when it is somewhere else.
fn remoteness(report: &Report, position: Option<Position>, place: &str) -> Option<f64> {
    const NEAR: f64 = 200.0;
    const WORDS: f64 = 500.0;
    if let (Some(here), Some(there)) = (position, report.position()) {
        let metres = here.metres_to(&there) - f64::from(here.accuracy.min(100));
        return (metres <= NEAR).then_some(metres);
    }
    let words = pairs(place);
    if words.is_empty() {
        return Some(WORDS);
    }
    let known =
        pairs(&format!("{} {}", report.place, report.summary.as_deref().unwrap_or_default()));
    let shared = words.iter().filter(|word| known.contains(word)).count();
    #[expect(clippy::cast_precision_loss, reason = "a place has at most 80 characters")]
    let share = shared as f64 / words.len() as f64;
    Some(WORDS * (1.0 - share))
}

/// Every two neighbouring characters: words, for a language that does not part them.
fn pairs(text: &str) -> Vec<[char; 2]> {
    let characters: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
    characters.windows(2).filter_map(|pair| pair.try_into().ok()).collect()
}

/// The grid of a report as residents call it.
#[must_use]
pub fn grid_label(campaign: &crate::domain::campaign::Campaign, grid: Option<&Slug>) -> String {
    let grid = grid.and_then(|slug| campaign.grid(slug.as_str()));
    grid.map(|grid| grid.label()).unwrap_or_default()
}

//! Reporting: filing, what is alike, supporting, what the reporter does and sees.

pub mod case;
pub mod casework;
pub mod entry;
mod photos;
pub mod public;
pub mod quarantine;
pub(crate) mod reporter;

use domain::{
    campaign::{CategoryKind, Phase},
    lang::LocalizedText,
    report::{
        Audience, Code, Event, EventKind, PhotoRole, Report, Source, State,
        action::{
            command::FieldErrors,
            transition::{Rules, TransitionError},
        },
        form::{NewReport, ReportForm},
        photo::PHOTOS_MAX,
    },
    staff::StaffId,
    time::Millis,
    visitor::VisitorId,
};
use store::{Attached, ChangeError, StoreError};

use super::{
    base::Service,
    limits::{Attempt, Requester},
    photo::PhotoError,
};

/// How long photos of a refused try are held.
pub const HELD_FOR: Millis = 3_600_000;

/// Seconds after which to try again when the system is busy.
const BUSY_WAIT: u32 = 5;
/// … where photos find no room.
const NO_ROOM_WAIT: u32 = 3_600;

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
    Photo(#[from] PhotoError),
    /// Too many photos wait already, or were sent of late: seconds to wait.
    #[error("too many photos")]
    TooMany(u32),
    /// No more photos can be stored, until an operator makes room.
    #[error("there is no room for photos")]
    NoRoom,
    /// Too much was sent by this visitor of late: seconds to wait.
    #[error("too much was sent")]
    TooFast(u32),
    /// This person may not do it.
    #[error("this person may not do it")]
    Forbidden(&'static str),
    /// A reporter command for a report that another visitor sent.
    #[error("only the reporter may do it")]
    NotTheirs,
    /// A visitor who did not bring their cookie.
    #[error("the request has no visitor cookie")]
    NewVisitor,
    /// It is not possible in this state, or no longer.
    #[error("no longer possible")]
    Conflict,
    /// Someone else changed it since it was looked at.
    #[error("the report was changed meanwhile")]
    Stale(Box<Report>),
    /// The store failed, or the result of the commit is unknown.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<TransitionError> for ReportError {
    fn from(refused: TransitionError) -> Self {
        match refused {
            TransitionError::Person(why) => Self::Forbidden(why),
            TransitionError::State => Self::Conflict,
            TransitionError::Fields(errors) => Self::Form(errors),
        }
    }
}

impl ReportError {
    /// Seconds to wait, where it was too much.
    #[must_use]
    pub const fn wait(&self) -> Option<u32> {
        match self {
            Self::TooMany(seconds) | Self::TooFast(seconds) => Some(*seconds),
            Self::Store(StoreError::Unavailable(_)) => Some(BUSY_WAIT),
            Self::NoRoom => Some(NO_ROOM_WAIT),
            _ => None,
        }
    }
}

impl From<ChangeError<Self>> for ReportError {
    fn from(unchanged: ChangeError<Self>) -> Self {
        match unchanged {
            ChangeError::Missing => Self::NotFound,
            ChangeError::Refused(error) => error,
            ChangeError::Store(error) => Self::Store(error),
        }
    }
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
    /// The burst that it is part of.
    pub burst: Option<String>,
}

impl Service {
    /// Files a report of `who` with those of the held photos that `chosen` names.
    ///
    /// # Errors
    /// [`ReportError`]; nothing is filed then, and the photos are held.
    pub async fn file_report(
        &self,
        who: &Requester<'_>,
        form: &ReportForm,
        chosen: &[Code],
        form_key: Option<Code>,
    ) -> Result<Report, ReportError> {
        let new = self.check_report(form, Source::Resident, chosen.len())?;
        let visitor = who.visitor.ok_or(ReportError::NewVisitor)?;
        let tried = Attempt::at_reports(&self.keys, who);
        if let Err(seconds) = self.count_attempt(&tried).await? {
            // The answer may have been lost, and the form comes again.
            let known = match &form_key {
                Some(key) => self.store.filed_with(visitor, key).await?,
                None => None,
            };
            let known = known.filter(|known| known.description == new.description);
            return known.ok_or(ReportError::TooFast(seconds));
        }
        let photos = before(chosen);
        let entry = Entry {
            source: Source::Resident,
            number: None,
            visitor: Some(visitor.clone()),
            entered_by: None,
            form_key,
            burst: match new.category.may_be_quarantined() {
                true => self.burst_of_reports(who.client_network).await?,
                false => None,
            },
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
            let over = photos - PHOTOS_MAX;
            let sentence = LocalizedText::new(
                format!("最多{PHOTOS_MAX}张照片，请去掉{over}张"),
                format!("At most {PHOTOS_MAX} photos; please take {over} out"),
            );
            errors.push(("photos", sentence));
        }
        let category = self.campaign.category(&form.category);
        if category.is_some_and(|c| c.kind == CategoryKind::Reminder) && photos > 0 {
            let sentence = LocalizedText::new(
                "这一类只记地点和时间，请去掉照片，保护他人隐私",
                "Only place and time are noted for this; please take the photos out",
            );
            errors.push(("photos", sentence));
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
        let now = super::base::now();
        let mut report = Report {
            serial: 0,
            code: super::base::fresh_code()?,
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
            // Who told staff something has agreed to no text.
            consent: match entry.entered_by {
                Some(_) => String::new(),
                None => self.campaign.privacy.version.clone(),
            },
            summary: None,
            hidden: false,
            hidden_by: None,
            person_version: 1,
            managed: false,
            corrected_from: None,
            grid_moves: 0,
            promised_from: None,
            paused_until: None,
            rated_by: None,
            version: 1,
            handler: None,
            moved_by: Vec::new(),
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
            quarantine: None,
            erased_at: None,
        };
        report.erased_at = (!report.has_contact_or_position()).then_some(now);
        let rules = self.rules(now);
        rules.set_acceptance_due(&mut report);
        if let Some(burst) = entry.burst {
            rules.quarantine(&mut report, burst);
        }
        let filed = Event::of(&report, now, EventKind::Filed, Audience::Public);
        let event = Event { staff: entry.entered_by, ..filed };
        Ok(self.store.file(report, event, photos).await?)
    }

    /// The rules as they stand at `now`.
    pub(super) fn rules(&self, now: Millis) -> Rules<'_> {
        Rules { campaign: &self.campaign, calendar: &self.calendar, now }
    }

    /// Whether `then` was today, where the campaign is.
    #[must_use]
    pub fn same_day(&self, then: Option<Millis>) -> bool {
        self.rules(super::base::now()).is_today(then)
    }
}

/// Photos that show what was found, for staff to choose from.
pub(super) fn before(photos: &[Code]) -> Vec<Attached> {
    let attached = |id: &Code| Attached { id: id.clone(), role: PhotoRole::Before, public: false };
    photos.iter().map(attached).collect()
}

//! Filing and changing reports. A change is decided while the report's row is locked, and written
//! in one transaction with its event, photos, notices and counters.

use domain::{
    report::{Code, Event, EventKind, Photo, PhotoRole, Report, State},
    time::Millis,
    visitor::VisitorId,
};
use serde_json::json;

use super::{days::mark_days, numbers, photos_of, reports, support};
use crate::{
    base::Store,
    counts::{CounterDeltas, write::CountWrite},
    error::StoreError,
    sql::{
        connection::{Tx, Value},
        query::Query,
        schema::{EVENTS, OUTBOX},
        statement::{Sql, sql_over_items},
    },
    visitor::erasure,
};

/// The result of a decision about a report, written in one transaction.
#[derive(Clone, Debug)]
pub struct Change {
    /// The report after it.
    pub report: Report,
    /// What goes into the timeline.
    pub event: Event,
    /// Photos that become the report's.
    pub photos: Vec<Attached>,
    /// Which of its photos everyone may see from now on; `None` leaves that as it is.
    pub public_photos: Option<Vec<Code>>,
    /// Notices to be sent.
    pub notices: Vec<Notice>,
    /// The other report that was locked, where it learns something, with its event. What it counts
    /// as stays.
    pub other: Option<(Report, Event)>,
}

impl Change {
    /// A change of one report, without photos and notices.
    #[must_use]
    pub const fn only(report: Report, event: Event) -> Self {
        Self {
            report,
            event,
            photos: Vec::new(),
            public_photos: None,
            notices: Vec::new(),
            other: None,
        }
    }
}

/// Data that belong to the report that is being changed, read under its lock.
#[derive(Clone, Debug)]
pub struct ReportContext {
    /// Its photos, in the order in which they came.
    pub photos: Vec<Photo>,
    /// The newest event that was not caused by staff.
    pub last_by_reporter: Option<Event>,
    /// Whether other residents have met the same, or their reports go on under this one.
    pub others: bool,
    /// The other report that was requested; its row is locked too.
    pub other: Option<Report>,
}

/// A photo that becomes a report's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Which.
    pub id: Code,
    /// What it shows.
    pub role: PhotoRole,
    /// Whether everyone may see it.
    pub public: bool,
}

/// A notification to a group chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A report came in.
    New,
    /// Its time ran out.
    Overdue,
    /// It was opened again.
    Reopened,
    /// It was given to a unit.
    Dispatched,
    /// It came to another grid.
    Moved,
    /// Its reporter did not answer.
    Unanswered,
}

impl Notice {
    /// As it is kept.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Overdue => "overdue",
            Self::Reopened => "reopened",
            Self::Dispatched => "dispatched",
            Self::Moved => "moved",
            Self::Unanswered => "unanswered",
        }
    }
}

/// Why a report was not changed.
#[derive(Debug)]
pub enum ChangeError<E> {
    /// There is none.
    Missing,
    /// The closure refused after looking at the report.
    Refused(E),
    /// The store failed.
    Store(StoreError),
}

impl<E> From<StoreError> for ChangeError<E> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Store {
    /// The report that a visitor has filed with this form.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn filed_with(
        &self,
        visitor: &VisitorId,
        form_key: &Code,
    ) -> Result<Option<Report>, StoreError> {
        let mut query = reports();
        query.push(" WHERE state <> 'withdrawn' AND form_key = ").bind(form_key.as_str());
        query.push(" AND visitor = ").bind(visitor.as_str());
        query.push(" ORDER BY serial DESC LIMIT 1");
        Ok(query.find(&self.db).await?.pop())
    }

    /// Files a report with the photos that are held for it, giving it the next serial. A
    /// form that was filed already gives its report once more.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn file(
        &self,
        mut report: Report,
        mut event: Event,
        photos: &[Attached],
    ) -> Result<Report, StoreError> {
        let mut tx = self.db.begin().await?;
        lock_photos(&mut tx, photos).await?;
        let mut write = CountWrite::begin(tx, report.submitted_at).await?;
        let tx = &mut write.tx;
        if let Some(known) = find_by_form_key(tx, &report).await? {
            return Ok(known);
        }
        report.serial = write.ledger.last_report + 1;
        event.serial = report.serial;
        tx.insert([&report]).await?;
        tx.insert([&event]).await?;
        numbers::write(tx, None, &report).await?;
        attach(tx, report.serial, photos, report.submitted_at).await?;
        // Of a burst, nobody is told of each.
        let notices: &[Notice] = if report.state.is_set_apart() { &[] } else { &[Notice::New] };
        notify(tx, &report, notices, report.submitted_at).await?;
        let last = Value::from(report.serial);
        tx.run(Sql::both("UPDATE ledger SET last_report = $1"), &[last]).await?;
        mark_days(&mut write.tx, None, &report, report.submitted_at).await?;
        write.deltas.report(None, Some(&report));
        write.commit(&self.publisher).await?;
        Ok(report)
    }

    /// Changes the report at `code` as `decide` says. Its row is locked meanwhile, so two changes
    /// never decide on the same version.
    ///
    /// # Errors
    /// [`ChangeError`]; then nothing was changed.
    pub async fn change<E>(
        &self,
        code: &Code,
        decide: impl FnOnce(&Report, &ReportContext) -> Result<Change, E> + Send,
    ) -> Result<Report, ChangeError<E>> {
        self.change_with_other(code, None, decide).await
    }

    /// As [`Self::change`], with the report of serial `other` locked as well: if two reports are
    /// merged into each other at once, the second change sees the first. Lock order: rising serial,
    /// or two changes deadlock.
    ///
    /// # Errors
    /// [`ChangeError`]; then nothing was changed.
    pub async fn change_with_other<E>(
        &self,
        code: &Code,
        other: Option<u64>,
        decide: impl FnOnce(&Report, &ReportContext) -> Result<Change, E> + Send,
    ) -> Result<Report, ChangeError<E>> {
        let mut tx = self.db.begin().await?;
        let mut query = reports();
        query.push(" WHERE code = ").bind(code.as_str());
        if let Some(other) = other {
            query.push(" OR serial = ").bind(other);
        }
        query.push(" ORDER BY serial").push_each(Sql::each("", " FOR UPDATE"));
        let mut found: Vec<Report> = query.find_in(&mut tx).await?;
        let at =
            found.iter().position(|report| report.code == *code).ok_or(ChangeError::Missing)?;
        let before = found.swap_remove(at);
        // A report merged into itself: `decide` gets it as its own other and refuses.
        let itself = other.filter(|serial| *serial == before.serial).map(|_| before.clone());
        let mut last = Query::records(&EVENTS);
        last.push(" WHERE serial = ").bind(before.serial);
        last.push(" AND staff IS NULL ORDER BY version DESC LIMIT 1");
        let known = ReportContext {
            photos: photos_of(before.serial).find_in(&mut tx).await?,
            last_by_reporter: last.find_in(&mut tx).await?.pop(),
            others: before.supporters > 0 || merged_from_others(&mut tx, &before).await?,
            other: itself.or_else(|| found.pop()),
        };
        let change = decide(&before, &known).map_err(ChangeError::Refused)?;
        self.write(tx, &before, &change).await?;
        Ok(change.report)
    }

    async fn write(&self, mut tx: Tx, before: &Report, change: &Change) -> Result<(), StoreError> {
        let Change { report, event, photos, public_photos, notices, other } = change;
        let mut deltas = CounterDeltas::default();
        tx.update(report).await?;
        tx.insert([event]).await?;
        if let Some((other, event)) = other {
            tx.update(other).await?;
            tx.insert([event]).await?;
        }
        numbers::write(&mut tx, Some(before), report).await?;
        lock_photos(&mut tx, photos).await?;
        attach(&mut tx, report.serial, photos, event.at).await?;
        if let Some(public) = public_photos {
            set_public_photos(&mut tx, report.serial, public).await?;
        }
        let reporter_left = matches!(event.what, EventKind::Forgotten | EventKind::Left);
        let dismissed = event.what == EventKind::Erased && report.state == State::Dismissed;
        let reporter_left = reporter_left || dismissed;
        let erased = report.state == State::Withdrawn || reporter_left;
        if report.state == State::Withdrawn {
            erasure::photos(&mut tx, report.serial).await?;
            erasure::words(&mut tx, report.serial).await?;
        } else if erased {
            erasure::photos_of_reporter(&mut tx, report.serial).await?;
            erasure::words_of_reporter(&mut tx, report.serial).await?;
        }
        if let Some(into) = report.duplicate_of.filter(|into| before.duplicate_of != Some(*into)) {
            support::transfer_supports(&mut tx, report, into, event.at).await?;
        }
        notify(&mut tx, report, notices, event.at).await?;
        deltas.report(Some(before), Some(report));
        // Cached public pages are keyed by the revision: it must also change if something that they
        // show of this report changes.
        let public_view_changed = before.is_public() != report.is_public()
            || (report.is_public() && (erased || shows_otherwise(before, report)));
        if deltas.is_empty() && !public_view_changed {
            mark_days(&mut tx, Some(before), report, event.at).await?;
            tx.commit().await
        } else {
            let mut write = CountWrite { deltas, ..CountWrite::begin(tx, event.at).await? };
            mark_days(&mut write.tx, Some(before), report, event.at).await?;
            write.commit(&self.publisher).await
        }
    }
}

/// Whether what public pages say of a report differs.
fn shows_otherwise(before: &Report, after: &Report) -> bool {
    let shown = |report: &Report| {
        let Report { summary, category, grid, branch, unit, .. } = report;
        (summary.clone(), category.clone(), grid.clone(), branch.clone(), unit.clone())
    };
    shown(before) != shown(after)
}

/// Whether a report of another visitor was merged into this one.
async fn merged_from_others(tx: &mut Tx, report: &Report) -> Result<bool, StoreError> {
    const MERGED: Sql = Sql::both(
        "SELECT serial FROM reports WHERE duplicate_of = $1 AND state = 'duplicate' \
         AND COALESCE(visitor, '') <> $2 LIMIT 1",
    );
    let visitor = report.visitor.as_ref().map_or("", VisitorId::as_str);
    let values = [Value::from(report.serial), visitor.into()];
    Ok(!tx.all::<(i64,)>(MERGED, &values).await?.is_empty())
}

/// Locks held photos by rising id, before the ledger: another form may send the same ones.
async fn lock_photos(tx: &mut Tx, photos: &[Attached]) -> Result<(), StoreError> {
    if photos.is_empty() {
        return Ok(());
    }
    let mut query = Query::new("SELECT id FROM photos WHERE id IN ");
    query.bind_list(photos.iter().map(|photo| photo.id.as_str()));
    query.push(" ORDER BY id").push_each(Sql::each("", " FOR UPDATE"));
    query.rows_in::<(String,)>(tx).await.map(drop)
}

/// Makes photos that are held the report's own.
async fn attach(
    tx: &mut Tx,
    serial: u64,
    photos: &[Attached],
    at: Millis,
) -> Result<(), StoreError> {
    const ATTACH: Sql = sql_over_items!(
        "UPDATE photos SET serial = $2, visitor = NULL, at = $3, role = item.value->>'role', \
             public = CAST(item.value->>'public' AS BIGINT) FROM",
        "WHERE photos.id = item.value->>'id' AND photos.serial IS NULL AND photos.at > 0"
    );
    if photos.is_empty() {
        return Ok(());
    }
    let list = photos.iter().map(
        |photo| json!({ "id": photo.id, "role": photo.role, "public": u8::from(photo.public) }),
    );
    let serial = Value::from(serial);
    let values = [Value::items(list), serial, at.into()];
    let attached = tx.run(ATTACH, &values).await?;
    if attached == photos.len() as u64 {
        return Ok(());
    }
    // Deleted by the sweep job, or used by another form, since it was looked up.
    Err(StoreError::Unavailable("a photo is no longer held".into()))
}

/// Lets everyone see those photos of a report, and no others.
async fn set_public_photos(tx: &mut Tx, serial: u64, public: &[Code]) -> Result<(), StoreError> {
    const SHOW: Sql = Sql::each(
        "UPDATE photos SET public = CASE WHEN id IN (SELECT item.value->>'id' FROM json_each($1) \
             AS item) THEN 1 ELSE 0 END WHERE serial = $2",
        "UPDATE photos SET public = CASE WHEN id IN (SELECT item.value->>'id' FROM \
             jsonb_array_elements(CAST($1 AS jsonb)) AS item(value)) THEN 1 ELSE 0 END WHERE serial = $2",
    );
    let list = Value::items(public.iter().map(|id| json!({ "id": id })));
    let serial = Value::from(serial);
    tx.run(SHOW, &[list, serial]).await.map(drop)
}

/// Puts notices into the outbox.
async fn notify(
    tx: &mut Tx,
    report: &Report,
    notices: &[Notice],
    at: Millis,
) -> Result<(), StoreError> {
    if notices.is_empty() {
        return Ok(());
    }
    let rows = notices.iter().map(|notice| {
        json!({
            "id": format!("{}-{}-{}", report.serial, report.version, notice.as_str()),
            "serial": report.serial, "kind": notice.as_str(), "at": at, "attempts": 0,
            "next_at": at,
        })
    });
    tx.run(OUTBOX.insert, &[Value::items(rows)]).await.map(drop)
}

/// The report that this very form has filed already (idempotency, by `form_key`). The caller holds
/// the ledger's row, so two sendings at once cannot both find none.
async fn find_by_form_key(tx: &mut Tx, report: &Report) -> Result<Option<Report>, StoreError> {
    let Some(key) = &report.form_key else { return Ok(None) };
    let mut query = reports();
    query.push(" WHERE form_key = ").bind(key.as_str());
    match (&report.visitor, report.entered_by) {
        (Some(visitor), _) => query.push(" AND visitor = ").bind(visitor.as_str()),
        (None, Some(staff)) => query.push(" AND entered_by = ").bind(staff),
        (None, None) => return Ok(None),
    };
    // Someone who went back and entered something else files another report.
    let same = |known: &Report| {
        known.state != State::Withdrawn
            && (&known.category, &known.grid, &known.place, &known.description)
                == (&report.category, &report.grid, &report.place, &report.description)
    };
    let found: Vec<Report> = query.find_in(tx).await?;
    Ok(found.into_iter().find(|known| same(known)))
}

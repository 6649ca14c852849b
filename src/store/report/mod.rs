//! Reports in the database, found by what names them. [`write`] files and changes them.

pub(crate) mod days;
pub(crate) mod merged;
pub(crate) mod numbers;
pub(crate) mod outbox;
pub(crate) mod photo;
pub(crate) mod photo_store;
pub(crate) mod public_list;
pub(crate) mod quarantine;
pub(crate) mod queue;
mod scope;
pub(crate) mod search;
mod slice;
pub(crate) mod statistics;
pub(crate) mod support;
pub(crate) mod write;

use std::collections::BTreeMap;

use domain::{
    report::{Audience, Code, Event, Photo, Report},
    staff::StaffId,
    time::Millis,
    visitor::VisitorId,
};

use super::{
    base::Store,
    error::StoreError,
    sql::{
        connection::Value,
        query::Query,
        schema::{EVENTS, PHOTOS, REPORTS},
        statement::Sql,
        table::{Record, Statements},
    },
};

impl Record for Report {
    fn table() -> &'static Statements {
        &REPORTS
    }
}

impl Record for Event {
    fn table() -> &'static Statements {
        &EVENTS
    }
}

impl Record for Photo {
    fn table() -> &'static Statements {
        &PHOTOS
    }
}

/// Reports of a visitor that are read at once.
pub const REPORTS_PART: usize = 100;

/// Events of one part of a timeline.
const TIMELINE_PART: i64 = 50;

/// A part of a report's timeline.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// What happened, oldest first.
    pub events: Vec<Event>,
    /// The version before which there is more.
    pub earlier: Option<u64>,
}

impl Store {
    /// The report at `code`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn report(&self, code: &Code) -> Result<Option<Report>, StoreError> {
        let mut query = reports();
        query.push(" WHERE code = ").bind(code.as_str());
        Ok(query.find(&self.db).await?.pop())
    }

    /// The report of that serial.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn report_of_serial(&self, serial: u64) -> Result<Option<Report>, StoreError> {
        let mut query = reports();
        query.push(" WHERE serial = ").bind(serial);
        Ok(query.find(&self.db).await?.pop())
    }

    /// A visitor's own reports, newest first; at most [`REPORTS_PART`].
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn reports_of(&self, visitor: &VisitorId) -> Result<Vec<Report>, StoreError> {
        self.reports_of_before(visitor, u64::MAX).await
    }

    /// The same of those before the report of `serial`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn reports_of_before(
        &self,
        visitor: &VisitorId,
        serial: u64,
    ) -> Result<Vec<Report>, StoreError> {
        let mut query = reports();
        query.push(" WHERE visitor = ").bind(visitor.as_str());
        query.push(" AND serial < ").bind(serial);
        query.push(" ORDER BY serial DESC LIMIT ").bind(REPORTS_PART as i64);
        query.find(&self.db).await
    }

    /// What happened to many reports, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn events_of_all(&self, of: &[Report]) -> Result<Vec<Event>, StoreError> {
        let mut query = Query::records(&EVENTS);
        query
            .push(" WHERE serial IN ")
            .bind_list(of.iter().map(|report| Value::from(report.serial)));
        query.push(" ORDER BY serial, version");
        query.find(&self.db).await
    }

    /// The newest part of what happened to a report, or that before the version `before`. What only
    /// staff may read is there for [`Audience::Staff`].
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn timeline(
        &self,
        serial: u64,
        before: Option<u64>,
        reader: Audience,
    ) -> Result<Timeline, StoreError> {
        let mut query = Query::records(&EVENTS);
        query.push(" WHERE serial = ").bind(serial);
        query.push(" AND version < ").bind(before.unwrap_or(u64::MAX));
        if reader != Audience::Staff {
            query.push(" AND audience <> 'staff'");
        }
        query.push(" ORDER BY version DESC LIMIT ").bind(TIMELINE_PART + 1);
        let mut events: Vec<Event> = query.find(&self.db).await?;
        let shown = usize::try_from(TIMELINE_PART).unwrap_or(usize::MAX);
        let more = events.len() > shown;
        events.truncate(shown);
        let earlier = events.last().map(|oldest| oldest.version).filter(|_| more);
        events.reverse();
        Ok(Timeline { events, earlier })
    }

    /// The open reports that someone has claimed, by rising serial; at most 1,000.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn claimed_by(&self, staff: StaffId) -> Result<Vec<Report>, StoreError> {
        let mut query = reports();
        query.push(" WHERE claimed_by = ").bind(staff).push(" ORDER BY serial LIMIT 1000");
        query.find(&self.db).await
    }

    /// Reports that someone has claimed who is no longer here; at most 100.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn claimed_by_the_gone(&self) -> Result<Vec<Report>, StoreError> {
        let mut query = reports();
        query.push(
            " WHERE claimed_by IN (SELECT id FROM staff WHERE active = 0) ORDER BY serial LIMIT 100",
        );
        query.find(&self.db).await
    }

    /// How many reports each member of staff has claimed.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn claims(&self) -> Result<BTreeMap<StaffId, u64>, StoreError> {
        const CLAIMS: Sql = Sql::both(
            "SELECT claimed_by, COUNT(*) FROM reports WHERE claimed_by IS NOT NULL \
             GROUP BY claimed_by",
        );
        let rows: Vec<(i64, i64)> = self.db.all(CLAIMS, &[]).await?;
        Ok(rows.into_iter().map(|(staff, n)| (staff, n.unsigned_abs())).collect())
    }

    /// The reports whose time has run out at `now`, the oldest first; at most 100.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn to_escalate(&self, now: Millis) -> Result<Vec<Code>, StoreError> {
        const LATE: Sql = Sql::both(
            "SELECT code FROM reports WHERE escalate_at IS NOT NULL AND escalate_at <= $1 \
             ORDER BY escalate_at LIMIT 100",
        );
        let rows: Vec<(String,)> = self.db.all(LATE, &[now.into()]).await?;
        Ok(rows.iter().filter_map(|(code,)| Code::parse(code).ok()).collect())
    }
}

/// Begins a query for whole reports.
pub fn reports() -> Query {
    Query::records(&REPORTS)
}

/// The photos of a report, in the order in which they came.
pub fn photos_of(serial: u64) -> Query {
    let mut query = Query::records(&PHOTOS);
    query.push(" WHERE serial = ").bind(serial).push(" ORDER BY at, id");
    query
}

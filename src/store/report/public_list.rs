//! Lists of reports that everyone may see, and photos of many reports.

use domain::{
    report::{
        Code, Photo, Report, State,
        filter::{ReportFilter, States},
    },
    slug::Slug,
};

use super::{photos_of, queue::one_page};
use crate::{
    base::Store,
    error::StoreError,
    sql::{
        connection::Value,
        query::Query,
        schema::{PHOTOS, REPORTS},
        statement::Sql,
    },
};

/// Reports on one page of the public list.
pub const PUBLIC_PAGE: u32 = 20;

/// The condition of the index of public reports, in its words.
const PUBLIC: &str = "reports.state IN ('accepted', 'dispatched', 'in_progress', \
                      'awaiting_check', 'closed', 'duplicate', 'referred') \
                      AND reports.accepted_at IS NOT NULL AND reports.hidden = 0 AND reports.kind <> 'private'";

/// The states in which everyone may see a report.
const PUBLIC_STATES: [State; 7] = [
    State::Accepted,
    State::Dispatched,
    State::InProgress,
    State::AwaitingCheck,
    State::Closed,
    State::Duplicate,
    State::Referred,
];

/// The newest `most` public reports in these states, before a serial. Each state is read from the
/// one index that answers it, and of these the newest are taken, so that a page costs the same for
/// every filter, also for one that nothing fits.
fn public_page(
    states: &[State],
    grid: Option<&Slug>,
    category: Option<&Slug>,
    before: Option<u64>,
    most: u32,
) -> Query {
    // SQLite, without statistics, might take another one.
    let index = match (grid, category) {
        (None, None) => " INDEXED BY reports_public_state",
        (Some(_), None) => " INDEXED BY reports_public_grid",
        (None, Some(_)) => " INDEXED BY reports_public_category",
        (Some(_), Some(_)) => " INDEXED BY reports_public_both",
    };
    let mut query = Query::new("SELECT ");
    query.push_each(REPORTS.object).push(" FROM (SELECT at FROM (");
    for (n, state) in states.iter().enumerate() {
        query.push(if n == 0 { "SELECT * FROM (" } else { " UNION ALL SELECT * FROM (" });
        query.push("SELECT reports.serial AS at FROM reports");
        query.push_each(Sql::each(index, "")).push(" WHERE ").push(PUBLIC);
        // A parameter would keep SQLite from seeing that the index fits.
        query.push(" AND reports.state = '").push(state.as_str()).push("'");
        if let Some(grid) = grid {
            query.push(" AND reports.grid = ").bind(grid.as_str());
        }
        if let Some(category) = category {
            query.push(" AND reports.category = ").bind(category.as_str());
        }
        if let Some(before) = before {
            query.push(" AND reports.serial < ").bind(i64::try_from(before).unwrap_or(i64::MAX));
        }
        query.push(" ORDER BY reports.serial DESC LIMIT ").bind(i64::from(most)).push(") AS part");
    }
    query.push(") AS parts ORDER BY at DESC LIMIT ").bind(i64::from(most));
    query.push(") AS page JOIN reports ON reports.serial = page.at ORDER BY page.at DESC");
    query
}

impl Store {
    /// One page of what everyone may see, newest first, before `filter.before`; and whether there
    /// is a next one.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn public_reports(
        &self,
        filter: &ReportFilter,
    ) -> Result<(Vec<Report>, bool), StoreError> {
        let states = match filter.states {
            States::Only(state) if state.is_public() => vec![state],
            States::Only(_) => return Ok((Vec::new(), false)),
            States::Open | States::All => PUBLIC_STATES.to_vec(),
        };
        let (grid, category) = (filter.grid.as_ref(), filter.category.as_ref());
        let query = public_page(&states, grid, category, filter.before, PUBLIC_PAGE + 1);
        Ok(one_page(query.find(&self.db).await?, PUBLIC_PAGE))
    }

    /// The newest of the last 200 closed reports that show what it was like before and
    /// after.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn newest_pair(&self) -> Result<Option<(Report, Vec<Photo>)>, StoreError> {
        let mut query = Query::new("SELECT ");
        query.push_each(REPORTS.object).push(" FROM (SELECT * FROM reports WHERE ").push(PUBLIC);
        query.push(
            " AND reports.state = 'closed' ORDER BY reports.serial DESC LIMIT 200) AS reports \
             WHERE EXISTS (SELECT 1 FROM photos WHERE photos.serial = reports.serial \
             AND photos.public = 1 AND photos.role = 'before') \
             AND EXISTS (SELECT 1 FROM photos WHERE photos.serial = reports.serial \
             AND photos.public = 1 AND photos.role = 'after') \
             ORDER BY reports.closed_at DESC LIMIT 1",
        );
        let Some(report) = query.find::<Report>(&self.db).await?.pop() else { return Ok(None) };
        let photos = self.photos_of(report.serial).await?;
        Ok(Some((report, photos)))
    }

    /// Public reports of that category in that grid that are not settled yet, newest
    /// first: at most 50.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn similar_open_reports(
        &self,
        category: &Slug,
        grid: &Slug,
    ) -> Result<Vec<Report>, StoreError> {
        const OPEN: [State; 4] =
            [State::Accepted, State::Dispatched, State::InProgress, State::AwaitingCheck];
        public_page(&OPEN, Some(grid), Some(category), None, 50).find(&self.db).await
    }

    /// Photos of one report, in the order in which they came.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn photos_of(&self, serial: u64) -> Result<Vec<Photo>, StoreError> {
        photos_of(serial).find(&self.db).await
    }

    /// Photos of many reports, in the order in which they came.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn photos_of_all(&self, of: &[Report]) -> Result<Vec<Photo>, StoreError> {
        let mut query = Query::records(&PHOTOS);
        query
            .push(" WHERE serial IN ")
            .bind_list(of.iter().map(|report| Value::from(report.serial)));
        query.push(" ORDER BY serial, at, id");
        query.find(&self.db).await
    }

    /// The photo of that address.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn photo(&self, id: &Code) -> Result<Option<Photo>, StoreError> {
        let mut query = Query::records(&PHOTOS);
        query.push(" WHERE id = ").bind(id.as_str());
        Ok(query.find(&self.db).await?.pop())
    }
}

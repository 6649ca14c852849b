//! Lists of reports that everyone may see, and photos of many reports.

use domain::{
    report::{
        Code, Photo, Report,
        filter::{ReportFilter, States},
    },
    slug::Slug,
};

use super::{
    photos_of,
    queue::{OPEN, limit, one_page},
    reports,
};
use crate::{
    base::Store,
    error::StoreError,
    sql::{
        connection::Value,
        query::Query,
        schema::{PHOTOS, REPORTS},
    },
};

/// Reports on one page of the public list.
pub const PUBLIC_PAGE: u32 = 20;

/// The condition of the index of public reports, in its words.
const PUBLIC: &str = "reports.state IN ('accepted', 'dispatched', 'in_progress', \
                      'awaiting_check', 'closed', 'duplicate', 'referred') \
                      AND reports.accepted_at IS NOT NULL AND reports.hidden = 0 AND reports.kind <> 'private'";

impl Store {
    /// One page of what everyone may see, newest first, and whether there is a next one.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn public_reports(
        &self,
        filter: &ReportFilter,
    ) -> Result<(Vec<Report>, bool), StoreError> {
        let mut query = reports();
        query.push(" WHERE ").push(PUBLIC);
        if let States::Only(state) = filter.states {
            query.push(" AND reports.state = ").bind(state.as_str());
        }
        if let Some(grid) = &filter.grid {
            query.push(" AND reports.grid = ").bind(grid.as_str());
        }
        if let Some(category) = &filter.category {
            query.push(" AND reports.category = ").bind(category.as_str());
        }
        query.push(" ORDER BY reports.serial DESC");
        limit(&mut query, filter.page, PUBLIC_PAGE);
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
        let mut query = reports();
        query.push(" WHERE ").push(PUBLIC).push(" AND ").push(OPEN);
        query.push(" AND reports.grid = ").bind(grid.as_str());
        query.push(" AND reports.category = ").bind(category.as_str());
        query.push(" ORDER BY reports.serial DESC LIMIT 50");
        query.find(&self.db).await
    }

    /// The reports that go on under that one, oldest first: at most 50.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn merged_reports(&self, serial: u64) -> Result<Vec<Report>, StoreError> {
        let mut query = reports();
        query.push(" WHERE duplicate_of = ").bind(serial);
        query.push(" AND state = 'duplicate' ORDER BY serial LIMIT 50");
        query.find(&self.db).await
    }

    /// Photos of one report, in the order in which they came.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn photos_of(&self, serial: u64) -> Result<Vec<Photo>, StoreError> {
        photos_of(serial).find(&self.db).await
    }

    /// Photos from before handling of all that went on under the report at `code`, over however
    /// many merges.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn photos_of_merged_reports(&self, code: &Code) -> Result<Vec<Photo>, StoreError> {
        let mut query = Query::records(&PHOTOS);
        query.push(
            " WHERE role = 'before' AND serial IN ( \
             WITH RECURSIVE merged (serial) AS ( \
                 SELECT serial FROM reports WHERE duplicate_of = \
                     (SELECT serial FROM reports WHERE code = ",
        );
        query.bind(code.as_str()).push(
            ") UNION SELECT reports.serial FROM reports \
                 JOIN merged ON reports.duplicate_of = merged.serial) \
             SELECT serial FROM merged) ORDER BY serial, at, id",
        );
        query.find(&self.db).await
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

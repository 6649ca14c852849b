//! What goes on under a report into which others were merged.

use domain::report::{Code, Event, Photo, Report};

use super::reports;
use crate::{
    base::Store,
    error::StoreError,
    sql::{
        connection::Value,
        query::Query,
        schema::{EVENTS, PHOTOS},
    },
};

/// Pushes a condition: a serial of what goes on under the report at `code`, over however many merges.
fn merged_into<'q>(query: &'q mut Query, code: &Code) -> &'q mut Query {
    query.push(
        "( WITH RECURSIVE merged (serial) AS ( SELECT serial FROM reports WHERE duplicate_of = \
             (SELECT serial FROM reports WHERE code = ",
    );
    query.bind(code.as_str()).push(
        ") UNION SELECT reports.serial FROM reports \
             JOIN merged ON reports.duplicate_of = merged.serial) \
         SELECT serial FROM merged)",
    )
}

impl Store {
    /// The reports that go on under the one at `code`, over however many merges, oldest first: at
    /// most 50.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn merged_reports(&self, code: &Code) -> Result<Vec<Report>, StoreError> {
        let mut query = reports();
        query.push(" WHERE state = 'duplicate' AND serial IN ");
        merged_into(&mut query, code).push(" ORDER BY serial LIMIT 50");
        query.find(&self.db).await
    }

    /// Those of their photos that are from before handling.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn photos_of_merged_reports(&self, code: &Code) -> Result<Vec<Photo>, StoreError> {
        let mut query = Query::records(&PHOTOS);
        query.push(" WHERE role = 'before' AND serial IN ");
        merged_into(&mut query, code).push(" ORDER BY serial, at, id");
        query.find(&self.db).await
    }

    /// What the reporters of these reports have added to them, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn additions_to(&self, of: &[Report]) -> Result<Vec<Event>, StoreError> {
        let mut query = Query::records(&EVENTS);
        query
            .push(" WHERE what = 'added' AND serial IN ")
            .bind_list(of.iter().map(|report| Value::from(report.serial)));
        query.push(" ORDER BY serial, version");
        query.find(&self.db).await
    }

    /// Those that were merged into the report of `serial` itself, after that of serial `after`: at
    /// most 50.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn merged_directly(
        &self,
        serial: u64,
        after: u64,
    ) -> Result<Vec<Report>, StoreError> {
        let mut query = reports();
        query.push(" WHERE state = 'duplicate' AND duplicate_of = ").bind(serial);
        query.push(" AND serial > ").bind(after).push(" ORDER BY serial LIMIT 50");
        query.find(&self.db).await
    }

    /// Reports that were not accepted or were withdrawn, under which somebody's still goes on; at
    /// most 100.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn ended_with_merged(&self) -> Result<Vec<Report>, StoreError> {
        let mut query = reports();
        query.push(
            " WHERE state IN ('rejected', 'withdrawn') AND serial IN \
             (SELECT duplicate_of FROM reports WHERE state = 'duplicate' \
              AND (visitor IS NOT NULL OR entered_by IS NOT NULL)) LIMIT 100",
        );
        query.find(&self.db).await
    }
}

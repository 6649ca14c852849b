//! Full-text search of staff. The texts are encrypted, so no index can be used: the visible reports
//! are decrypted in the order of the queue until a page is full.

use std::collections::BTreeSet;

use domain::report::{Report, filter::ReportFilter};
use serde::Deserialize;

use super::{queue::one_page, reports};
use crate::{
    base::Store,
    error::StoreError,
    sql::{
        query::Query,
        schema::REPORTS,
        statement::Sql,
        table::{Record, Statements},
    },
};

/// Reports that are opened at once.
const CHUNK: usize = 500;

/// What is looked at of a report, as JSON.
const WORDS: Sql = Sql::each(
    "json_object('serial', serial, 'sealed', sealed, 'summary', summary, \
     'source_number', source_number)",
    "CAST(jsonb_build_object('serial', serial, 'sealed', sealed, 'summary', summary, \
     'source_number', source_number) AS text)",
);

/// The same once it is opened.
#[derive(Debug, Deserialize)]
struct Words {
    serial: i64,
    #[serde(default)]
    description: String,
    #[serde(default)]
    place: String,
    summary: Option<String>,
    source_number: Option<String>,
}

impl Record for Words {
    fn table() -> &'static Statements {
        &REPORTS
    }
}

impl Words {
    fn contain(&self, q: &str) -> bool {
        let public = [&self.summary, &self.source_number].into_iter().flatten();
        let mut texts = [&self.description, &self.place].into_iter().chain(public);
        texts.any(|text| text.to_lowercase().contains(q))
    }
}

impl Store {
    /// One page of those of `serials` that contain what is searched, and whether there is
    /// a next one.
    pub(crate) async fn search_page(
        &self,
        serials: Vec<i64>,
        filter: &ReportFilter,
        page_size: u32,
    ) -> Result<(Vec<Report>, bool), StoreError> {
        let q = filter.q.to_lowercase();
        let (page, size) = (filter.page.max(1) as usize, page_size as usize);
        let mut found = Vec::new();
        for chunk in serials.chunks(CHUNK) {
            let mut query = Query::new("SELECT ");
            query
                .push_each(WORDS)
                .push(" FROM reports WHERE serial IN ")
                .bind_list(chunk.iter().copied());
            let words: Vec<Words> = query.find(&self.db).await?;
            let hits = words.iter().filter(|words| words.contain(&q));
            let hits: BTreeSet<i64> = hits.map(|words| words.serial).collect();
            found.extend(chunk.iter().filter(|serial| hits.contains(serial)));
            if found.len() > page * size {
                break;
            }
        }
        let page: Vec<i64> = found.into_iter().skip((page - 1) * size).take(size + 1).collect();
        let mut query = reports();
        query.push(" WHERE serial IN ").bind_list(page.iter().copied());
        let mut whole: Vec<Report> = query.find(&self.db).await?;
        let index_on_page =
            |report: &Report| page.iter().position(|n| n.unsigned_abs() == report.serial);
        whole.sort_by_key(index_on_page);
        Ok(one_page(whole, page_size))
    }
}

//! Full-text search of staff. The texts are encrypted, so no index can be used: the visible reports
//! are decrypted until a page is full, a slice of them for each request.

use std::collections::BTreeSet;

use domain::{
    report::{
        Report,
        filter::{PageEnd, QueueCursor, ReportFilter, Sort},
    },
    staff::Staff,
    text,
    time::Millis,
};
use serde::Deserialize;

use super::{queue::in_order, reports, slice::Slice};
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
    /// Whether all of `q`, folded words, are in them.
    fn contain(&self, q: &str) -> bool {
        let public = [&self.summary, &self.source_number].into_iter().flatten();
        let texts = [&self.description, &self.place].into_iter().chain(public);
        let texts: Vec<String> = texts.map(|text| text::folded(text)).collect();
        q.split(' ').all(|word| texts.iter().any(|text| text.contains(word)))
    }
}

impl Store {
    /// One page of the reports that `staff` sees and that contain what is searched, newest first
    /// unless the oldest are wanted, and how it ends. At most `slice` reports are opened.
    pub(super) async fn search(
        &self,
        staff: &Staff,
        filter: &ReportFilter,
        page_size: u32,
        slice: u32,
        now: Millis,
    ) -> Result<(Vec<Report>, PageEnd), StoreError> {
        let sort = if filter.sort == Sort::Old { Sort::Old } else { Sort::New };
        let filter = ReportFilter { sort, ..filter.clone() };
        let Slice { serials, end: looked_to } =
            self.slice(staff, &filter, i64::from(slice), i64::from(slice), now).await?;
        let q = text::folded(&filter.q);
        let size = page_size as usize;
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
            if found.len() > size {
                break;
            }
        }
        let more = found.len() > size;
        found.truncate(size);
        // The last one that was looked at, where there may be more after it.
        let whole_slice = i64::try_from(serials.len()).is_ok_and(|n| n == i64::from(slice));
        let looked_to = looked_to.map(|end| end.serial.cast_signed());
        let last_looked_at =
            serials.last().copied().filter(|_| whole_slice).or(looked_to).filter(|_| !more);
        let mut query = reports();
        query.push(" WHERE serial IN ").bind_list(found.iter().copied().chain(last_looked_at));
        let whole: Vec<Report> = query.find(&self.db).await?;
        let end = last_looked_at.and_then(|last| {
            let last = whole.iter().find(|report| report.serial == last.unsigned_abs())?;
            let next = QueueCursor::after(last);
            Some(PageEnd::SearchedTo { next, submitted_at: last.submitted_at })
        });
        let whole = in_order(whole, &found);
        let end = match (end, whole.last()) {
            (Some(end), _) => end,
            (None, Some(last)) if more => PageEnd::More(QueueCursor::after(last)),
            (None, _) => PageEnd::Last,
        };
        Ok((whole, end))
    }
}

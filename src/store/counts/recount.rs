//! `recount`: every counter held against the rows it counts.

use std::{collections::BTreeMap, fmt};

use domain::{counts::UNSPECIFIED, report::State};

use super::{ALL, CounterKind};
use crate::{
    base::Store,
    counts,
    error::StoreError,
    sql::{connection::Db, statement::Sql},
};

/// A counter that does not say what the rows say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// Which counter: its kind and its slug.
    pub counter: String,
    /// What it says.
    pub counted: i64,
    /// What the rows say.
    pub rows: i64,
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the counter says {}, the rows say {}", self.counter, self.counted, self.rows)
    }
}

impl Store {
    /// Counts all rows and names every counter that differs.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn recount(&self) -> Result<Vec<Drift>, StoreError> {
        recount(&self.db).await
    }
}

/// Counts all rows of one committed state and names every counter that differs.
async fn recount(db: &Db) -> Result<Vec<Drift>, StoreError> {
    const COUNTERS: Sql = Sql::both("SELECT kind, slug, n FROM counters");
    const GRIDS: Sql =
        Sql::both("SELECT grid, COUNT(*) FROM signatures WHERE state = 'valid' GROUP BY grid");
    const PLEDGES: Sql = Sql::each(
        "SELECT item.value, COUNT(*) FROM signatures, json_each(signatures.pledges) AS item \
         WHERE state = 'valid' GROUP BY item.value",
        "SELECT item.value, COUNT(*) FROM signatures, \
         jsonb_array_elements_text(CAST(signatures.pledges AS jsonb)) AS item(value) \
         WHERE state = 'valid' GROUP BY item.value",
    );
    const HOURS: Sql = Sql::both(
        "SELECT CAST(signed_at / 3600000 AS TEXT), COUNT(*) FROM signatures \
         WHERE state = 'valid' GROUP BY signed_at / 3600000",
    );
    const ORDINALS: Sql = Sql::both(
        "SELECT last_ordinal, (SELECT COUNT(*) FROM signatures), \
         (SELECT COALESCE(MAX(ordinal), 0) FROM signatures) FROM ledger",
    );

    const REPORTS: Sql =
        Sql::both("SELECT state, grid, branch, COUNT(*) FROM reports GROUP BY state, grid, branch");
    const SERIALS: Sql = Sql::both(
        "SELECT last_report, (SELECT COUNT(*) FROM reports), \
         (SELECT COALESCE(MAX(serial), 0) FROM reports) FROM ledger",
    );

    let mut tx = db.snapshot().await?;
    let reports: Vec<(String, Option<String>, String, i64)> = tx.all(REPORTS, &[]).await?;
    let (last_report, filed, highest_serial): (i64, i64, i64) = tx.one(SERIALS, &[]).await?;
    let counters: Vec<(String, String, i64)> = tx.all(COUNTERS, &[]).await?;
    let grids: Vec<(Option<String>, i64)> = tx.all(GRIDS, &[]).await?;
    let pledges: Vec<(String, i64)> = tx.all(PLEDGES, &[]).await?;
    let hours: Vec<(String, i64)> = tx.all(HOURS, &[]).await?;
    let (last, stored, highest): (i64, i64, i64) = tx.one(ORDINALS, &[]).await?;

    let key = |kind: CounterKind, slug: &str| format!("{} {slug}", kind.as_str());
    let mut rows = BTreeMap::new();
    rows.insert(key(CounterKind::Signatures, ALL), grids.iter().map(|(_, n)| n).sum());
    for (grid, n) in grids {
        rows.insert(key(CounterKind::Grid, grid.as_deref().unwrap_or(UNSPECIFIED)), n);
    }
    for (pledge, n) in pledges {
        rows.insert(key(CounterKind::Pledge, &pledge), n);
    }
    for (hour, n) in hours {
        rows.insert(key(CounterKind::SignatureHour, &hour), n);
    }
    for (state, grid, branch, n) in reports {
        let Some(state) = State::parse(&state) else { continue };
        for (kind, slug) in counts::counters_of(state, grid.as_deref(), &branch) {
            *rows.entry(key(kind, &slug)).or_default() += n;
        }
    }
    let counted: BTreeMap<String, i64> =
        counters.into_iter().map(|(kind, slug, n)| (format!("{kind} {slug}"), n)).collect();

    let mut drifts = Vec::new();
    let names: std::collections::BTreeSet<&String> = rows.keys().chain(counted.keys()).collect();
    for name in names {
        let of = |map: &BTreeMap<String, i64>| map.get(name).copied().unwrap_or_default();
        note(&mut drifts, name, of(&counted), of(&rows));
    }
    note(&mut drifts, "last ordinal", last, highest);
    note(&mut drifts, "stored signatures", last, stored);
    note(&mut drifts, "last report", last_report, highest_serial);
    note(&mut drifts, "stored reports", last_report, filed);
    Ok(drifts)
}

fn note(drifts: &mut Vec<Drift>, counter: &str, counted: i64, rows: i64) {
    if counted != rows {
        drifts.push(Drift { counter: counter.to_owned(), counted, rows });
    }
}

//! Reports found by numbers: their own, telephones of those who reported, and case numbers of other
//! organisations.
//!
//! Telephones are sealed, so each number is stored as a keyed hash beside its report. Without the secret
//! it tells no number to whoever has the disk, only that two reports have the same one. Hashes change in the transaction that changes
//! the report; those of reports from before are made in the background.

use std::collections::BTreeSet;

use domain::{
    report::{CaseNumber, Report, filter::ReportFilter},
    staff::{Role, Staff},
    text::{Telephones, number_key},
};
use serde_json::json;

use super::{reports, scope::scope};
use crate::{
    base::Store,
    error::StoreError,
    sql::{
        connection::{Tx, Value},
        query::Query,
        statement::{Sql, sql_over_items},
    },
};

/// Reports whose hashes are made in one transaction.
const PART: i64 = 200;

/// What `report` can be found by.
fn keys_of(report: &Report) -> BTreeSet<String> {
    let phones = report.contact_phone.as_deref().map(phone_keys);
    let others = [&report.source_number, &report.referred_number].into_iter().flatten();
    phones.into_iter().flatten().chain(others.filter_map(|number| other_key(number))).collect()
}

/// The keys of telephone numbers, in each way of writing them.
fn phone_keys(typed: &str) -> Vec<String> {
    let phones = Telephones::parse(typed).ok().flatten();
    let all = phones.iter().flat_map(Telephones::all);
    all.flat_map(|phone| phone.spellings()).map(|digits| format!("phone {digits}")).collect()
}

/// The key of a number of another organisation.
fn other_key(number: &str) -> Option<String> {
    number_key(number).map(|key| format!("number {key}"))
}

/// Writes what `after` is found by, if that is not what `before` was.
pub(super) async fn write(
    tx: &mut Tx,
    before: Option<&Report>,
    after: &Report,
) -> Result<(), StoreError> {
    let keys = keys_of(after);
    if before.map(keys_of).unwrap_or_default() == keys {
        return Ok(());
    }
    forget(tx, after.serial).await?;
    insert(tx, [(after.serial, keys)]).await
}

/// Forgets what a report was found by.
pub async fn forget(tx: &mut Tx, serial: u64) -> Result<(), StoreError> {
    const FORGET: Sql = Sql::both("DELETE FROM report_numbers WHERE serial = $1");
    tx.run(FORGET, &[Value::from(serial)]).await.map(drop)
}

/// Has the hashes of all reports made again, in the background.
pub async fn make_again(tx: &mut Tx) -> Result<(), StoreError> {
    const AGAIN: Sql = Sql::both("UPDATE ledger SET numbers_below = last_report + 1");
    tx.run(AGAIN, &[]).await.map(drop)
}

async fn insert(
    tx: &mut Tx,
    reports: impl IntoIterator<Item = (u64, BTreeSet<String>)> + Send,
) -> Result<(), StoreError> {
    const INSERT: Sql = sql_over_items!(
        "INSERT INTO report_numbers (hash, serial) \
         SELECT item.value->>'hash', CAST(item.value->>'serial' AS BIGINT) FROM",
        "WHERE true ON CONFLICT (hash, serial) DO NOTHING"
    );
    let mut items = Vec::new();
    for (serial, keys) in reports {
        let hashes = keys.iter().filter_map(|key| tx.seal.number_hashes(key).next());
        items.extend(hashes.map(|hash| json!({ "hash": hash, "serial": serial })));
    }
    if items.is_empty() {
        return Ok(());
    }
    tx.run(INSERT, &[Value::items(items)]).await.map(drop)
}

impl Store {
    /// Has the hashes of all reports made again by the newest secret, in the background.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn make_numbers_again(&self) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        make_again(&mut tx).await?;
        tx.commit().await
    }

    /// Makes the hashes of the next reports that lack them; whether there were any.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn make_numbers(&self) -> Result<bool, StoreError> {
        // Not if all are to be made again meanwhile.
        const MADE: Sql =
            Sql::both("UPDATE ledger SET numbers_below = $1 WHERE numbers_below = $2");
        let below: Vec<(i64,)> =
            Query::new("SELECT numbers_below FROM ledger").rows(&self.db).await?;
        let below = below.first().map_or(0, |(below,)| *below);
        if below == 0 {
            return Ok(false);
        }
        let mut next = Query::new("SELECT serial FROM reports WHERE serial < ");
        next.bind(below).push(" ORDER BY serial DESC LIMIT ").bind(PART);
        let serials: Vec<(i64,)> = next.rows(&self.db).await?;
        // Locked by rising serial, as everywhere, so that nothing that is being erased is written again.
        let mut tx = self.db.begin().await?;
        let mut locked = reports();
        locked.push(" WHERE serial IN ").bind_list(serials.iter().map(|(serial,)| *serial));
        locked.push(" ORDER BY serial").push_each(Sql::each("", " FOR UPDATE"));
        let found: Vec<Report> = locked.find_openable_in(&mut tx).await?;
        for report in &found {
            forget(&mut tx, report.serial).await?;
        }
        insert(&mut tx, found.iter().map(|report| (report.serial, keys_of(report)))).await?;
        let next = serials.last().map_or(0, |(serial,)| *serial);
        if tx.run(MADE, &[next.into(), below.into()]).await? > 0 {
            tx.commit().await?;
        }
        Ok(true)
    }

    /// The report that has the whole case number that `filter` looks for, and those that have it as a
    /// telephone or as a number of another office, whatever their state: the newest first, at most
    /// `most`, from `filter.after` on.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub(super) async fn numbered(
        &self,
        staff: &Staff,
        filter: &ReportFilter,
        most: i64,
    ) -> Result<Vec<i64>, StoreError> {
        let seen = |query: &mut Query| {
            query.push(" AND ");
            scope(query, staff);
            // A branch lead or manager who knows the number finds what is quarantined, too.
            if staff.role < Role::BranchLead {
                query.push(" AND reports.quarantine IS NULL");
            }
            if let Some(after) = filter.after {
                query.push(" AND reports.serial < ").bind(after.serial);
            }
            query.push(" ORDER BY reports.serial DESC LIMIT ").bind(most);
        };
        let mut found: Vec<(i64,)> = Vec::new();
        let hashes = self.hashes_of(&filter.q);
        if !hashes.is_empty() {
            let mut query = Query::new(
                "SELECT DISTINCT reports.serial FROM report_numbers CROSS JOIN reports \
                 WHERE reports.serial = report_numbers.serial AND hash IN ",
            );
            query.bind_list(hashes);
            seen(&mut query);
            found = query.rows(&self.db).await?;
        }
        // What is the number of another office may happen to be a case number, too.
        if let Some(CaseNumber { serial, year }) = CaseNumber::parse(&filter.q) {
            let mut query =
                Query::new("SELECT reports.serial FROM reports WHERE reports.serial = ");
            query.bind(serial).push(" AND reports.year = ").bind(i64::from(year));
            seen(&mut query);
            found.extend(query.rows::<(i64,)>(&self.db).await?);
        }
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.dedup();
        Ok(found.into_iter().map(|(serial,)| serial).collect())
    }

    /// The hashes of what is searched, by every key, if it may be a telephone or another number.
    fn hashes_of(&self, q: &str) -> Vec<String> {
        let keys: BTreeSet<String> = phone_keys(q).into_iter().chain(other_key(q)).collect();
        keys.iter().flat_map(|key| self.db.seal.number_hashes(key).collect::<Vec<_>>()).collect()
    }

    /// The reports whose number ends with the digits that are searched: their serial alone, or that
    /// with the check digit. Whatever their state.
    pub(super) async fn by_short_number(
        &self,
        staff: &Staff,
        q: &str,
    ) -> Result<Vec<Report>, StoreError> {
        let Some(short) = CaseNumber::short(q) else { return Ok(Vec::new()) };
        let mut query = reports();
        query.push(" WHERE serial IN ").bind_list([short, short / 10].map(Value::from));
        query.push(" ORDER BY serial DESC");
        let mut found: Vec<Report> = query.find(&self.db).await?;
        found.retain(|report| staff.may_see(report) && report.number().is_short(short));
        Ok(found)
    }

    /// The reports that came in with a number of another office, the newest first; at most a hundred.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn from_outside(&self, number: &str) -> Result<Vec<Report>, StoreError> {
        let Some(key) = other_key(number) else { return Ok(Vec::new()) };
        let mut query = reports();
        query.push(" WHERE serial IN (SELECT serial FROM report_numbers WHERE hash IN ");
        query.bind_list(self.db.seal.number_hashes(&key));
        query.push(") AND source_number IS NOT NULL ORDER BY serial DESC LIMIT 100");
        let mut found: Vec<Report> = query.find(&self.db).await?;
        found.retain(|report| {
            report.source_number.as_deref().and_then(other_key) == Some(key.clone())
        });
        Ok(found)
    }
}

//! Supports ("I have met the same"): which visitors support which report, and which of them say that
//! it is not solved.

use domain::{
    report::{
        Report,
        residents::supporter::{Support, Unsolved},
    },
    staff::Staff,
    time::Millis,
    visitor::VisitorId,
};

use super::{reports, scope::scope};
use crate::{
    base::Store,
    error::StoreError,
    sql::{
        connection::{Tx, Value},
        query::Query,
        statement::Sql,
    },
    staff::audit::{AuditEntry, insert_audit_entry},
};

/// After a merge: the reporter and the supporters of `report` become supporters of the report
/// `into`, except its own reporter, so that they are kept informed.
pub async fn transfer_supports(
    tx: &mut Tx,
    report: &Report,
    into: u64,
    at: Millis,
) -> Result<(), StoreError> {
    const ADD: Sql = Sql::both(
        "INSERT INTO supports (serial, visitor, at, quarantine) \
         SELECT CAST($2 AS BIGINT), people.visitor, \
             CASE WHEN COUNT(*) > COUNT(people.quarantine) THEN CAST($3 AS BIGINT) \
                 ELSE MIN(people.at) END, \
             CASE WHEN COUNT(*) > COUNT(people.quarantine) THEN NULL \
                 ELSE MAX(people.quarantine) END \
         FROM (SELECT visitor, at, quarantine FROM supports WHERE serial = $1 \
             UNION ALL SELECT visitor, submitted_at, NULL FROM reports \
                 WHERE serial = $1 AND visitor IS NOT NULL \
         ) AS people WHERE people.visitor <> COALESCE( \
             (SELECT visitor FROM reports WHERE serial = $2), '') GROUP BY people.visitor \
         ON CONFLICT (serial, visitor) DO UPDATE SET quarantine = NULL \
             WHERE supports.quarantine IS NOT NULL AND excluded.quarantine IS NULL \
         RETURNING quarantine",
    );
    // What waits, waits with the other report from now on.
    const MOVED: Sql = Sql::both("DELETE FROM supports WHERE serial = $1 AND quarantine <> ''");
    let into = Value::from(into);
    let values = [Value::from(report.serial), into.clone(), at.into()];
    let added: Vec<(Option<String>,)> = tx.all(ADD, &values).await?;
    tx.run(MOVED, &[Value::from(report.serial)]).await?;
    let counted = added.iter().filter(|(quarantine,)| quarantine.is_none()).count();
    count(tx, into, counted as u64).await
}

/// Counts `n` more supporters of the report `serial`.
async fn count(tx: &mut Tx, serial: Value, n: u64) -> Result<(), StoreError> {
    const COUNT: Sql =
        Sql::both("UPDATE reports SET supporters = supporters + $2 WHERE serial = $1");
    tx.run(COUNT, &[serial, Value::from(n)]).await.map(drop)
}

/// Locks a report. Lock order: the report before its supports, as in a merge.
async fn lock(tx: &mut Tx, serial: &Value) -> Result<(), StoreError> {
    const LOCK: Sql = Sql::each(
        "SELECT serial FROM reports WHERE serial = $1",
        "SELECT serial FROM reports WHERE serial = $1 FOR UPDATE",
    );
    tx.all::<(i64,)>(LOCK, std::slice::from_ref(serial)).await.map(drop)
}

/// Supports of one report that are quarantined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantinedSupports {
    /// The report.
    pub serial: u64,
    /// How many.
    pub n: u64,
    /// When the first came.
    pub from: Millis,
    /// When the last came.
    pub until: Millis,
}

impl Store {
    /// One more resident has met the same; `false` when this one had said so already. One that is
    /// part of the burst `quarantine` is stored, and not counted yet.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn support(
        &self,
        serial: u64,
        visitor: &VisitorId,
        at: Millis,
        quarantine: Option<&str>,
    ) -> Result<bool, StoreError> {
        const ADD: Sql = Sql::both(
            "INSERT INTO supports (serial, visitor, at, quarantine) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (serial, visitor) DO NOTHING",
        );
        let serial = Value::from(serial);
        let mut tx = self.db.begin().await?;
        lock(&mut tx, &serial).await?;
        let values = [serial.clone(), visitor.as_str().into(), at.into(), quarantine.into()];
        let added = tx.run(ADD, &values).await?;
        if added == 0 {
            return Ok(false);
        }
        if quarantine.is_none() {
            count(&mut tx, serial, 1).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// The reports that `staff` sees with quarantined supports, the oldest of these first; at most
    /// `limit`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn quarantined_supports(
        &self,
        staff: &Staff,
        limit: u16,
    ) -> Result<Vec<QuarantinedSupports>, StoreError> {
        let mut query = Query::new(
            "SELECT supports.serial, COUNT(*), MIN(supports.at), MAX(supports.at) FROM supports \
             CROSS JOIN reports WHERE reports.serial = supports.serial \
             AND supports.quarantine <> '' AND ",
        );
        scope(&mut query, staff);
        query.push(" GROUP BY supports.serial ORDER BY MIN(supports.at) LIMIT ");
        let rows: Vec<(i64, i64, i64, i64)> = query.bind(i64::from(limit)).rows(&self.db).await?;
        let one = |(serial, n, from, until): (i64, i64, i64, i64)| QuarantinedSupports {
            serial: serial.unsigned_abs(),
            n: n.unsigned_abs(),
            from,
            until,
        };
        Ok(rows.into_iter().map(one).collect())
    }

    /// Whether `staff` sees a report with quarantined supports.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn has_quarantined_supports(&self, staff: &Staff) -> Result<bool, StoreError> {
        // SQLite joins them in this order: few supports are quarantined, and most reports are seen.
        let mut query = Query::new(
            "SELECT supports.serial FROM supports CROSS JOIN reports \
             WHERE reports.serial = supports.serial AND supports.quarantine <> '' AND ",
        );
        scope(&mut query, staff);
        query.push(" LIMIT 1");
        Ok(!query.rows::<(i64,)>(&self.db).await?.is_empty())
    }

    /// Reports whose oldest quarantined support came before `at`; at most 100.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn with_supports_quarantined_before(
        &self,
        at: Millis,
    ) -> Result<Vec<u64>, StoreError> {
        const OLD: Sql = Sql::both(
            "SELECT DISTINCT serial FROM supports WHERE quarantine <> '' AND at < $1 LIMIT 100",
        );
        let rows: Vec<(i64,)> = self.db.all(OLD, &[at.into()]).await?;
        Ok(rows.into_iter().map(|(serial,)| serial.unsigned_abs()).collect())
    }

    /// Ends the quarantine of the supports of a report that came until `until`: they are counted
    /// (`admitted`), or never will be. `note` says which member of staff decided, if any. Returns how many
    /// they were.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn end_quarantine_of_supports(
        &self,
        serial: u64,
        (until, admitted): (Millis, bool),
        note: Option<AuditEntry<'_>>,
        now: Millis,
    ) -> Result<u64, StoreError> {
        const ADMIT: Sql = Sql::both(
            "UPDATE supports SET quarantine = NULL \
             WHERE serial = $1 AND quarantine <> '' AND at <= $2",
        );
        // The row stays: its visitor sees it as before, and cannot send it again.
        const DISMISS: Sql = Sql::both(
            "UPDATE supports SET quarantine = '' \
             WHERE serial = $1 AND quarantine <> '' AND at <= $2",
        );
        let serial = Value::from(serial);
        let mut tx = self.db.begin().await?;
        lock(&mut tx, &serial).await?;
        let step = if admitted { ADMIT } else { DISMISS };
        let n = tx.run(step, &[serial.clone(), until.into()]).await?;
        if n == 0 {
            return Ok(0);
        }
        if admitted {
            count(&mut tx, serial, n).await?;
        }
        if let Some(note) = note {
            insert_audit_entry(&mut tx, note, now).await?;
        }
        tx.commit().await?;
        Ok(n)
    }

    /// The reports that a visitor supports, newest support first; at most 100.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn supported_by(&self, visitor: &VisitorId) -> Result<Vec<Report>, StoreError> {
        let mut query = reports();
        query
            .push(" JOIN supports ON supports.serial = reports.serial WHERE supports.visitor = ")
            .bind(visitor.as_str())
            .push(" ORDER BY supports.at DESC LIMIT 100");
        query.find(&self.db).await
    }

    /// The visitor's support of the report; `None` if they do not support it.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn support_of(
        &self,
        serial: u64,
        visitor: &VisitorId,
    ) -> Result<Option<Support>, StoreError> {
        const SUPPORT: Sql = Sql::both(
            "SELECT quarantine, at, unsolved_at, (SELECT COUNT(*) FROM report_events \
             WHERE serial = $1 AND what = 'supporters_not_solved') \
             FROM supports WHERE serial = $1 AND visitor = $2",
        );
        let values = [Value::from(serial), visitor.as_str().into()];
        let rows: Vec<(Option<String>, i64, Option<i64>, i64)> =
            self.db.all(SUPPORT, &values).await?;
        let support = rows.into_iter().next();
        Ok(support.map(|(quarantine, at, unsolved_at, reopened)| Support {
            counted: quarantine.is_none(),
            at,
            unsolved_at,
            spent: reopened > 0,
        }))
    }

    /// A supporter of `report` says that its last handling did not solve it. Returns who says so by
    /// now, as far as they count.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn say_unsolved(
        &self,
        report: &Report,
        visitor: &VisitorId,
        network: &str,
        at: Millis,
    ) -> Result<Unsolved, StoreError> {
        const SAY: Sql = Sql::both(
            "UPDATE supports SET unsolved_at = $3, unsolved_from = $4 \
             WHERE serial = $1 AND visitor = $2 AND COALESCE(unsolved_at, 0) < $5",
        );
        const WHO: Sql = Sql::both(
            "SELECT COUNT(*), COUNT(DISTINCT unsolved_from), \
                 (SELECT COUNT(*) FROM report_events \
                  WHERE serial = $1 AND what = 'supporters_not_solved') \
             FROM supports WHERE serial = $1 AND unsolved_at >= $2 AND quarantine IS NULL",
        );
        let serial = Value::from(report.serial);
        let closed = Value::from(report.closed_at.unwrap_or(at));
        let mut tx = self.db.begin().await?;
        lock(&mut tx, &serial).await?;
        let said =
            [serial.clone(), visitor.as_str().into(), at.into(), network.into(), closed.clone()];
        tx.run(SAY, &said).await?;
        let (people, networks, before): (i64, i64, i64) = tx.one(WHO, &[serial, closed]).await?;
        tx.commit().await?;
        Ok(Unsolved {
            people: people.unsigned_abs(),
            networks: networks.unsigned_abs(),
            reopened: before > 0,
        })
    }

    /// Forgets from which networks supporters said 没解决 before `at`.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn forget_networks_of_supporters(&self, at: Millis) -> Result<(), StoreError> {
        const FORGET: Sql = Sql::both(
            "UPDATE supports SET unsolved_from = NULL \
             WHERE unsolved_from IS NOT NULL AND unsolved_at < $1",
        );
        let mut tx = self.db.begin().await?;
        tx.run(FORGET, &[at.into()]).await?;
        tx.commit().await
    }
}

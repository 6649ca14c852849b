//! Queries of the fraud review: suspect groups, busiest networks, samples.

use std::collections::BTreeSet;

use domain::{
    signature::Ordinal,
    signature_review::{FraudRule, SignatureFilter, SignatureState},
    time::Millis,
};

use super::row::opened_name;
use crate::{
    base::Store,
    counts::write::CountWrite,
    encryption::cipher::openable,
    error::StoreError,
    sql::{query::Query, statement::Sql},
};

/// Signatures among which the busiest networks are looked for: 10 ms of a processor.
pub const BUSY_OF: i64 = 20_000;

/// Suspect signatures of one rule from one client network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuspectGroup {
    /// The rule that holds them.
    pub rule: FraudRule,
    /// Keyed hash of the client network.
    pub network_hash: String,
    /// How many.
    pub n: u64,
    /// When the first was signed.
    pub first: Millis,
    /// When the last was.
    pub last: Millis,
    /// The highest ordinal in it.
    pub newest: Ordinal,
}

/// A client network with many valid signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in suspects")]
pub struct BusyNetwork {
    pub network_hash: String,
    pub n: u64,
    pub first: Millis,
    pub last: Millis,
}

/// A signature as managers sample it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// 第 N 位.
    pub ordinal: Ordinal,
    /// The whole name.
    pub name: String,
    /// When it was signed.
    pub at: Millis,
}

/// Adds the conditions for `state` and filter to a query over signatures.
pub fn push_signature_filter(query: &mut Query, state: SignatureState, meant: &SignatureFilter) {
    // A literal, not a parameter, so that SQLite uses the partial index of that state.
    query.push(match state {
        SignatureState::Valid => " WHERE state = 'valid'",
        SignatureState::Suspect => " WHERE state = 'suspect'",
        SignatureState::Invalid => " WHERE state = 'invalid'",
        SignatureState::Withdrawn => " WHERE state = 'withdrawn'",
    });
    if let Some(rule) = meant.rule {
        query.push(" AND rule = ").bind(rule.as_str());
    }
    if let Some(place) = &meant.network_hash {
        // Managers see and enter a prefix of the hash, which is before `~` in its alphabet.
        const PLACE: Sql = Sql::each(" AND place", " AND place COLLATE \"C\"");
        query.push_each(PLACE).push(" >= ").bind(place.as_str());
        query.push_each(PLACE).push(" < ").bind(format!("{place}~"));
    }
    if let Some(since) = meant.since {
        query.push(" AND signed_at >= ").bind(since);
    }
    if let Some(until) = meant.until {
        query.push(" AND signed_at < ").bind(until);
    }
}

impl Store {
    /// Rules that are switched off.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn rules_off(&self) -> Result<BTreeSet<FraudRule>, StoreError> {
        let rows: Vec<(String,)> = Query::new("SELECT rule FROM rules_off").rows(&self.db).await?;
        Ok(rows.iter().filter_map(|(rule,)| FraudRule::parse(rule)).collect())
    }

    /// Number of signatures per day and state, from `since` on. A day is the number of days since
    /// 1970 in the time zone that is `offset` milliseconds ahead of UTC; valid ones are kept by the
    /// hour, and what has another state is counted.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn count_by_day_and_state(
        &self,
        since: Millis,
        offset: Millis,
    ) -> Result<Vec<(i64, SignatureState, u64)>, StoreError> {
        const BY_DAY: Sql = Sql::both(
            "SELECT (CAST(slug AS BIGINT) * 3600000 + $2) / 86400000, 'valid', \
             CAST(SUM(n) AS BIGINT) FROM counters WHERE kind = 'signature-hour' AND CAST(slug AS BIGINT) >= $3 \
             GROUP BY 1 UNION ALL SELECT (signed_at + $2) / 86400000, state, COUNT(*) \
             FROM signatures WHERE state <> 'valid' AND signed_at >= $1 GROUP BY 1, 2",
        );
        let values = [since.into(), offset.into(), since.div_euclid(3_600_000).into()];
        let rows: Vec<(i64, String, i64)> = self.db.all(BY_DAY, &values).await?;
        let row = |(day, state, n): (i64, String, i64)| {
            Some((day, SignatureState::parse(&state)?, n.unsigned_abs()))
        };
        Ok(rows.into_iter().filter_map(row).collect())
    }

    /// Suspect signatures grouped by rule and network hash, largest group first; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn suspects(&self, limit: u16) -> Result<Vec<SuspectGroup>, StoreError> {
        let mut query = Query::new(
            "SELECT rule, COALESCE(place, ''), COUNT(*), MIN(signed_at), MAX(signed_at), \
                 MAX(ordinal) FROM signatures WHERE state = 'suspect' GROUP BY rule, place \
             ORDER BY COUNT(*) DESC, rule, place LIMIT ",
        );
        query.bind(i64::from(limit));
        let rows: Vec<(String, String, i64, i64, i64, i64)> = query.rows(&self.db).await?;
        let row = |(rule, place, n, first, last, newest): (String, String, i64, i64, i64, i64)| {
            Some(SuspectGroup {
                rule: FraudRule::parse(&rule)?,
                network_hash: place,
                n: n.unsigned_abs(),
                first,
                last,
                newest: newest.unsigned_abs(),
            })
        };
        Ok(rows.into_iter().filter_map(row).collect())
    }

    /// Client networks with the most valid ones of the newest 20,000 signatures since `since`;
    /// at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn busiest_networks(
        &self,
        since: Millis,
        limit: u16,
    ) -> Result<Vec<BusyNetwork>, StoreError> {
        const BUSY: Sql = Sql::both(
            "SELECT place, COUNT(*), MIN(signed_at), MAX(signed_at) FROM \
             (SELECT place, state, signed_at FROM signatures ORDER BY ordinal DESC LIMIT $2) AS newest \
             WHERE state = 'valid' AND place IS NOT NULL AND signed_at >= $1 \
             GROUP BY place ORDER BY COUNT(*) DESC, place LIMIT $3",
        );
        let values = [since.into(), BUSY_OF.into(), i64::from(limit).into()];
        let rows: Vec<(String, i64, i64, i64)> = self.db.all(BUSY, &values).await?;
        let row = |(place, n, first, last): (String, i64, i64, i64)| BusyNetwork {
            network_hash: place,
            n: n.unsigned_abs(),
            first,
            last,
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Number of signatures in `state` that match the filter.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn count_matching(
        &self,
        state: SignatureState,
        meant: &SignatureFilter,
    ) -> Result<u64, StoreError> {
        let mut query = Query::new("SELECT COUNT(*) FROM signatures");
        push_signature_filter(&mut query, state, meant);
        let rows: Vec<(i64,)> = query.rows(&self.db).await?;
        Ok(rows.first().map_or(0, |(n,)| n.unsigned_abs()))
    }

    /// The newest signatures in `state` that match the filter; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn samples(
        &self,
        state: SignatureState,
        meant: &SignatureFilter,
        limit: u16,
    ) -> Result<Vec<Sample>, StoreError> {
        let mut query = Query::new("SELECT ordinal, name, signed_at FROM signatures");
        push_signature_filter(&mut query, state, meant);
        query.push(" ORDER BY ordinal DESC LIMIT ").bind(i64::from(limit));
        let rows: Vec<(i64, String, i64)> = query.rows(&self.db).await?;
        let row = |(ordinal, name, at): (i64, String, i64)| {
            let ordinal = ordinal.unsigned_abs();
            Ok(Sample { ordinal, name: opened_name(&self.db.seal, ordinal, &name)?, at })
        };
        Ok(rows.into_iter().filter_map(|found| openable(row(found))).collect())
    }

    /// Clears the network hash of signatures signed before `before`, 5000 rows per transaction so
    /// that new signatures do not wait long for the ledger lock. Suspect signatures keep theirs.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn clear_network_hashes(
        &self,
        before: Millis,
        now: Millis,
    ) -> Result<(), StoreError> {
        const CHUNK: i64 = 5_000;
        const NEXT: Sql = Sql::both(
            "SELECT COALESCE(MAX(ordinal), 0), COALESCE(MIN(signed_at), 0) FROM \
             (SELECT ordinal, signed_at FROM signatures WHERE ordinal > $1 \
             ORDER BY ordinal LIMIT 5000) AS chunk",
        );
        const FORGET: Sql = Sql::both(
            "UPDATE signatures SET place = NULL WHERE ordinal > $1 AND ordinal <= $2 \
             AND place IS NOT NULL AND state <> 'suspect' AND signed_at < $3",
        );
        const JUDGED: Sql = Sql::both(
            "UPDATE judgements SET place = NULL WHERE at < $1 AND state IN ('done', 'undone')",
        );
        let mut after = 0;
        let mut tx = self.db.begin().await?;
        tx.run(JUDGED, &[before.into()]).await?;
        tx.commit().await?;
        loop {
            let found: Vec<(i64, i64)> = self.db.all(NEXT, &[after.into()]).await?;
            let (last, oldest) = found.first().copied().unwrap_or_default();
            if last == 0 || oldest >= before {
                return Ok(());
            }
            let mut write = CountWrite::begin(self.db.begin().await?, now).await?;
            write.tx.run(FORGET, &[after.into(), last.into(), before.into()]).await?;
            write.commit(&self.publisher).await?;
            if last - after < CHUNK {
                return Ok(());
            }
            after = last;
        }
    }

    /// Deletes fraud counters that began before `before`.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn sweep_doubts(&self, before: Millis) -> Result<(), StoreError> {
        const FORGET: Sql = Sql::both("DELETE FROM doubts WHERE since < $1");
        let mut tx = self.db.begin().await?;
        tx.run(FORGET, &[before.into()]).await?;
        tx.commit().await
    }
}

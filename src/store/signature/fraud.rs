//! Fraud rules: which new signatures are suspect, decided in the transaction that stores them.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    signature_review::{FRAUD_WINDOW, FraudRule},
    time::Millis,
};
use serde_json::json;

use super::row::{RuleHit, SignRequest};
use crate::{
    error::StoreError,
    sql::{
        connection::{Tx, Value},
        statement::{Sql, sql_over_items},
    },
};

const FORGET: Sql = Sql::both("DELETE FROM doubts WHERE since < $1");

/// For each of `rows` the fraud rule that holds it, if any. Runs in the transaction that stores
/// them, so that all nodes share the counters.
///
/// Rows that another rule holds do not count as unproven: those of a hasty script must not use up
/// what their neighbours may sign without a proof.
pub async fn apply_fraud_rules(
    tx: &mut Tx,
    rows: &[&SignRequest],
    now: Millis,
) -> Result<Vec<Option<FraudRule>>, StoreError> {
    let mut held = vec![None; rows.len()];
    if rows.iter().all(|row| row.rule_hits.is_empty()) {
        return Ok(held);
    }
    let off = rules_off(tx).await?;
    tx.run(FORGET, &[(now - FRAUD_WINDOW).into()]).await?;
    for unproven in [false, true] {
        let is_meant = |hit: &&RuleHit| (hit.rule == FraudRule::NoProof) == unproven;
        let free = rows.iter().zip(&held).map(|(row, held)| match held {
            None => row.rule_hits.iter().filter(is_meant).collect(),
            Some(_) => Vec::new(),
        });
        let hits: Vec<Vec<&RuleHit>> = free.collect();
        let mut seen = count(tx, &hits, now).await?;
        for (held, hits) in held.iter_mut().zip(&hits) {
            for hit in hits {
                let n = seen.entry(&hit.bucket).or_default();
                *n += 1;
                if *n > i64::from(hit.tolerated) && !off.contains(&hit.rule) {
                    *held = held.or(Some(hit.rule));
                }
            }
        }
    }
    Ok(held)
}

/// Which of the proofs are used for the first time.
pub async fn spend(
    tx: &mut Tx,
    proofs: &[&RuleHit],
    now: Millis,
) -> Result<BTreeSet<String>, StoreError> {
    tx.run(FORGET, &[(now - FRAUD_WINDOW).into()]).await?;
    let hits: Vec<Vec<&RuleHit>> = proofs.iter().map(|proof| vec![*proof]).collect();
    let before = count(tx, &hits, now).await?;
    let first = before.into_iter().filter(|(_, n)| *n == 0);
    Ok(first.map(|(bucket, _)| bucket.to_owned()).collect())
}

/// Counts the hits; returns for each counter how many there were before.
async fn count<'h>(
    tx: &mut Tx,
    hits: &[Vec<&'h RuleHit>],
    now: Millis,
) -> Result<BTreeMap<&'h str, i64>, StoreError> {
    const COUNT: Sql = sql_over_items!(
        "INSERT INTO doubts (place, n, since) SELECT item.value->>'place', \
         CAST(item.value->>'by' AS BIGINT), CAST(item.value->>'now' AS BIGINT) FROM",
        "WHERE true ON CONFLICT (place) DO UPDATE SET n = doubts.n + excluded.n \
         RETURNING place, n"
    );
    let mut wanted: BTreeMap<&str, i64> = BTreeMap::new();
    let mut begun: BTreeMap<&str, Millis> = BTreeMap::new();
    for hit in hits.iter().flatten() {
        *wanted.entry(&hit.bucket).or_default() += 1;
        // All are forgotten after the same time, so what counts longer begins later.
        begun.insert(&hit.bucket, now + hit.window - FRAUD_WINDOW);
    }
    if wanted.is_empty() {
        return Ok(wanted);
    }
    let item = |(bucket, by): (&&str, &i64)| json!({ "place": bucket, "by": by, "now": begun.get(bucket) });
    let items = wanted.iter().map(item);
    let counted: Vec<(String, i64)> = tx.all(COUNT, &[Value::items(items)]).await?;
    for (place, n) in counted {
        if let Some(by) = wanted.get_mut(place.as_str()) {
            *by = n - *by;
        }
    }
    Ok(wanted)
}

async fn rules_off(tx: &mut Tx) -> Result<BTreeSet<FraudRule>, StoreError> {
    const OFF: Sql = Sql::both("SELECT rule FROM rules_off");
    let rows: Vec<(String,)> = tx.all(OFF, &[]).await?;
    Ok(rows.iter().filter_map(|(rule,)| FraudRule::parse(rule)).collect())
}

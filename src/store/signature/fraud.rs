//! Fraud rules: which new signatures are suspect, decided in the transaction that stores them.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    signature_review::{FRAUD_WINDOW, FraudRule},
    time::Millis,
};
use serde_json::json;

use super::row::SignRequest;
use crate::{
    error::StoreError,
    sql::{
        connection::{Tx, Value},
        statement::{Sql, sql_over_items},
    },
};

/// For each of `rows` the fraud rule that holds it, if any. Runs in the transaction that stores
/// them, so that all nodes share the counters.
pub async fn apply_fraud_rules(
    tx: &mut Tx,
    rows: &[&SignRequest],
    now: Millis,
) -> Result<Vec<Option<FraudRule>>, StoreError> {
    const FORGET: Sql = Sql::both("DELETE FROM doubts WHERE since < $1");
    const COUNT: Sql = sql_over_items!(
        "INSERT INTO doubts (place, n, since) SELECT item.value->>'place', \
         CAST(item.value->>'by' AS BIGINT), CAST(item.value->>'now' AS BIGINT) FROM",
        "WHERE true ON CONFLICT (place) DO UPDATE SET n = doubts.n + excluded.n \
         RETURNING place, n"
    );
    if rows.iter().all(|row| row.rule_hits.is_empty()) {
        return Ok(vec![None; rows.len()]);
    }
    let off = rules_off(tx).await?;
    let mut wanted: BTreeMap<&str, i64> = BTreeMap::new();
    for doubt in rows.iter().flat_map(|row| &row.rule_hits) {
        *wanted.entry(&doubt.bucket).or_default() += 1;
    }
    tx.run(FORGET, &[(now - FRAUD_WINDOW).into()]).await?;
    let items = wanted.iter().map(|(bucket, by)| json!({ "place": bucket, "by": by, "now": now }));
    let counted: Vec<(String, i64)> = tx.all(COUNT, &[Value::items(items)]).await?;
    // How many there were before the first of these rows.
    let mut seen: BTreeMap<&str, i64> = BTreeMap::new();
    for (place, n) in &counted {
        seen.insert(place, n - wanted.get(place.as_str()).copied().unwrap_or_default());
    }
    let mut held = Vec::with_capacity(rows.len());
    for row in rows {
        let mut rule = None;
        for doubt in &row.rule_hits {
            let n = seen.entry(&doubt.bucket).or_default();
            *n += 1;
            if *n > i64::from(doubt.rule.tolerated_hits()) && !off.contains(&doubt.rule) {
                rule = rule.or(Some(doubt.rule));
            }
        }
        held.push(rule);
    }
    Ok(held)
}

async fn rules_off(tx: &mut Tx) -> Result<BTreeSet<FraudRule>, StoreError> {
    const OFF: Sql = Sql::both("SELECT rule FROM rules_off");
    let rows: Vec<(String,)> = tx.all(OFF, &[]).await?;
    Ok(rows.iter().filter_map(|(rule,)| FraudRule::parse(rule)).collect())
}

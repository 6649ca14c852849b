//! Signatures written and withdrawn, many at once, in a transaction of the writer's.

use std::collections::HashMap;

use domain::{
    signature::Ordinal,
    signature_review::{FraudRule, SignatureState},
    slug::Slug,
    time::Millis,
    visitor::VisitorId,
};

use super::{
    fraud,
    row::{
        RuleHit, SignOutcome, SignRequest, StoredSignature, pledges_of, pledges_text,
        sealed_message, sealed_name,
    },
};
use crate::{
    counts::CounterDeltas,
    error::StoreError,
    sql::{
        connection::{Tx, Value},
        statement::{Sql, sql_any_of},
    },
};

/// Stores the signature of each visitor who has no live one, with ordinals after `last`. `rows`
/// must not name a visitor twice.
pub async fn sign(
    tx: &mut Tx,
    rows: &[&SignRequest],
    at: i64,
    last: &mut Ordinal,
    deltas: &mut CounterDeltas,
) -> Result<Vec<SignOutcome>, StoreError> {
    let signed = already_signed(tx, rows).await?;
    // Someone who has signed already must not add to the fraud counters.
    let is_new = |row: &&&SignRequest| !signed.contains_key(row.visitor.as_str());
    let fresh: Vec<&SignRequest> = rows.iter().filter(is_new).copied().collect();
    let mut held = fraud::apply_fraud_rules(tx, &fresh, at).await?.into_iter();
    let mut new_rows = Vec::new();
    let mut results = Vec::with_capacity(rows.len());
    for row in rows {
        let visitor = row.visitor.as_str();
        if let Some(&ordinal) = signed.get(visitor) {
            results.push(SignOutcome { ordinal, newly_stored: false });
            continue;
        }
        let rule = held.next().flatten();
        *last += 1;
        results.push(SignOutcome { ordinal: *last, newly_stored: true });
        let new = &row.signature;
        if rule.is_none() {
            deltas.signature(new.grid.as_ref().map(Slug::as_str), &new.pledges, at, 1);
        }
        let state = if rule.is_none() { SignatureState::Valid } else { SignatureState::Suspect };
        let message = new.message.as_ref().map(|text| text.as_str());
        new_rows.push(StoredSignature {
            ordinal: *last,
            visitor: visitor.to_owned(),
            state: state.as_str(),
            name: sealed_name(&tx.seal, *last, new.name.as_str())?,
            grid: new.grid.as_ref().map(|grid| grid.as_str().to_owned()),
            pledges: pledges_text(&new.pledges),
            message: sealed_message(&tx.seal, *last, message)?,
            show_name: new.show_name,
            consent: row.consent.clone(),
            signed_at: at,
            message_state: None,
            rule: rule.map(FraudRule::as_str),
            place: row.network_hash.clone(),
        });
    }
    tx.insert_rows(new_rows).await?;
    Ok(results)
}

/// Counts the signatures that are suspect only for the want of a proof, each by a proof that was not
/// used before; returns for each visitor whether there was one. They must not name one twice.
pub async fn prove(
    tx: &mut Tx,
    proofs: &[&(VisitorId, RuleHit)],
    now: Millis,
    deltas: &mut CounterDeltas,
) -> Result<Vec<bool>, StoreError> {
    const UNPROVEN: Sql = sql_any_of!(
        "SELECT visitor, grid, pledges, signed_at FROM signatures \
         WHERE state = 'suspect' AND rule = 'no-proof' AND visitor"
    );
    const COUNT: Sql = sql_any_of!(
        "UPDATE signatures SET state = 'valid', rule = NULL \
         WHERE state = 'suspect' AND rule = 'no-proof' AND visitor"
    );
    let hits: Vec<&RuleHit> = proofs.iter().map(|(_, proof)| proof).collect();
    let fresh = fraud::spend(tx, &hits, now).await?;
    let fresh = proofs.iter().filter(|(_, proof)| fresh.contains(&proof.bucket));
    let items = Value::texts(fresh.map(|(visitor, _)| visitor.as_str()));
    let found: Vec<(String, Option<String>, String, i64)> =
        tx.all(UNPROVEN, std::slice::from_ref(&items)).await?;
    if !found.is_empty() {
        tx.run(COUNT, &[items]).await?;
    }
    for (_, grid, pledges, signed_at) in &found {
        deltas.signature(grid.as_deref(), &pledges_of(pledges), *signed_at, 1);
    }
    let is_found = |visitor: &VisitorId| found.iter().any(|(of, ..)| of == visitor.as_str());
    Ok(proofs.iter().map(|(visitor, _)| is_found(visitor)).collect())
}

async fn already_signed(
    tx: &mut Tx,
    rows: &[&SignRequest],
) -> Result<HashMap<String, Ordinal>, StoreError> {
    const LIVE: Sql = sql_any_of!(
        "SELECT visitor, ordinal FROM signatures WHERE state IN ('valid', 'suspect') AND visitor"
    );
    let visitors = Value::texts(rows.iter().map(|row| row.visitor.as_str()));
    let found: Vec<(String, i64)> = tx.all(LIVE, &[visitors]).await?;
    Ok(found.into_iter().map(|(visitor, n)| (visitor, n.unsigned_abs())).collect())
}

/// Withdraws the live and the invalidated signatures of `visitors`, which must not name one twice.
/// Only ordinal and times are kept. Returns for each visitor whether there was one.
pub async fn withdraw(
    tx: &mut Tx,
    visitors: &[&VisitorId],
    at: i64,
    deltas: &mut CounterDeltas,
) -> Result<Vec<bool>, StoreError> {
    const LIVE: Sql = sql_any_of!(
        "SELECT visitor, state, grid, pledges, signed_at FROM signatures \
         WHERE state IN ('valid', 'suspect') AND visitor"
    );
    const WITHDRAW: Sql = sql_any_of!(
        "UPDATE signatures SET state = 'withdrawn', visitor = '', name = '', grid = NULL, \
             pledges = '[]', message = NULL, show_name = FALSE, place = NULL, withdrawn_at = $2 \
         WHERE state IN ('valid', 'suspect') AND visitor"
    );
    // Invalidated signatures are erased too; otherwise an undone bulk review would restore a
    // withdrawn one.
    const INVALIDATED: Sql =
        sql_any_of!("SELECT visitor FROM signatures WHERE state = 'invalid' AND visitor");
    const ERASE: Sql = sql_any_of!(
        "UPDATE signatures SET state = 'withdrawn', visitor = '', name = '', grid = NULL, \
             pledges = '[]', message = NULL, show_name = FALSE, place = NULL, withdrawn_at = $2 \
         WHERE state = 'invalid' AND visitor"
    );
    let items = Value::texts(visitors.iter().map(|visitor| visitor.as_str()));
    let found: Vec<(String, String, Option<String>, String, i64)> =
        tx.all(LIVE, std::slice::from_ref(&items)).await?;
    if !found.is_empty() {
        tx.run(WITHDRAW, &[items.clone(), at.into()]).await?;
    }
    let invalidated: Vec<(String,)> = tx.all(INVALIDATED, std::slice::from_ref(&items)).await?;
    if !invalidated.is_empty() {
        tx.run(ERASE, &[items, at.into()]).await?;
    }
    for (_, state, grid, pledges, signed_at) in &found {
        if state == "valid" {
            deltas.signature(grid.as_deref(), &pledges_of(pledges), *signed_at, -1);
        }
    }
    let had_signature = |visitor: &&VisitorId| {
        let mut all = found.iter().map(|(v, ..)| v).chain(invalidated.iter().map(|(v,)| v));
        all.any(|v| v == visitor.as_str())
    };
    Ok(visitors.iter().map(had_signature).collect())
}

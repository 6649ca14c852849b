//! Signatures written and withdrawn, many at once, in a transaction of the writer's.

use std::collections::HashMap;

use domain::{
    signature::Ordinal,
    signature_review::{Rule, SignatureState},
    slug::Slug,
    visitor::VisitorId,
};

use super::{
    fraud,
    row::{
        Signed, Signing, StoredSignature, pledges_of, pledges_text, sealed_message, sealed_name,
    },
};
use crate::{
    counts::Deltas,
    error::StoreError,
    sql::{
        connection::{Tx, Value},
        statement::{Sql, sql_any_of},
    },
};

/// Stores each row whose visitor has no live signature, giving it the next
/// ordinal after `last`. No two rows may be of one visitor.
pub async fn sign(
    tx: &mut Tx,
    rows: &[&Signing],
    at: i64,
    last: &mut Ordinal,
    deltas: &mut Deltas,
) -> Result<Vec<Signed>, StoreError> {
    let signed = already_signed(tx, rows).await?;
    // Whoever has signed already adds nothing, also nothing doubtful.
    let is_new = |row: &&&Signing| !signed.contains_key(row.visitor.as_str());
    let fresh: Vec<&Signing> = rows.iter().filter(is_new).copied().collect();
    let mut held = fraud::judge(tx, &fresh, at).await?.into_iter();
    let mut new_rows = Vec::new();
    let mut results = Vec::with_capacity(rows.len());
    for row in rows {
        let visitor = row.visitor.as_str();
        if let Some(&ordinal) = signed.get(visitor) {
            results.push(Signed { ordinal, fresh: false });
            continue;
        }
        let rule = held.next().flatten();
        *last += 1;
        results.push(Signed { ordinal: *last, fresh: true });
        let new = &row.signature;
        if rule.is_none() {
            deltas.signature(new.grid.as_ref().map(Slug::as_str), &new.pledges, 1);
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
            rule: rule.map(Rule::as_str),
            place: row.place.clone(),
        });
    }
    tx.insert_rows(new_rows).await?;
    Ok(results)
}

async fn already_signed(
    tx: &mut Tx,
    rows: &[&Signing],
) -> Result<HashMap<String, Ordinal>, StoreError> {
    const LIVE: Sql = sql_any_of!(
        "SELECT visitor, ordinal FROM signatures WHERE state IN ('valid', 'suspect') AND visitor"
    );
    let visitors = Value::texts(rows.iter().map(|row| row.visitor.as_str()));
    let found: Vec<(String, i64)> = tx.all(LIVE, &[visitors]).await?;
    Ok(found.into_iter().map(|(visitor, n)| (visitor, n.unsigned_abs())).collect())
}

/// Withdraws the live signatures of `visitors`, none of them named twice; all
/// that is left of one is its ordinal and its times. For each: whether there was one.
pub async fn withdraw(
    tx: &mut Tx,
    visitors: &[&VisitorId],
    at: i64,
    deltas: &mut Deltas,
) -> Result<Vec<bool>, StoreError> {
    const COUNTED: Sql = sql_any_of!(
        "SELECT visitor, state, grid, pledges FROM signatures \
         WHERE state IN ('valid', 'suspect') AND visitor"
    );
    const WITHDRAW: Sql = sql_any_of!(
        "UPDATE signatures SET state = 'withdrawn', visitor = '', name = '', grid = NULL, \
             pledges = '[]', message = NULL, show_name = FALSE, place = NULL, withdrawn_at = $2 \
         WHERE state IN ('valid', 'suspect') AND visitor"
    );
    // One that was struck out goes, too: what somebody takes back does not come again.
    const STRUCK_OUT: Sql =
        sql_any_of!("SELECT visitor FROM signatures WHERE state = 'invalid' AND visitor");
    const ERASE: Sql = sql_any_of!(
        "UPDATE signatures SET state = 'withdrawn', visitor = '', name = '', grid = NULL, \
             pledges = '[]', message = NULL, show_name = FALSE, place = NULL, withdrawn_at = $2 \
         WHERE state = 'invalid' AND visitor"
    );
    let items = Value::texts(visitors.iter().map(|visitor| visitor.as_str()));
    let found: Vec<(String, String, Option<String>, String)> =
        tx.all(COUNTED, std::slice::from_ref(&items)).await?;
    if !found.is_empty() {
        tx.run(WITHDRAW, &[items.clone(), at.into()]).await?;
    }
    let struck_out: Vec<(String,)> = tx.all(STRUCK_OUT, std::slice::from_ref(&items)).await?;
    if !struck_out.is_empty() {
        tx.run(ERASE, &[items, at.into()]).await?;
    }
    for (_, state, grid, pledges) in &found {
        if state == "valid" {
            deltas.signature(grid.as_deref(), &pledges_of(pledges), -1);
        }
    }
    let had = |visitor: &&VisitorId| {
        let mut all = found.iter().map(|(v, ..)| v).chain(struck_out.iter().map(|(v,)| v));
        all.any(|v| v == visitor.as_str())
    };
    Ok(visitors.iter().map(had).collect())
}

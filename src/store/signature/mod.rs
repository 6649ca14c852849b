//! Signatures in the database: many at once in, one at a time out.

pub(crate) mod bulk_review;
pub(crate) mod fraud;
mod methods;
pub(crate) mod write_queue;

use std::collections::HashMap;

use self::fraud::Doubt;
use super::{
    counts::Deltas,
    encryption::cipher::{Seal, openable},
    error::StoreError,
    sql::{
        connection::{Db, Sql, Tx, Value, sql_any_of},
        schema::SIGNATURES,
    },
};
use crate::domain::{
    signature::{NewSignature, Ordinal, Signature},
    signature_review::{Rule, Standing},
    slug::Slug,
    visitor::VisitorId,
};

/// A wish to sign.
#[derive(Clone, Debug)]
pub struct Signing {
    /// Whose it is.
    pub visitor: VisitorId,
    /// What was signed.
    pub signature: NewSignature,
    /// The version of the privacy text that was agreed to.
    pub consent: String,
    /// Where it came from: a keyed hash; `None` where nobody knows.
    pub place: Option<String>,
    /// Second signs that it came with.
    pub doubts: Vec<Doubt>,
}

/// The live signature of a visitor, after signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed {
    /// 第 N 位.
    pub ordinal: Ordinal,
    /// Whether this call stored it; else the visitor had it already.
    pub fresh: bool,
}

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
        let standing = if rule.is_none() { Standing::Valid } else { Standing::Suspect };
        // The columns of the table, in their order.
        new_rows.push(vec![
            i64::try_from(*last).unwrap_or(i64::MAX).into(),
            visitor.into(),
            standing.as_str().into(),
            sealed_name(&tx.seal, *last, new.name.as_str())?,
            new.grid.as_ref().map(Slug::as_str).into(),
            pledges_text(&new.pledges).into(),
            sealed_message(&tx.seal, *last, new.message.as_ref().map(|text| text.as_str()))?,
            new.show_name.into(),
            row.consent.as_str().into(),
            at.into(),
            Value::Null,
            Value::Null,
            rule.map(Rule::as_str).into(),
            row.place.as_deref().into(),
        ]);
    }
    tx.insert_rows(&SIGNATURES, &new_rows).await?;
    Ok(results)
}

/// A name as it stands in its row.
pub fn sealed_name(seal: &Seal, ordinal: Ordinal, name: &str) -> Result<Value, StoreError> {
    seal.close(&SIGNATURES.row(&[&ordinal, &"name"]), name).map(Value::Text)
}

/// The name that stands in a row; a signature that was taken back has none.
pub fn opened_name(seal: &Seal, ordinal: Ordinal, sealed: &str) -> Result<String, StoreError> {
    match sealed {
        "" => Ok(String::new()),
        sealed => seal.open(&SIGNATURES.row(&[&ordinal, &"name"]), sealed),
    }
}

/// A 寄语 as it stands in its row.
pub fn sealed_message(
    seal: &Seal,
    ordinal: Ordinal,
    text: Option<&str>,
) -> Result<Value, StoreError> {
    let row = || SIGNATURES.row(&[&ordinal, &"message"]);
    text.map_or(Ok(Value::Null), |text| seal.close(&row(), text).map(Value::Text))
}

/// The 寄语 that stands in a row.
pub fn opened_message(seal: &Seal, ordinal: Ordinal, sealed: &str) -> Result<String, StoreError> {
    seal.open(&SIGNATURES.row(&[&ordinal, &"message"]), sealed)
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

/// All that a visitor has signed, also what does not count.
pub async fn of(db: &Db, visitor: &VisitorId) -> Result<Vec<Signature>, StoreError> {
    const THEIRS: Sql = Sql::both(
        "SELECT ordinal, name, grid, pledges, message, signed_at FROM signatures \
         WHERE visitor = $1 AND state IN ('valid', 'suspect') UNION ALL \
         SELECT ordinal, name, grid, pledges, message, signed_at FROM signatures \
         WHERE visitor = $1 AND state = 'invalid'",
    );
    let rows: Vec<Columns> = db.all(THEIRS, &[visitor.as_str().into()]).await?;
    Ok(rows.into_iter().filter_map(|row| openable(signature(db, row))).collect())
}

/// A signature as its owner sees it.
type Columns = (i64, String, Option<String>, String, Option<String>, i64);

fn signature(
    db: &Db,
    (ordinal, name, grid, pledges, message, signed_at): Columns,
) -> Result<Signature, StoreError> {
    let ordinal = ordinal.unsigned_abs();
    let message = message.map(|sealed| opened_message(&db.seal, ordinal, &sealed));
    Ok(Signature {
        ordinal,
        name: opened_name(&db.seal, ordinal, &name)?,
        grid: grid.and_then(|slug| Slug::parse(&slug).ok()),
        pledges: pledges_of(&pledges),
        message: message.transpose()?,
        signed_at,
    })
}

/// The visitor's live signature.
pub async fn live(db: &Db, visitor: &VisitorId) -> Result<Option<Signature>, StoreError> {
    const LIVE: Sql = Sql::both(
        "SELECT ordinal, name, grid, pledges, message, signed_at FROM signatures \
         WHERE visitor = $1 AND state IN ('valid', 'suspect')",
    );
    let rows: Vec<Columns> = db.all(LIVE, &[visitor.as_str().into()]).await?;
    rows.into_iter().next().map(|row| signature(db, row)).transpose()
}

/// A signature as exports show it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "as in a signature")]
pub struct SignatureRow {
    pub ordinal: Ordinal,
    pub state: String,
    pub name: String,
    pub grid: Option<Slug>,
    pub pledges: Vec<Slug>,
    pub message: Option<String>,
    pub show_name: bool,
    pub signed_at: i64,
}

/// Signatures in their order.
pub async fn after(db: &Db, ordinal: Ordinal, limit: u32) -> Result<Vec<SignatureRow>, StoreError> {
    type Columns = (i64, String, String, Option<String>, String, Option<String>, bool, i64);
    const AFTER: Sql = Sql::both(
        "SELECT ordinal, state, name, grid, pledges, message, show_name, signed_at \
         FROM signatures WHERE ordinal > $1 ORDER BY ordinal LIMIT $2",
    );
    let values = [i64::try_from(ordinal).unwrap_or(i64::MAX).into(), i64::from(limit).into()];
    let rows: Vec<Columns> = db.all(AFTER, &values).await?;
    let row = |(ordinal, state, name, grid, pledges, message, show_name, signed_at): Columns| {
        let ordinal = ordinal.unsigned_abs();
        let message = message.map(|sealed| opened_message(&db.seal, ordinal, &sealed));
        SignatureRow {
            ordinal,
            state,
            name: openable(opened_name(&db.seal, ordinal, &name)).unwrap_or_default(),
            grid: grid.and_then(|slug| Slug::parse(&slug).ok()),
            pledges: pledges_of(&pledges),
            message: message.and_then(openable),
            show_name,
            signed_at,
        }
    };
    Ok(rows.into_iter().map(row).collect())
}

/// The newest names that may be shown.
pub async fn recent_names(db: &Db, limit: u16) -> Result<Vec<String>, StoreError> {
    const NEWEST: Sql = Sql::both(
        "SELECT ordinal, name FROM signatures WHERE state = 'valid' AND show_name \
         ORDER BY ordinal DESC LIMIT $1",
    );
    let rows: Vec<(i64, String)> = db.all(NEWEST, &[i64::from(limit).into()]).await?;
    let name = |(n, name): (i64, String)| opened_name(&db.seal, n.unsigned_abs(), &name);
    Ok(rows.into_iter().filter_map(|row| openable(name(row))).collect())
}

fn pledges_text(pledges: &[Slug]) -> String {
    serde_json::Value::from_iter(pledges.iter().map(Slug::as_str)).to_string()
}

pub fn pledges_of(text: &str) -> Vec<Slug> {
    serde_json::from_str(text).unwrap_or_default()
}

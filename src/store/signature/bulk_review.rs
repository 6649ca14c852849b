//! Bulk reviews: a manager's decision about many signatures, carried out in steps. Each step saves
//! its progress in the same transaction, so any node can continue after a crash.

use domain::{
    signature_review::{FraudRule, ReviewDecision, SignatureFilter, SignatureState},
    staff::StaffId,
    time::Millis,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    review::push_signature_filter,
    row::{ReviewedSignature, pledges_of},
};
use crate::{
    base::Store,
    counts::write::CountWrite,
    error::StoreError,
    sql::{
        connection::{Tx, Value},
        query::Query,
        schema::BULK_REVIEWS,
        statement::{Sql, sql_over_items},
        table::{Record, Statements},
    },
    staff::audit::{AuditEntry, insert_audit_entry},
};

/// Signatures per step: other signers wait for the ledger lock that long.
const STEP: i64 = 2_000;

/// What a step sees of each.
const LOOK: &str = "SELECT ordinal, state, grid, pledges, signed_at, EXISTS (SELECT 1 FROM signatures AS other \
     WHERE other.visitor = signatures.visitor AND other.ordinal <> signatures.ordinal \
     AND other.state IN ('valid', 'suspect')) FROM ";

/// Progress of a bulk review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Progress {
    /// Not all of it.
    Running,
    /// All of it.
    Done,
    /// It is being taken back.
    Undoing,
    /// It was taken back.
    Undone,
}

impl Progress {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }
}

/// A bulk review, as stored in `judgements`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BulkReview {
    /// Its name.
    pub id: String,
    /// When.
    pub at: Millis,
    /// Who.
    pub staff: Option<StaffId>,
    came_from: String,
    is_to_be: String,
    rule: Option<String>,
    place: Option<String>,
    since: Option<Millis>,
    until: Option<Millis>,
    last_ordinal: i64,
    reached: i64,
    /// Number of signatures that are changed now.
    pub touched: i64,
    /// How far it is.
    pub state: Progress,
}

impl Record for BulkReview {
    fn table() -> &'static Statements {
        &BULK_REVIEWS
    }
}

impl BulkReview {
    /// What was decided.
    #[must_use]
    pub fn decision(&self) -> Option<ReviewDecision> {
        ReviewDecision::ALL.into_iter().find(|verdict| {
            let (from, to) = verdict.transition();
            from.as_str() == self.came_from && to.as_str() == self.is_to_be
        })
    }

    /// About which.
    #[must_use]
    pub fn filter(&self) -> SignatureFilter {
        SignatureFilter {
            rule: self.rule.as_deref().and_then(FraudRule::parse),
            network_hash: self.place.clone(),
            since: self.since,
            until: self.until,
        }
    }
}

/// A signature that a step looks at.
struct Found {
    ordinal: i64,
    state: String,
    grid: Option<String>,
    pledges: String,
    signed_at: i64,
    /// Whether the visitor has another live signature.
    signed_again: bool,
}

impl From<(i64, String, Option<String>, String, i64, bool)> for Found {
    /// From the columns of [`LOOK`].
    fn from(row: (i64, String, Option<String>, String, i64, bool)) -> Self {
        let (ordinal, state, grid, pledges, signed_at, signed_again) = row;
        Self { ordinal, state, grid, pledges, signed_at, signed_again }
    }
}

impl Store {
    /// Starts a bulk review of the stored signatures up to the ordinal `upto`.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn start_bulk_review(
        &self,
        note: AuditEntry<'_>,
        verdict: ReviewDecision,
        meant: &SignatureFilter,
        upto: Option<u64>,
        at: Millis,
    ) -> Result<(), StoreError> {
        let mut write = CountWrite::begin(self.db.begin().await?, at).await?;
        let last = upto.unwrap_or(u64::MAX).min(write.ledger.last_ordinal);
        insert(&mut write.tx, note, verdict, meant, (last, at)).await?;
        write.commit(&self.publisher).await
    }

    /// Switches a rule on or off for new signatures. Switching it off starts a bulk review that
    /// releases the signatures it holds.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn switch_rule(
        &self,
        note: AuditEntry<'_>,
        rule: FraudRule,
        on: bool,
        at: Millis,
    ) -> Result<(), StoreError> {
        const ON: Sql = Sql::both("DELETE FROM rules_off WHERE rule = $1 AND $2 > 0");
        const OFF: Sql = Sql::both(
            "INSERT INTO rules_off (rule, at) VALUES ($1, $2) ON CONFLICT (rule) DO NOTHING",
        );
        // The ledger lock orders this against signing: a concurrent signature is either stored
        // before and released, or sees the new setting.
        let mut write = CountWrite::begin(self.db.begin().await?, at).await?;
        let (tx, last) = (&mut write.tx, write.ledger.last_ordinal);
        tx.run(if on { ON } else { OFF }, &[rule.as_str().into(), at.into()]).await?;
        if on {
            insert_audit_entry(tx, note, at).await?;
        } else {
            let meant = SignatureFilter { rule: Some(rule), ..SignatureFilter::default() };
            insert(tx, note, ReviewDecision::Release, &meant, (last, at)).await?;
        }
        write.commit(&self.publisher).await
    }

    /// Starts to undo a bulk review; `false` if there is none that is running or done.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn undo_bulk_review(
        &self,
        note: AuditEntry<'_>,
        at: Millis,
    ) -> Result<bool, StoreError> {
        const UNDO: Sql = Sql::both(
            "UPDATE judgements SET state = 'undoing', reached = 0 \
             WHERE id = $1 AND state IN ('running', 'done')",
        );
        // Under the ledger lock no step is in progress.
        let mut write = CountWrite::begin(self.db.begin().await?, at).await?;
        if write.tx.run(UNDO, &[note.subject.into()]).await? == 0 {
            return Ok(false);
        }
        insert_audit_entry(&mut write.tx, note, at).await?;
        write.commit(&self.publisher).await?;
        Ok(true)
    }

    /// The last bulk reviews, newest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn bulk_reviews(&self, limit: u16) -> Result<Vec<BulkReview>, StoreError> {
        let mut query = Query::records(&BULK_REVIEWS);
        query.push(" ORDER BY at DESC, id LIMIT ").bind(i64::from(limit));
        query.find(&self.db).await
    }

    /// Runs one step of the oldest unfinished bulk review; `false` if there is none.
    ///
    /// # Errors
    /// [`StoreError`]; the step is not done then.
    pub async fn run_bulk_review_step(&self, now: Millis) -> Result<bool, StoreError> {
        let mut waiting = Query::records(&BULK_REVIEWS);
        waiting.push(" WHERE state IN ('running', 'undoing') ORDER BY at, id LIMIT 1");
        if waiting.find::<BulkReview>(&self.db).await?.is_empty() {
            return Ok(false);
        }
        // Read again under the ledger lock: only one node works on a step.
        let mut step = CountWrite::begin(self.db.begin().await?, now).await?;
        let Some(review) = waiting.find_in::<BulkReview>(&mut step.tx).await?.pop() else {
            return Ok(false);
        };
        let from = SignatureState::parse(&review.came_from);
        let (Some(from), Some(to)) = (from, SignatureState::parse(&review.is_to_be)) else {
            return Err(StoreError::Refused(format!(
                "bulk review {} has an unknown state",
                review.id
            )));
        };
        let undoing = review.state == Progress::Undoing;
        let (found, reached) = match undoing {
            false => forward(&mut step.tx, &review, from).await?,
            true => backward(&mut step.tx, &review).await?,
        };
        let (from, to) = if undoing { (to, from) } else { (from, to) };
        // A visitor has at most one live signature: one who signed again meanwhile keeps the new
        // one.
        let live = to != SignatureState::Invalid;
        let changed: Vec<Found> = found
            .into_iter()
            .filter(|found| found.state == from.as_str() && !(live && found.signed_again))
            .collect();
        let by = i64::from(to == SignatureState::Valid) - i64::from(from == SignatureState::Valid);
        for Found { grid, pledges, signed_at, .. } in &changed {
            step.deltas.signature(grid.as_deref(), &pledges_of(pledges), *signed_at, by);
        }
        write(&mut step.tx, &review, to, &changed, reached).await?;
        step.commit(&self.publisher).await?;
        Ok(true)
    }
}

/// Inserts a bulk review that has not started, and its audit entry.
async fn insert(
    tx: &mut Tx,
    note: AuditEntry<'_>,
    verdict: ReviewDecision,
    meant: &SignatureFilter,
    (last, at): (u64, Millis),
) -> Result<(), StoreError> {
    let (from, to) = verdict.transition();
    let judgement = BulkReview {
        id: note.id.to_owned(),
        at,
        staff: Some(note.staff),
        came_from: from.as_str().to_owned(),
        is_to_be: to.as_str().to_owned(),
        rule: meant.rule.map(|rule| rule.as_str().to_owned()),
        place: meant.network_hash.clone(),
        since: meant.since,
        until: meant.until,
        last_ordinal: i64::try_from(last).unwrap_or(i64::MAX),
        reached: 0,
        touched: 0,
        state: Progress::Running,
    };
    tx.insert([&judgement]).await?;
    insert_audit_entry(tx, note, at).await
}

async fn found(query: &Query, tx: &mut Tx) -> Result<Vec<Found>, StoreError> {
    let rows: Vec<(i64, String, Option<String>, String, i64, bool)> = query.rows_in(tx).await?;
    Ok(rows.into_iter().map(Found::from).collect())
}

/// The signatures of the next step and the ordinal it reaches, `None` at the end. A step is a range
/// of ordinals, so it takes equally long for every filter.
async fn forward(
    tx: &mut Tx,
    judgement: &BulkReview,
    from: SignatureState,
) -> Result<(Vec<Found>, Option<i64>), StoreError> {
    let to = judgement.reached + STEP;
    let mut query = Query::new(LOOK);
    query.push("signatures");
    push_signature_filter(&mut query, from, &judgement.filter());
    query.push(" AND ordinal > ").bind(judgement.reached).push(" AND ordinal <= ");
    query.bind(to.min(judgement.last_ordinal)).push(" ORDER BY ordinal");
    let more = to < judgement.last_ordinal;
    Ok((found(&query, tx).await?, more.then_some(to)))
}

/// The same for undoing: signatures that the bulk review changed.
async fn backward(
    tx: &mut Tx,
    judgement: &BulkReview,
) -> Result<(Vec<Found>, Option<i64>), StoreError> {
    let mut query = Query::new(LOOK);
    query.push("(SELECT signatures.* FROM judged JOIN signatures ON signatures.ordinal = judged.ordinal WHERE judged.judgement = ");
    query.bind(judgement.id.as_str()).push(" AND judged.ordinal > ").bind(judgement.reached);
    query
        .push(" ORDER BY judged.ordinal LIMIT ")
        .bind(STEP)
        .push(") AS signatures ORDER BY ordinal");
    let found = found(&query, tx).await?;
    let full = i64::try_from(found.len()).is_ok_and(|n| n == STEP);
    let last = found.last().map(|found| found.ordinal).filter(|_| full);
    Ok((found, last))
}

/// Writes the result of a step and its progress.
async fn write(
    tx: &mut Tx,
    judgement: &BulkReview,
    to: SignatureState,
    changed: &[Found],
    reached: Option<i64>,
) -> Result<(), StoreError> {
    const CHANGE: Sql = sql_over_items!(
        "UPDATE signatures SET state = $2 FROM",
        "WHERE signatures.ordinal = CAST(item.value->>'ordinal' AS BIGINT)"
    );
    const REACHED: Sql = Sql::both(
        "UPDATE judgements SET reached = $2, touched = touched + $3, state = $4 WHERE id = $1",
    );
    let undoing = judgement.state == Progress::Undoing;
    let n = i64::try_from(changed.len()).unwrap_or(i64::MAX);
    if n > 0 {
        let items = changed.iter().map(|Found { ordinal, .. }| json!({ "ordinal": ordinal }));
        tx.run(CHANGE, &[Value::items(items), to.as_str().into()]).await?;
    }
    if !undoing {
        let row = |found: &Found| ReviewedSignature {
            judgement: judgement.id.clone(),
            ordinal: found.ordinal,
        };
        tx.insert_rows(changed.iter().map(row)).await?;
    }
    let state = match (undoing, reached) {
        (false, Some(_)) => Progress::Running,
        (false, None) => Progress::Done,
        (true, Some(_)) => Progress::Undoing,
        (true, None) => Progress::Undone,
    };
    let values = [
        judgement.id.as_str().into(),
        reached.unwrap_or(judgement.last_ordinal).into(),
        (if undoing { -n } else { n }).into(),
        state.as_str().into(),
    ];
    tx.run(REACHED, &values).await?;
    Ok(())
}

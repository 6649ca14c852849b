//! What managers decided about many signatures at once, carried out step by step. How far
//! it got is kept in the transaction of each step, so that any node goes on after a kill.

use serde::Deserialize;
use serde_json::json;

use super::{
    Store, StoreError,
    counts::{self, Deltas},
    db::{Sql, Tx, Value, sql_over_items},
    doubts::narrow,
    query::Query,
    signatures::pledges_of,
    tables::JUDGEMENTS,
};
use crate::domain::{
    doubt::{Meant, Rule, Standing, Verdict},
    report::Millis,
    staff::StaffId,
};

/// Signatures of one step: others who sign wait that long.
const STEP: u16 = 500;

/// How far a judgement is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
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

/// What a manager decided.
#[derive(Clone, Debug, Deserialize)]
pub struct Judgement {
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
    /// Signatures that changed by it, and have not changed back.
    pub touched: i64,
    /// How far it is.
    pub state: Progress,
}

impl Judgement {
    /// What was decided.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        Verdict::ALL.into_iter().find(|verdict| {
            let (from, to) = verdict.change();
            from.as_str() == self.came_from && to.as_str() == self.is_to_be
        })
    }

    /// About which.
    #[must_use]
    pub fn meant(&self) -> Meant {
        Meant {
            rule: self.rule.as_deref().and_then(Rule::parse),
            place: self.place.clone(),
            since: self.since,
            until: self.until,
        }
    }
}

type Found = (i64, String, Option<String>, String);

impl Store {
    /// Begins to carry out a verdict about the signatures that are there now.
    ///
    /// # Errors
    /// [`StoreError`] when it is not known to be kept.
    pub async fn begin_judgement(
        &self,
        id: &str,
        staff: StaffId,
        verdict: Verdict,
        meant: &Meant,
        at: Millis,
    ) -> Result<(), StoreError> {
        const LAST: Sql = Sql::both("SELECT last_ordinal FROM ledger");
        let (from, to) = verdict.change();
        let time = |time: Option<Millis>| time.map_or(Value::Null, Value::from);
        let mut tx = self.db.begin().await?;
        let (last,): (i64,) = tx.one(LAST, &[]).await?;
        // The columns of the table, in their order.
        let row = vec![
            id.into(),
            at.into(),
            staff.into(),
            from.as_str().into(),
            to.as_str().into(),
            meant.rule.map(Rule::as_str).into(),
            meant.place.as_deref().into(),
            time(meant.since),
            time(meant.until),
            last.into(),
            0_i64.into(),
            0_i64.into(),
            Progress::Running.as_str().into(),
        ];
        tx.insert_rows(&JUDGEMENTS, &[row]).await?;
        tx.commit().await
    }

    /// Begins to take a judgement back; `false` where there is none that was carried out.
    ///
    /// # Errors
    /// [`StoreError`] when it is not known to be kept.
    pub async fn undo_judgement(&self, id: &str) -> Result<bool, StoreError> {
        const UNDO: Sql = Sql::both(
            "UPDATE judgements SET state = 'undoing', reached = 0 \
             WHERE id = $1 AND state IN ('running', 'done')",
        );
        let mut tx = self.db.begin().await?;
        let begun = tx.run(UNDO, &[id.into()]).await?;
        tx.commit().await?;
        Ok(begun > 0)
    }

    /// What was decided of late, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn judgements(&self, limit: u16) -> Result<Vec<Judgement>, StoreError> {
        let mut query = Query::records(&JUDGEMENTS);
        query.push(" ORDER BY at DESC, id LIMIT ").bind(i64::from(limit));
        query.find(&self.db).await
    }

    /// Carries out a step of the oldest judgement that is not done; `false` where there is
    /// none.
    ///
    /// # Errors
    /// [`StoreError`]; the step is not done then.
    pub async fn judge_step(&self, now: Millis) -> Result<bool, StoreError> {
        let mut waiting = Query::records(&JUDGEMENTS);
        waiting.push(" WHERE state IN ('running', 'undoing') ORDER BY at, id LIMIT 1");
        if waiting.find::<Judgement>(&self.db).await?.is_empty() {
            return Ok(false);
        }
        let mut tx = self.db.begin().await?;
        // Whoever changes signatures has it: nobody else is at the same step.
        let taken = counts::take_ledger(&mut tx, now).await?;
        let Some(judgement) = waiting.find_in::<Judgement>(&mut tx).await?.pop() else {
            return Ok(false);
        };
        let (from, to) =
            (Standing::parse(&judgement.came_from), Standing::parse(&judgement.is_to_be));
        let (Some(from), Some(to)) = (from, to) else {
            return Err(StoreError::Refused(format!("judgement {} is none", judgement.id)));
        };
        let undoing = judgement.state == Progress::Undoing;
        let (from, to) = if undoing { (to, from) } else { (from, to) };
        let found = next_of(&mut tx, &judgement, from, to, undoing).await?;
        let mut deltas = Deltas::default();
        for (_, _, grid, pledges) in &found {
            let by = i64::from(to == Standing::Valid) - i64::from(from == Standing::Valid);
            deltas.signature(grid.as_deref(), &pledges_of(pledges), by);
        }
        change(&mut tx, &judgement, to, undoing, &found).await?;
        deltas.apply(&mut tx).await?;
        self.commit_counts(tx, taken).await?;
        Ok(true)
    }
}

/// The signatures of the next step. Whose visitor has signed again meanwhile stays as it
/// is: one visitor has one live signature.
async fn next_of(
    tx: &mut Tx,
    judgement: &Judgement,
    from: Standing,
    to: Standing,
    undoing: bool,
) -> Result<Vec<Found>, StoreError> {
    let mut query = Query::new("SELECT ordinal, visitor, grid, pledges FROM signatures");
    if undoing {
        let only = Meant::default();
        narrow(&mut query, from, &only);
        query.push(" AND judgement = ").bind(judgement.id.as_str());
    } else {
        narrow(&mut query, from, &judgement.meant());
    }
    if to != Standing::Invalid {
        query.push(
            " AND NOT EXISTS (SELECT 1 FROM signatures AS other \
             WHERE other.visitor = signatures.visitor AND other.ordinal <> signatures.ordinal \
             AND other.state IN ('valid', 'suspect'))",
        );
    }
    query.push(" AND ordinal > ").bind(judgement.reached);
    query.push(" AND ordinal <= ").bind(judgement.last_ordinal);
    query.push(" ORDER BY ordinal LIMIT ").bind(i64::from(STEP));
    query.rows_in(tx).await
}

/// Writes a step, and how far it got.
async fn change(
    tx: &mut Tx,
    judgement: &Judgement,
    to: Standing,
    undoing: bool,
    found: &[Found],
) -> Result<(), StoreError> {
    const CHANGE: Sql = sql_over_items!(
        "UPDATE signatures SET state = $2, judgement = $3 FROM",
        "WHERE signatures.ordinal = CAST(item.value->>'ordinal' AS BIGINT)"
    );
    const REACHED: Sql = Sql::both(
        "UPDATE judgements SET reached = $2, touched = touched + $3, state = $4 WHERE id = $1",
    );
    let n = i64::try_from(found.len()).unwrap_or(i64::MAX);
    if n > 0 {
        let items = found.iter().map(|(ordinal, ..)| json!({ "ordinal": ordinal }));
        let values = [Value::items(items), to.as_str().into(), judgement.id.as_str().into()];
        tx.run(CHANGE, &values).await?;
    }
    let more = found.len() == usize::from(STEP);
    let state = match (undoing, more) {
        (false, true) => Progress::Running,
        (false, false) => Progress::Done,
        (true, true) => Progress::Undoing,
        (true, false) => Progress::Undone,
    };
    let reached = found.last().map_or(judgement.reached, |(ordinal, ..)| *ordinal);
    let touched = if undoing { -n } else { n };
    let values =
        [judgement.id.as_str().into(), reached.into(), touched.into(), state.as_str().into()];
    tx.run(REACHED, &values).await?;
    Ok(())
}

//! 寄语 in the database: which wait, which are shown, who objects.

use domain::{signature::Ordinal, time::Millis, visitor::VisitorId};

use super::{
    base::Store,
    encryption::cipher::{Seal, openable},
    error::StoreError,
    signature::row::{opened_message, opened_name},
    sql::{connection::Tx, query::Query, schema::OBJECTIONS, statement::Sql},
};

/// A 寄语 as staff and the wall know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    /// The signature that it came with.
    pub ordinal: Ordinal,
    /// Whose it is, whole; `None` where the name may not be shown.
    pub name: Option<String>,
    /// What it says.
    pub text: String,
    /// Whether it is on the wall.
    pub shown: bool,
    /// How many object to it.
    pub objections: u64,
    /// What one of them says, of those who give a reason.
    pub reasons: String,
}

/// What is looked at of a row.
const COLUMNS: &str = "SELECT ordinal, CASE WHEN show_name THEN name END, message, \
     COALESCE(message_state, ''), \
     (SELECT COUNT(*) FROM objections WHERE objections.ordinal = signatures.ordinal), \
     COALESCE((SELECT visitor FROM objections WHERE objections.ordinal = signatures.ordinal \
     AND reason <> '' ORDER BY visitor LIMIT 1), ''), \
     COALESCE((SELECT reason FROM objections WHERE objections.ordinal = signatures.ordinal \
     AND reason <> '' ORDER BY visitor LIMIT 1), '') \
     FROM signatures WHERE state = 'valid' AND message IS NOT NULL";

type Columns = (i64, Option<String>, String, String, i64, String, String);

fn message(
    seal: &Seal,
    (ordinal, name, text, state, objections, by, reason): Columns,
) -> Result<StoredMessage, StoreError> {
    let ordinal = ordinal.unsigned_abs();
    let name = name.map(|name| opened_name(seal, ordinal, &name)).transpose()?;
    let reasons = opened_reason(seal, ordinal, &by, &reason);
    Ok(StoredMessage {
        ordinal,
        name,
        text: opened_message(seal, ordinal, &text)?,
        shown: state == "shown",
        objections: objections.unsigned_abs(),
        reasons,
    })
}

/// What the reason of an objection is sealed for.
fn reason_row(ordinal: Ordinal, visitor: &str) -> String {
    OBJECTIONS.row(&[&ordinal, &visitor, &"reason"])
}

/// A reason as it stands in its row; none is given by an empty one.
fn sealed_reason(
    seal: &Seal,
    ordinal: Ordinal,
    visitor: &str,
    reason: &str,
) -> Result<String, StoreError> {
    match reason {
        "" => Ok(String::new()),
        reason => seal.seal(&reason_row(ordinal, visitor), reason),
    }
}

/// The reason that stands in a row; none where it does not open.
pub fn opened_reason(seal: &Seal, ordinal: Ordinal, visitor: &str, sealed: &str) -> String {
    match sealed {
        "" => String::new(),
        sealed => openable(seal.open(&reason_row(ordinal, visitor), sealed)).unwrap_or_default(),
    }
}

/// Moves the objections of `from` to `into`, except to messages that `into` objects to already.
pub async fn transfer_objections(
    tx: &mut Tx,
    from: &VisitorId,
    into: &VisitorId,
) -> Result<(), StoreError> {
    const THEIRS: Sql = Sql::both("SELECT ordinal, at, reason FROM objections WHERE visitor = $1");
    const GONE: Sql = Sql::both("DELETE FROM objections WHERE visitor = $1");
    let rows: Vec<(i64, i64, String)> = tx.all(THEIRS, &[from.as_str().into()]).await?;
    for (n, at, reason) in rows {
        let ordinal = n.unsigned_abs();
        let reason = opened_reason(&tx.seal, ordinal, from.as_str(), &reason);
        let reason = sealed_reason(&tx.seal, ordinal, into.as_str(), &reason)?;
        let values = [n.into(), into.as_str().into(), at.into(), reason.into()];
        tx.run(ADD, &values).await?;
    }
    tx.run(GONE, &[from.as_str().into()]).await.map(drop)
}

const ADD: Sql = Sql::both(
    "INSERT INTO objections (ordinal, visitor, at, reason) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (ordinal, visitor) DO NOTHING",
);

impl Store {
    /// What is on the wall, newest first; at most `limit` before `before`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn wall(
        &self,
        before: Option<Ordinal>,
        limit: u16,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let mut query = Query::new(COLUMNS);
        query.push(" AND message_state = 'shown'");
        if let Some(before) = before {
            query.push(" AND ordinal < ").bind(i64::try_from(before).unwrap_or(i64::MAX));
        }
        query.push(" ORDER BY ordinal DESC LIMIT ").bind(i64::from(limit));
        let rows: Vec<Columns> = query.rows(&self.db).await?;
        Ok(rows.into_iter().filter_map(|row| openable(message(&self.db.seal, row))).collect())
    }

    /// Messages to review: objected ones first, then undecided ones, oldest first; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn messages_to_review(&self, limit: u16) -> Result<Vec<StoredMessage>, StoreError> {
        let mut query = Query::new(COLUMNS);
        query.push(
            " AND (message_state IS NULL OR (message_state = 'shown' AND ordinal IN \
             (SELECT ordinal FROM objections))) ORDER BY message_state IS NULL, ordinal LIMIT ",
        );
        query.bind(i64::from(limit));
        let rows: Vec<Columns> = query.rows(&self.db).await?;
        Ok(rows.into_iter().filter_map(|row| openable(message(&self.db.seal, row))).collect())
    }

    /// Shows or hides a message; its objections are deleted.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn decide_message(&self, ordinal: Ordinal, shown: bool) -> Result<bool, StoreError> {
        const DECIDE: Sql = Sql::both(
            "UPDATE signatures SET message_state = $1 WHERE ordinal = $2 AND state = 'valid' \
             AND message IS NOT NULL",
        );
        const ANSWERED: Sql = Sql::both("DELETE FROM objections WHERE ordinal = $1");
        let ordinal = i64::try_from(ordinal).unwrap_or(i64::MAX);
        let mut tx = self.db.begin().await?;
        let state = if shown { "shown" } else { "refused" };
        let touched = tx.run(DECIDE, &[state.into(), ordinal.into()]).await?;
        tx.run(ANSWERED, &[ordinal.into()]).await?;
        tx.commit().await?;
        Ok(touched > 0)
    }

    /// Notes that a visitor objects to a 寄语 on the wall; `false` when it is not there.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn object(
        &self,
        ordinal: Ordinal,
        visitor: &VisitorId,
        reason: &str,
        at: Millis,
    ) -> Result<bool, StoreError> {
        const SHOWN: Sql = Sql::both(
            "SELECT ordinal FROM signatures WHERE ordinal = $1 AND message_state = 'shown'",
        );
        let reason = sealed_reason(&self.db.seal, ordinal, visitor.as_str(), reason)?;
        let ordinal = i64::try_from(ordinal).unwrap_or(i64::MAX);
        let mut tx = self.db.begin().await?;
        if tx.all::<(i64,)>(SHOWN, &[ordinal.into()]).await?.is_empty() {
            return Ok(false);
        }
        let values = [ordinal.into(), visitor.as_str().into(), at.into(), reason.into()];
        tx.run(ADD, &values).await?;
        tx.commit().await?;
        Ok(true)
    }
}

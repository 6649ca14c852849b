//! 寄语 in the database: which wait, which are shown, who objects.

use domain::{message::ReviewLane, signature::Ordinal, time::Millis, visitor::VisitorId};

use super::{
    base::Store,
    encryption::cipher::{Seal, openable},
    error::StoreError,
    report::queue::COUNT_LIMIT,
    signature::row::{opened_message, opened_name},
    sql::{connection::Tx, query::Query, schema::OBJECTIONS, statement::Sql},
    staff::audit::{AuditEntry, insert_audit_entry},
};

/// A 寄语 on the wall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WallMessage {
    /// The signature that it came with.
    pub ordinal: Ordinal,
    /// Whose it is, whole; `None` where the name may not be shown.
    pub name: Option<String>,
    /// What it says.
    pub text: String,
    /// When it was signed.
    pub signed_at: Millis,
}

/// A 寄语 that staff are to decide about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageToReview {
    /// The message, with the name only where it may be shown.
    pub message: WallMessage,
    /// How many objections have no answer yet.
    pub objections: u64,
    /// The newest reasons of those, of who gave one; at most three.
    pub reasons: Vec<String>,
}

/// Reasons of objections that are shown to staff for one message.
pub const REASONS: usize = 3;

/// How much of a message's review waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessagesWaiting {
    /// Messages that nobody has decided about; at most [`COUNT_LIMIT`](crate::COUNT_LIMIT).
    pub new: u64,
    /// Messages on the wall with an objection that has no answer; at most [`COUNT_LIMIT`](crate::COUNT_LIMIT).
    pub objected: u64,
}

/// What is looked at of a row.
const COLUMNS: &str = "SELECT ordinal, CASE WHEN show_name THEN name END, message, signed_at \
     FROM signatures WHERE state = 'valid'";

type Columns = (i64, Option<String>, String, i64);

fn message(
    seal: &Seal,
    (ordinal, name, text, signed_at): Columns,
) -> Result<WallMessage, StoreError> {
    let ordinal = ordinal.unsigned_abs();
    let name = name.map(|name| opened_name(seal, ordinal, &name)).transpose()?;
    Ok(WallMessage { ordinal, name, text: opened_message(seal, ordinal, &text)?, signed_at })
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
    const THEIRS: Sql =
        Sql::both("SELECT ordinal, at, reason, answered_at FROM objections WHERE visitor = $1");
    const GONE: Sql = Sql::both("DELETE FROM objections WHERE visitor = $1");
    let rows: Vec<(i64, i64, String, Option<i64>)> =
        tx.all(THEIRS, &[from.as_str().into()]).await?;
    for (n, at, reason, answered_at) in rows {
        let ordinal = n.unsigned_abs();
        let reason = opened_reason(&tx.seal, ordinal, from.as_str(), &reason);
        let reason = sealed_reason(&tx.seal, ordinal, into.as_str(), &reason)?;
        let values = [n.into(), into.as_str().into(), at.into(), reason.into(), answered_at.into()];
        tx.run(ADD, &values).await?;
    }
    tx.run(GONE, &[from.as_str().into()]).await.map(drop)
}

const ADD: Sql = Sql::both(
    "INSERT INTO objections (ordinal, visitor, at, reason, answered_at) \
     VALUES ($1, $2, $3, $4, CAST($5 AS BIGINT)) \
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
    ) -> Result<Vec<WallMessage>, StoreError> {
        let mut query = Query::new(COLUMNS);
        query.push(" AND message_state = 'shown'");
        if let Some(before) = before {
            query.push(" AND ordinal < ").bind(i64::try_from(before).unwrap_or(i64::MAX));
        }
        query.push(" ORDER BY ordinal DESC LIMIT ").bind(i64::from(limit));
        self.messages(&query).await
    }

    async fn messages(&self, query: &Query) -> Result<Vec<WallMessage>, StoreError> {
        let rows: Vec<Columns> = query.rows(&self.db).await?;
        Ok(rows.into_iter().filter_map(|row| openable(message(&self.db.seal, row))).collect())
    }

    /// The messages of a lane that staff are to decide about, oldest first; at most `limit` after
    /// `after`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn messages_to_review(
        &self,
        lane: ReviewLane,
        after: Ordinal,
        limit: u16,
    ) -> Result<Vec<MessageToReview>, StoreError> {
        let mut query = Query::new(COLUMNS);
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        match lane {
            ReviewLane::New => {
                query.push(" AND message IS NOT NULL AND message_state IS NULL AND ordinal > ");
                query.bind(after);
            }
            ReviewLane::Objected => {
                query.push(
                    " AND message_state = 'shown' AND ordinal IN \
                     (SELECT ordinal FROM objections WHERE answered_at IS NULL AND ordinal > ",
                );
                query.bind(after).push(")");
            }
        }
        query.push(" ORDER BY ordinal LIMIT ").bind(i64::from(limit));
        let messages = self.messages(&query).await?;
        let mut waiting: Vec<MessageToReview> = messages
            .into_iter()
            .map(|message| MessageToReview { message, objections: 0, reasons: Vec::new() })
            .collect();
        if lane == ReviewLane::Objected {
            self.add_objections(&mut waiting).await?;
        }
        Ok(waiting)
    }

    /// Counts the open objections of each message, and opens the newest reasons.
    async fn add_objections(&self, waiting: &mut [MessageToReview]) -> Result<(), StoreError> {
        let mut query = Query::new(
            "SELECT ordinal, visitor, reason, n FROM (SELECT ordinal, visitor, reason, \
             COUNT(*) OVER (PARTITION BY ordinal) AS n, \
             ROW_NUMBER() OVER (PARTITION BY ordinal ORDER BY reason = '', at DESC, visitor) \
             AS newest FROM objections WHERE answered_at IS NULL AND ordinal IN ",
        );
        let ordinal = |one: &MessageToReview| one.message.ordinal.cast_signed();
        query.bind_list(waiting.iter().map(ordinal));
        query.push(") AS ranked WHERE newest <= ");
        query.bind(i64::try_from(REASONS).unwrap_or(i64::MAX)).push(" ORDER BY newest");
        let rows: Vec<(i64, String, String, i64)> = query.rows(&self.db).await?;
        for (ordinal, visitor, sealed, n) in rows {
            let ordinal = ordinal.unsigned_abs();
            let of = waiting.iter_mut().find(|one| one.message.ordinal == ordinal);
            if let Some(one) = of {
                one.objections = n.unsigned_abs();
                let reason = opened_reason(&self.db.seal, ordinal, &visitor, &sealed);
                one.reasons.extend(Some(reason).filter(|reason| !reason.is_empty()));
            }
        }
        Ok(())
    }

    /// How much waits in each lane.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn messages_waiting(&self) -> Result<MessagesWaiting, StoreError> {
        const WAITING: Sql = Sql::both(
            "SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM signatures WHERE state = 'valid' \
             AND message IS NOT NULL AND message_state IS NULL LIMIT $1) AS new), \
             (SELECT COUNT(*) FROM (SELECT DISTINCT objections.ordinal FROM objections \
             JOIN signatures ON signatures.ordinal = objections.ordinal \
             WHERE answered_at IS NULL AND state = 'valid' AND message_state = 'shown' \
             LIMIT $1) AS objected)",
        );
        let rows: Vec<(i64, i64)> = self.db.all(WAITING, &[COUNT_LIMIT.into()]).await?;
        let (new, objected) = rows.first().copied().unwrap_or_default();
        Ok(MessagesWaiting { new: new.unsigned_abs(), objected: objected.unsigned_abs() })
    }

    /// Shows or hides a message. Its objections are answered by that: they are kept without their
    /// reasons, so that nobody who raised one can raise it again.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn decide_message(
        &self,
        note: AuditEntry<'_>,
        ordinal: Ordinal,
        shown: bool,
        at: Millis,
    ) -> Result<bool, StoreError> {
        const DECIDE: Sql = Sql::both(
            "UPDATE signatures SET message_state = $1 WHERE ordinal = $2 AND state = 'valid' \
             AND message IS NOT NULL",
        );
        const ANSWERED: Sql = Sql::both(
            "UPDATE objections SET answered_at = $2, reason = '' \
             WHERE ordinal = $1 AND answered_at IS NULL",
        );
        let ordinal = i64::try_from(ordinal).unwrap_or(i64::MAX);
        let mut tx = self.db.begin().await?;
        let state = if shown { "shown" } else { "refused" };
        if tx.run(DECIDE, &[state.into(), ordinal.into()]).await? == 0 {
            return Ok(false);
        }
        tx.run(ANSWERED, &[ordinal.into(), at.into()]).await?;
        insert_audit_entry(&mut tx, note, at).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// How many objections of a visitor have no answer yet.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn open_objections_of(&self, visitor: &VisitorId) -> Result<u64, StoreError> {
        const OPEN: Sql = Sql::both(
            "SELECT COUNT(*) FROM objections \
             JOIN signatures ON signatures.ordinal = objections.ordinal \
             WHERE objections.visitor = $1 AND answered_at IS NULL \
             AND state = 'valid' AND message_state = 'shown'",
        );
        let rows: Vec<(i64,)> = self.db.all(OPEN, &[visitor.as_str().into()]).await?;
        Ok(rows.first().map_or(0, |row| row.0.unsigned_abs()))
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
            "SELECT ordinal FROM signatures WHERE ordinal = $1 AND state = 'valid' \
             AND message_state = 'shown'",
        );
        let reason = sealed_reason(&self.db.seal, ordinal, visitor.as_str(), reason)?;
        let ordinal = i64::try_from(ordinal).unwrap_or(i64::MAX);
        let mut tx = self.db.begin().await?;
        if tx.all::<(i64,)>(SHOWN, &[ordinal.into()]).await?.is_empty() {
            return Ok(false);
        }
        let open = None::<Millis>;
        let values =
            [ordinal.into(), visitor.as_str().into(), at.into(), reason.into(), open.into()];
        tx.run(ADD, &values).await?;
        tx.commit().await?;
        Ok(true)
    }
}

//! 寄语 in the database: which wait, which are shown, who objects.

use super::{Store, StoreError, db::Sql, query::Query};
use crate::domain::{report::Millis, signature::Ordinal, visitor::VisitorId};

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
    /// What they say.
    pub reasons: String,
}

/// What is looked at of a row.
const COLUMNS: &str = "SELECT ordinal, CASE WHEN show_name THEN name END, message, \
     COALESCE(message_state, ''), \
     (SELECT COUNT(*) FROM objections WHERE objections.ordinal = signatures.ordinal), \
     (SELECT COALESCE(MAX(reason), '') FROM objections WHERE objections.ordinal = signatures.ordinal) \
     FROM signatures WHERE state = 'valid' AND message IS NOT NULL";

type Columns = (i64, Option<String>, String, String, i64, String);

fn message((ordinal, name, text, state, objections, reasons): Columns) -> StoredMessage {
    StoredMessage {
        ordinal: ordinal.unsigned_abs(),
        name,
        text,
        shown: state == "shown",
        objections: objections.unsigned_abs(),
        reasons,
    }
}

impl Store {
    /// What is on the wall, newest first; at most `limit` before `before`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
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
        Ok(rows.into_iter().map(message).collect())
    }

    /// What nobody has decided about, oldest first, and what someone objects to before
    /// all; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn messages_to_review(&self, limit: u16) -> Result<Vec<StoredMessage>, StoreError> {
        let mut query = Query::new(COLUMNS);
        query.push(
            " AND (message_state IS NULL OR (message_state = 'shown' AND ordinal IN \
             (SELECT ordinal FROM objections))) ORDER BY message_state IS NULL, ordinal LIMIT ",
        );
        query.bind(i64::from(limit));
        let rows: Vec<Columns> = query.rows(&self.db).await?;
        Ok(rows.into_iter().map(message).collect())
    }

    /// Shows a 寄语 or keeps it off the wall; what was objected is answered by that.
    ///
    /// # Errors
    /// [`StoreError`] when it is not known to be kept.
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
    /// [`StoreError`] when it is not known to be kept.
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
        const ADD: Sql = Sql::both(
            "INSERT INTO objections (ordinal, visitor, at, reason) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (ordinal, visitor) DO NOTHING",
        );
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

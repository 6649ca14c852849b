//! The second factor of a member of staff as a row.

use domain::{staff::StaffId, time::Millis};
use serde::{Deserialize, Serialize};

use super::audit::{AuditEntry, insert_audit_entry};
use crate::{
    base::Store,
    error::StoreError,
    sql::{
        query::Query,
        schema::SECOND_FACTORS,
        statement::Sql,
        table::{Record, Statements},
    },
};

/// The second factor of a member of staff: TOTP (RFC 6238) and one-time codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactor {
    /// Whose.
    pub staff: StaffId,
    /// The secret that their phone has, in base32; `None` if there is none yet.
    pub secret: Option<String>,
    /// One that was shown, and of which no code was given yet.
    pub next_secret: Option<String>,
    /// When it was made.
    pub next_at: Option<Millis>,
    /// The hash of the token of the session in which it was shown.
    pub next_session: Option<String>,
    /// When the first code of the secret was given.
    pub confirmed_at: Option<Millis>,
    /// The last 30 seconds since 1970 of which a code was given: none is good twice.
    pub last_step: i64,
    /// Keyed hashes of the one-time codes that are left, as a JSON list.
    pub codes: String,
}

impl Record for SecondFactor {
    fn table() -> &'static Statements {
        &SECOND_FACTORS
    }
}

impl SecondFactor {
    /// Nothing is set up.
    const fn none(staff: StaffId) -> Self {
        Self {
            staff,
            secret: None,
            next_secret: None,
            next_at: None,
            next_session: None,
            confirmed_at: None,
            last_step: 0,
            codes: String::new(),
        }
    }

    /// Whether codes are asked for.
    #[must_use]
    pub const fn is_set_up(&self) -> bool {
        self.secret.is_some()
    }

    /// Keyed hashes of the one-time codes that are left.
    #[must_use]
    pub fn codes_left(&self) -> Vec<String> {
        serde_json::from_str(&self.codes).unwrap_or_default()
    }

    /// Leaves the one-time codes of these hashes.
    pub fn leave_codes(&mut self, hashes: Vec<String>) {
        self.codes = serde_json::Value::from(hashes).to_string();
    }
}

/// Lock order: a member of staff before their second factor and sessions.
pub(super) const LOCK: Sql = Sql::both("UPDATE staff SET id = id WHERE id = $1");
const FOUND: &str = " WHERE staff = ";
pub(super) const FORGET: Sql = Sql::both("DELETE FROM second_factors WHERE staff = $1");

impl Store {
    /// The second factor of `staff`, which may have nothing set up.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn second_factor(&self, staff: StaffId) -> Result<SecondFactor, StoreError> {
        let mut query = Query::records(&SECOND_FACTORS);
        query.push(FOUND).bind(staff);
        let found: Option<SecondFactor> = query.find(&self.db).await?.pop();
        Ok(found.unwrap_or_else(|| SecondFactor::none(staff)))
    }

    /// Whether any manager who may log in has a second factor.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn has_factors(&self) -> Result<bool, StoreError> {
        const ANY: Sql = Sql::both(
            "SELECT staff.id FROM second_factors JOIN staff ON staff.id = second_factors.staff \
             WHERE secret IS NOT NULL AND active = 1 AND role = 'manager' LIMIT 1",
        );
        let any: Vec<(i64,)> = self.db.all(ANY, &[]).await?;
        Ok(!any.is_empty())
    }

    /// Changes the second factor of `staff` as `change` says, or not at all if that says `None`;
    /// nobody else changes it meanwhile. What is noted is noted in the same transaction.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn change_second_factor<T>(
        &self,
        staff: StaffId,
        note: Option<(AuditEntry<'_>, Millis)>,
        change: impl FnOnce(&mut SecondFactor) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.run(LOCK, &[staff.into()]).await?;
        let mut query = Query::records(&SECOND_FACTORS);
        query.push(FOUND).bind(staff);
        let found: Option<SecondFactor> = query.find_in(&mut tx).await?.pop();
        let mut factor = found.unwrap_or_else(|| SecondFactor::none(staff));
        let Some(done) = change(&mut factor) else { return Ok(None) };
        tx.run(FORGET, &[staff.into()]).await?;
        tx.insert([&factor]).await?;
        if let Some((note, at)) = note {
            insert_audit_entry(&mut tx, note, at).await?;
        }
        tx.commit().await?;
        Ok(Some(done))
    }
}

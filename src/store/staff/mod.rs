//! Staff in the database; what they did is in [`audit`].

pub(crate) mod audit;
pub(crate) mod second_factor;
pub(crate) mod session;

use domain::{
    report::flag,
    slug::Slug,
    staff::{Role, Staff, StaffId},
    time::Millis,
};
use serde::{Deserialize, Serialize};

use super::{
    base::Store,
    error::StoreError,
    sql::{
        connection::Tx,
        query::Query,
        schema::STAFF,
        statement::Sql,
        table::{Record, Statements},
    },
};

/// A member of staff as a row.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct StaffRow {
    id: StaffId,
    login: String,
    name: String,
    role: Role,
    grids: String,
    branches: String,
    password: String,
    #[serde(with = "flag")]
    active: bool,
    stand_in: Option<StaffId>,
    #[serde(default)]
    stand_in_until: Option<Millis>,
    created_at: Millis,
}

impl Record for StaffRow {
    fn table() -> &'static Statements {
        &STAFF
    }
}

/// Who is to be added.
#[derive(Clone, Debug)]
pub struct NewStaff {
    /// What they log in by.
    pub login: String,
    /// What colleagues call them.
    pub name: String,
    /// What they answer for.
    pub role: Role,
    /// A grid worker's grids.
    pub grids: Vec<Slug>,
    /// A branch lead's branches.
    pub branches: Vec<Slug>,
    /// The password's hash.
    pub password: String,
}

/// What is changed about someone.
#[derive(Clone, Debug)]
pub enum StaffChange {
    /// Their password's hash; all their sessions but the one of that hash end.
    Password {
        /// The new hash.
        hash: String,
        /// The session that stays.
        keep: Option<String>,
    },
    /// Their second factor is gone, and their password's hash is another: who knows only the old one
    /// must not set up a phone of their own. All their sessions end.
    Reset {
        /// The new hash.
        hash: String,
    },
    /// Whether they may log in; all sessions of someone who may not end.
    Active(bool),
    /// Who stands in for them, and until when.
    StandIn(Option<(StaffId, Millis)>),
    /// What they answer for.
    Scope {
        /// Their grids.
        grids: Vec<Slug>,
        /// Their branches.
        branches: Vec<Slug>,
    },
}

impl From<StaffRow> for Staff {
    fn from(row: StaffRow) -> Self {
        let list = |text: &str| serde_json::from_str(text).unwrap_or_default();
        Self {
            id: row.id,
            login: row.login,
            name: row.name,
            role: row.role,
            grids: list(&row.grids),
            branches: list(&row.branches),
            active: row.active,
            stand_in: row.stand_in,
            stand_in_until: row.stand_in_until,
        }
    }
}

fn list(slugs: &[Slug]) -> String {
    serde_json::Value::from_iter(slugs.iter().map(Slug::as_str)).to_string()
}
impl Store {
    /// Adds someone; `None` when the login is taken.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn add_staff(
        &self,
        new: &NewStaff,
        at: Millis,
    ) -> Result<Option<StaffId>, StoreError> {
        let mut tx = self.db.begin().await?;
        // Serialises concurrent inserts, so that no id is used twice.
        tx.run(Sql::both("UPDATE ledger SET id = id"), &[]).await?;
        let same: Vec<(i64,)> = tx
            .all(Sql::both("SELECT id FROM staff WHERE login = $1"), &[new.login.as_str().into()])
            .await?;
        if !same.is_empty() {
            return Ok(None);
        }
        let (last,): (i64,) = tx
            .one(Sql::both("SELECT CAST(COALESCE(MAX(id), 0) AS BIGINT) FROM staff"), &[])
            .await?;
        let row = StaffRow {
            id: last + 1,
            login: new.login.clone(),
            name: new.name.clone(),
            role: new.role,
            grids: list(&new.grids),
            branches: list(&new.branches),
            password: new.password.clone(),
            active: true,
            stand_in: None,
            stand_in_until: None,
            created_at: at,
        };
        tx.insert([&row]).await?;
        tx.commit().await?;
        Ok(Some(row.id))
    }

    /// All staff, by login.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn staff(&self) -> Result<Vec<Staff>, StoreError> {
        let mut query = Query::records(&STAFF);
        query.push(" ORDER BY login");
        let rows: Vec<StaffRow> = query.find(&self.db).await?;
        Ok(rows.into_iter().map(Staff::from).collect())
    }

    /// Whether there is anyone who can log in.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn has_staff(&self) -> Result<bool, StoreError> {
        let any: Vec<(i64,)> =
            self.db.all(Sql::both("SELECT id FROM staff WHERE active = 1 LIMIT 1"), &[]).await?;
        Ok(!any.is_empty())
    }

    /// Whoever logs in by `login`, with their password's hash.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn staff_by_login(&self, login: &str) -> Result<Option<(Staff, String)>, StoreError> {
        let mut query = Query::records(&STAFF);
        query.push(" WHERE login = ").bind(login);
        let row: Option<StaffRow> = query.find(&self.db).await?.pop();
        Ok(row.map(|row| {
            let password = row.password.clone();
            (row.into(), password)
        }))
    }

    /// Whom someone stands in for at `now`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn stands_in_for(&self, id: StaffId, now: Millis) -> Result<Vec<Staff>, StoreError> {
        let mut query = Query::records(&STAFF);
        query.push(" WHERE stand_in = ").bind(id);
        query.push(" AND COALESCE(stand_in_until, ").bind(now).push(") >= ").bind(now);
        let rows: Vec<StaffRow> = query.find(&self.db).await?;
        Ok(rows.into_iter().map(Staff::from).collect())
    }

    /// Changes something about someone; `false` when there is nobody of that id.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn change_staff(
        &self,
        id: StaffId,
        change: &StaffChange,
    ) -> Result<bool, StoreError> {
        const PASSWORD: Sql = Sql::both("UPDATE staff SET password = $1 WHERE id = $2");
        const ACTIVE: Sql = Sql::both("UPDATE staff SET active = $1 WHERE id = $2");
        const STAND_IN: Sql = Sql::both(
            "UPDATE staff SET stand_in = CASE WHEN $1 > 0 THEN $1 END, \
                 stand_in_until = CASE WHEN $1 > 0 THEN $3 END WHERE id = $2",
        );
        const SCOPE: Sql = Sql::both("UPDATE staff SET grids = $1, branches = $3 WHERE id = $2");
        const END: Sql = Sql::both("DELETE FROM sessions WHERE staff = $1 AND token <> $2");
        const UNOFFER: Sql =
            Sql::both("UPDATE second_factors SET next_secret = NULL WHERE staff = $1");
        let mut tx = self.db.begin().await?;
        tx.run(second_factor::LOCK, &[id.into()]).await?;
        let end_sessions =
            async |tx: &mut Tx, keep: &str| tx.run(END, &[id.into(), keep.into()]).await;
        let touched = match change {
            StaffChange::Password { hash, keep } => {
                tx.run(UNOFFER, &[id.into()]).await?;
                end_sessions(&mut tx, keep.as_deref().unwrap_or_default()).await?;
                tx.run(PASSWORD, &[hash.as_str().into(), id.into()]).await?
            }
            StaffChange::Reset { hash } => {
                end_sessions(&mut tx, "").await?;
                tx.run(second_factor::FORGET, &[id.into()]).await?;
                tx.run(PASSWORD, &[hash.as_str().into(), id.into()]).await?
            }
            StaffChange::Active(active) => {
                if !active {
                    end_sessions(&mut tx, "").await?;
                }
                tx.run(ACTIVE, &[i64::from(*active).into(), id.into()]).await?
            }
            StaffChange::StandIn(other) => {
                let (other, until) = other.unwrap_or_default();
                tx.run(STAND_IN, &[other.into(), id.into(), until.into()]).await?
            }
            StaffChange::Scope { grids, branches } => {
                tx.run(SCOPE, &[list(grids).into(), id.into(), list(branches).into()]).await?
            }
        };
        tx.commit().await?;
        Ok(touched > 0)
    }

    /// When someone was added; `None` if there is nobody of that id.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn staff_since(&self, id: StaffId) -> Result<Option<Millis>, StoreError> {
        const SINCE: Sql = Sql::both("SELECT created_at FROM staff WHERE id = $1");
        let rows: Vec<(i64,)> = self.db.all(SINCE, &[id.into()]).await?;
        Ok(rows.first().map(|(at,)| *at))
    }
}

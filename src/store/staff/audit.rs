//! The audit log: who of the staff did what, written in the transaction that does it.

use domain::{staff::StaffId, time::Millis};
use serde::{Deserialize, Serialize};

use crate::{
    base::Store,
    error::StoreError,
    sql::{
        connection::Tx,
        schema::AUDIT,
        table::{Record, Statements},
    },
};

/// An audit entry as stored.
#[derive(Serialize, Deserialize)]
struct AuditRow {
    id: String,
    at: Millis,
    staff: Option<StaffId>,
    action: String,
    subject: String,
}

impl Record for AuditRow {
    fn table() -> &'static Statements {
        &AUDIT
    }
}

/// An audit entry, written in the same transaction as the action.
#[derive(Clone, Copy, Debug)]
pub struct AuditEntry<'n> {
    /// Its name.
    pub id: &'n str,
    /// Who.
    pub staff: StaffId,
    /// What.
    pub action: &'n str,
    /// To what.
    pub subject: &'n str,
}

impl Store {
    /// Inserts an audit entry in a transaction of its own; `staff` is `None` for the program itself.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn note_audit(
        &self,
        id: &str,
        staff: Option<StaffId>,
        action: &str,
        subject: &str,
        at: Millis,
    ) -> Result<(), StoreError> {
        let (id, action, subject) = (id.to_owned(), action.to_owned(), subject.to_owned());
        let mut tx = self.db.begin().await?;
        tx.insert([&AuditRow { id, at, staff, action, subject }]).await?;
        tx.commit().await
    }
}

/// Inserts an audit entry.
///
/// # Errors
/// [`StoreError`] if the database cannot be reached.
pub(crate) async fn insert_audit_entry(
    tx: &mut Tx,
    note: AuditEntry<'_>,
    at: Millis,
) -> Result<(), StoreError> {
    let AuditEntry { id, staff, action, subject } = note;
    let row = AuditRow {
        id: id.to_owned(),
        at,
        staff: Some(staff),
        action: action.to_owned(),
        subject: subject.to_owned(),
    };
    tx.insert([&row]).await
}

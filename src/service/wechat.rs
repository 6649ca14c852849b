//! The ticket by which pages may speak to WeChat, kept for all nodes.

use super::{Service, StoreError, now};
use crate::domain::report::Millis;

impl Service {
    /// The ticket of `app`, and when it ends.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn wechat_ticket(&self, app: &str) -> Result<Option<(String, Millis)>, StoreError> {
        self.store.ticket(app).await
    }

    /// Takes the right to fetch a new ticket until `until`; `false` while someone else has
    /// it.
    ///
    /// # Errors
    /// [`StoreError`] when it is not known to be taken.
    pub async fn claim_wechat_ticket(&self, app: &str, until: Millis) -> Result<bool, StoreError> {
        self.store.claim_ticket(app, now(), until).await
    }

    /// Keeps a new ticket.
    ///
    /// # Errors
    /// [`StoreError`] when it is not known to be kept.
    pub async fn keep_wechat_ticket(
        &self,
        app: &str,
        ticket: &str,
        ends_at: Millis,
    ) -> Result<(), StoreError> {
        self.store.keep_ticket(app, ticket, ends_at).await
    }
}

//! What is kept of WeChat: the ticket by which pages may speak to it, one for all nodes,
//! and who its accounts are here.

use domain::{time::Millis, visitor::VisitorId};
use store::StoreError;

use super::base::{Service, now};

impl Service {
    /// Who `account` is that comes as `visitor`; as `fresh` where `visitor` is another
    /// account's. Only a keyed hash of the account is kept.
    ///
    /// # Errors
    /// [`StoreError`] when it is not known to be kept.
    pub async fn one_by_wechat(
        &self,
        account: &str,
        visitor: &VisitorId,
        fresh: &VisitorId,
    ) -> Result<VisitorId, StoreError> {
        let text = format!("wechat account\n{account}");
        let identity = self.keys.hash(&text);
        for old in self.keys.older_hashes(&text) {
            self.store.rename_identity(&old, &identity).await?;
        }
        self.store.one_by_identity(&identity, visitor, fresh, now()).await
    }

    /// What only this service could have said of `text`.
    #[must_use]
    pub fn seal(&self, text: &str) -> String {
        self.keys.hash(text)
    }

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

//! What is kept of WeChat: the ticket by which pages may speak to it, one for all nodes,
//! and who its accounts are here.

use domain::{time::Millis, visitor::VisitorId};
use store::StoreError;

use super::base::{Service, now};

impl Service {
    /// The visitor of a WeChat account, which is linked to `visitor` if it is new, or to `fresh` if
    /// `visitor` has another account. Only a keyed hash of the account is stored.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn link_wechat_account(
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
        self.store.link_identity(&identity, visitor, fresh, now()).await
    }

    /// HMAC of `text`: lets this server recognise text that it signed itself. Not encryption.
    #[must_use]
    pub fn authentication_tag(&self, text: &str) -> String {
        self.keys.hash(text)
    }

    /// The ticket of `app`, and when it ends.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn wechat_ticket(&self, app: &str) -> Result<Option<(String, Millis)>, StoreError> {
        self.store.ticket(app).await
    }

    /// Takes the right to fetch a new ticket until `until`; `false` while someone else has
    /// it.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn claim_wechat_ticket(&self, app: &str, until: Millis) -> Result<bool, StoreError> {
        self.store.claim_ticket(app, now(), until).await
    }

    /// Keeps a new ticket.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn keep_wechat_ticket(
        &self,
        app: &str,
        ticket: &str,
        ends_at: Millis,
    ) -> Result<(), StoreError> {
        self.store.keep_ticket(app, ticket, ends_at).await
    }
}

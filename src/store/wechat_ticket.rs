//! The ticket by which pages may speak to WeChat: one for all nodes.

use domain::time::Millis;

use super::{
    base::Store,
    error::StoreError,
    sql::{connection::Value, statement::Sql},
};

impl Store {
    /// The ticket of `app`, and when it ends.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn ticket(&self, app: &str) -> Result<Option<(String, Millis)>, StoreError> {
        const TICKET: Sql =
            Sql::both("SELECT ticket, ends_at FROM wechat_tickets WHERE app = $1 AND ends_at > 0");
        Ok(self.db.all(TICKET, &[app.into()]).await?.pop())
    }

    /// Takes the right to fetch a new ticket until `until`; `false` while another node has
    /// it.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn claim_ticket(
        &self,
        app: &str,
        now: Millis,
        until: Millis,
    ) -> Result<bool, StoreError> {
        const CLAIM: Sql = Sql::both(
            "INSERT INTO wechat_tickets (app, ticket, ends_at, claimed_until) VALUES ($1, '', 0, $3) \
             ON CONFLICT (app) DO UPDATE SET claimed_until = $3 \
             WHERE wechat_tickets.claimed_until <= $2",
        );
        let mut tx = self.db.begin().await?;
        let taken = tx.run(CLAIM, &[app.into(), now.into(), until.into()]).await?;
        tx.commit().await?;
        Ok(taken > 0)
    }

    /// Keeps a new ticket for all nodes.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn keep_ticket(
        &self,
        app: &str,
        ticket: &str,
        ends_at: Millis,
    ) -> Result<(), StoreError> {
        const KEEP: Sql = Sql::both(
            "UPDATE wechat_tickets SET ticket = $2, ends_at = $3, claimed_until = 0 WHERE app = $1",
        );
        let mut tx = self.db.begin().await?;
        let values: [Value; 3] = [app.into(), ticket.into(), ends_at.into()];
        tx.run(KEEP, &values).await?;
        tx.commit().await
    }
}

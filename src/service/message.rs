//! 寄语: shown on the wall only after someone has looked.

use domain::{
    message::BoardMessage,
    report::action::command::{LINE_MAX, checked_text},
    signature::Ordinal,
    staff::Staff,
    text,
    visitor::VisitorId,
};
use store::{StoreError, StoredMessage};

use super::base::{Service, now};

/// 寄语 on one page of the wall.
pub const WALL_PAGE: u16 = 30;

/// Most messages at once.
const MESSAGES: usize = 3;

/// Why a 寄语 was not decided about.
#[derive(Debug, thiserror::Error)]
pub enum MessageDecision {
    /// Only leads and managers decide.
    #[error("only branch leads and managers decide about messages")]
    Forbidden,
    /// There is none, or no longer.
    #[error("there is no such message")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Service {
    /// What is on the wall, newest first, with masked names.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn wall(&self, before: Option<Ordinal>) -> Result<Vec<StoredMessage>, StoreError> {
        let mut wall = self.store.wall(before, WALL_PAGE).await?;
        for message in &mut wall {
            message.name = message.name.as_deref().map(text::masked);
            message.reasons.clear();
        }
        Ok(wall)
    }

    /// The newest messages that may be shown, as the board shows them.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn newest_messages(&self) -> Result<Vec<BoardMessage>, StoreError> {
        let wall = self.wall(None).await?.into_iter().take(MESSAGES);
        let shown = wall.map(|message| BoardMessage {
            text: message.text,
            who: message.name.unwrap_or_else(|| "一位居民".into()),
        });
        Ok(shown.collect())
    }

    /// What waits for a decision.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn messages_to_review(
        &self,
        staff: &Staff,
    ) -> Result<Vec<StoredMessage>, MessageDecision> {
        may_decide(staff)?;
        Ok(self.store.messages_to_review(50).await?)
    }

    /// Shows a 寄语 or keeps it off the wall.
    ///
    /// # Errors
    /// [`MessageDecision`].
    pub async fn decide_message(
        &self,
        staff: &Staff,
        ordinal: Ordinal,
        shown: bool,
    ) -> Result<(), MessageDecision> {
        may_decide(staff)?;
        if !self.store.decide_message(ordinal, shown).await? {
            return Err(MessageDecision::NotFound);
        }
        let action = if shown { "message show" } else { "message refuse" };
        self.note(staff, action, &ordinal.to_string()).await?;
        Ok(())
    }

    /// Notes that someone objects to a 寄语; `false` when it is not on the wall.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn object_to_message(
        &self,
        visitor: &VisitorId,
        ordinal: Ordinal,
        reason: &str,
    ) -> Result<bool, StoreError> {
        let reason = checked_text(reason, LINE_MAX).ok().flatten().unwrap_or_default();
        self.store.object(ordinal, visitor, &reason, now()).await
    }
}

fn may_decide(staff: &Staff) -> Result<(), MessageDecision> {
    if staff.moderates_messages() { Ok(()) } else { Err(MessageDecision::Forbidden) }
}

//! 寄语: shown on the wall only after someone has looked; and names, which staff can take away.

use domain::{
    message::{BoardMessage, ReviewLane},
    report::action::command::TEXT_MAX,
    signature::Ordinal,
    staff::Staff,
    text::{self, TextError},
    visitor::VisitorId,
};
use store::{MessageToReview, MessagesWaiting, StoreError, WallMessage};

use super::{
    base::{Service, audit_entry, fresh_code, now},
    limits::{Attempt, Requester},
    signature::{SHOWN_AFTER, public_name},
};

/// 寄语 on one page of the wall.
pub const WALL_PAGE: u16 = 30;

/// Messages on one page of the review.
const REVIEW_PAGE: u16 = 30;

/// Objections of one visitor that may wait for staff at once: more than a person finds in a sitting.
const OPEN_OBJECTIONS: u64 = 5;

/// Seconds after which somebody with so many may look again.
const OPEN_WAIT: u32 = 3600;

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

/// Why an objection was not noted.
#[derive(Debug, thiserror::Error)]
pub enum ObjectionError {
    /// The message is not on the wall.
    #[error("there is no such message")]
    NotFound,
    /// Too many: seconds to wait.
    #[error("too many objections")]
    Wait(u32),
    /// The reason cannot be kept.
    #[error("the reason has a fault")]
    Reason(TextError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Service {
    /// What is on the wall, newest first, with the masked names that may be shown.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn wall(&self, before: Option<Ordinal>) -> Result<Vec<WallMessage>, StoreError> {
        let mut wall = self.store.wall(before, WALL_PAGE).await?;
        let old = now() - SHOWN_AFTER;
        for message in &mut wall {
            // Who has looked at the text has seen the name, but not how it looks in a row.
            let name = message.name.take().filter(|_| message.signed_at < old);
            message.name = name.as_deref().and_then(public_name);
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

    /// A page of what waits for a decision in a lane, after the message `after`; whether there are
    /// more; and how many wait in each lane.
    ///
    /// # Errors
    /// [`MessageDecision`].
    pub async fn messages_to_review(
        &self,
        staff: &Staff,
        lane: ReviewLane,
        after: Ordinal,
    ) -> Result<(Vec<MessageToReview>, bool, MessagesWaiting), MessageDecision> {
        may_decide(staff)?;
        let mut page = self.store.messages_to_review(lane, after, REVIEW_PAGE + 1).await?;
        let more = page.len() > usize::from(REVIEW_PAGE);
        page.truncate(REVIEW_PAGE.into());
        Ok((page, more, self.store.messages_waiting().await?))
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
        let action = if shown { "message show" } else { "message refuse" };
        let (id, subject) = (fresh_code()?, ordinal.to_string());
        let note = audit_entry(&id, staff, action, &subject);
        match self.store.decide_message(note, ordinal, shown, now()).await? {
            true => Ok(()),
            false => Err(MessageDecision::NotFound),
        }
    }

    /// Shows the name of a signer no more, at the request of staff.
    ///
    /// # Errors
    /// [`MessageDecision`].
    pub async fn unshow_name(
        &self,
        staff: &Staff,
        ordinal: Ordinal,
    ) -> Result<(), MessageDecision> {
        may_decide(staff)?;
        let (id, subject) = (fresh_code()?, ordinal.to_string());
        let note = audit_entry(&id, staff, "name unshow", &subject);
        match self.store.unshow_name(note, ordinal, now()).await? {
            true => Ok(()),
            false => Err(MessageDecision::NotFound),
        }
    }

    /// Notes that someone objects to a 寄语. Who has objected to it before changes nothing, also
    /// after staff have decided.
    ///
    /// # Errors
    /// [`ObjectionError`].
    pub async fn object_to_message(
        &self,
        visitor: &VisitorId,
        who: &Requester<'_>,
        ordinal: Ordinal,
        reason: &str,
    ) -> Result<(), ObjectionError> {
        let tried = Attempt::at_objections(&self.keys, who);
        self.count_attempt(&tried).await?.map_err(ObjectionError::Wait)?;
        let open = self.store.open_objections_of(visitor).await?;
        if self.limits && open >= OPEN_OBJECTIONS {
            return Err(ObjectionError::Wait(OPEN_WAIT));
        }
        let reason = text::lines(reason, TEXT_MAX).map_err(ObjectionError::Reason)?;
        let reason = reason.unwrap_or_default();
        match self.store.object(ordinal, visitor, &reason, now()).await? {
            true => Ok(()),
            false => Err(ObjectionError::NotFound),
        }
    }
}

fn may_decide(staff: &Staff) -> Result<(), MessageDecision> {
    if staff.moderates_messages() { Ok(()) } else { Err(MessageDecision::Forbidden) }
}

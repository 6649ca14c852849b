//! Getting back what one has done here, on another phone or after WeChat has cleared its
//! cookies: by a phrase that was written down, good for once.

use std::fmt::Write as _;

use domain::visitor::VisitorId;
use store::StoreError;

use crate::{
    base::{Service, now},
    limits::{Attempt, Requester},
};

/// Length of a recovery phrase in digits: 10¹⁶ phrases, against a few hundred attempts per client
/// network in 15 minutes.
const DIGITS: usize = 16;

/// Why nothing was given back.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// This browser has done something here already, which would become theirs, too.
    #[error("this browser has data that would be merged")]
    Merge,
    /// No such phrase, or it was used.
    #[error("no such phrase")]
    Unknown,
    /// Too many tries; seconds to wait.
    #[error("too many tries")]
    Wait(u32),
    /// The store could not say that it is done.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Service {
    /// Makes a phrase for `visitor`, as it is shown: `1234 5678 9012 3456`. An
    /// earlier one is void. `None` for who has done nothing that could be given back.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn new_phrase(&self, visitor: &VisitorId) -> Result<Option<String>, StoreError> {
        if !self.has_done_anything(visitor).await? {
            return Ok(None);
        }
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|e| StoreError::Unavailable(e.to_string()))?;
        // So many more numbers than phrases that no phrase is likelier than another.
        let number = u128::from_le_bytes(bytes) % 10_u128.pow(DIGITS as u32);
        let digits = format!("{number:0DIGITS$}");
        self.store.keep_phrase(visitor, &self.phrase_hash(&digits), now()).await?;
        let mut shown = String::new();
        for (i, digit) in digits.chars().enumerate() {
            let space = if i > 0 && i % 4 == 0 { " " } else { "" };
            write!(shown, "{space}{digit}").ok();
        }
        Ok(Some(shown))
    }

    async fn has_done_anything(&self, visitor: &VisitorId) -> Result<bool, StoreError> {
        let signed = self.store.signature_of(visitor).await?.is_some();
        Ok(signed || !self.store.reports_of(visitor).await?.is_empty())
    }

    /// Whom `phrase` gives back. All that `visitor` has done since becomes theirs, too, if
    /// `merge` says so; where both have signed, the earlier signature stays.
    ///
    /// # Errors
    /// [`RecoveryError`].
    pub async fn recover(
        &self,
        visitor: &VisitorId,
        phrase: &str,
        merge: bool,
        who: &Requester<'_>,
    ) -> Result<VisitorId, RecoveryError> {
        if !merge && self.has_done_anything(visitor).await? {
            return Err(RecoveryError::Merge);
        }
        let tried = Attempt::at_phrases(&self.keys, who);
        self.count_attempt(&tried).await?.map_err(RecoveryError::Wait)?;
        let digits: String = phrase.chars().filter_map(ascii_digit).collect();
        let mut known = self.store.use_phrase(&self.phrase_hash(&digits), visitor, now()).await?;
        for old in self.keys.older_hashes(&phrase_text(&digits)) {
            if known.is_none() {
                known = self.store.use_phrase(&old, visitor, now()).await?;
            }
        }
        let known = known.ok_or(RecoveryError::Unknown)?;
        // It is done, whatever becomes of this.
        if let Err(error) = self.clear_attempts(&tried).await {
            tracing::warn!(%error, "the attempt counter could not be cleared");
        }
        Ok(known)
    }

    fn phrase_hash(&self, digits: &str) -> String {
        self.keys.hash(&phrase_text(digits))
    }
}

fn phrase_text(digits: &str) -> String {
    format!("recovery phrase\n{digits}")
}

/// A digit as keyboards give it, also full-width.
fn ascii_digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10),
        _ => None,
    }
}

//! Signing the 倡议, and taking it back.

pub mod effort;
pub mod key;
pub(crate) mod name_pool;
mod shown_names;

use domain::{
    campaign::{Day, Phase},
    report::action::command::FieldErrors,
    signature::{NewSignature, Ordinal, SignatureForm},
    slug::Slug,
    visitor::VisitorId,
};
use store::{SignOutcome, SignRequest, StoreError};

use self::key::SentKey;
pub(crate) use self::shown_names::{SHOWN_AFTER, public_name};
use super::{
    base::{Service, now},
    limits::{Attempt, Requester},
    signature_review::RequestSignals,
};

/// Why a signature was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The campaign has not begun, or is over.
    #[error("the campaign is not open")]
    Closed(Phase),
    /// The form has faults.
    #[error("the form has faults")]
    Form(FieldErrors),
    /// It was taken back too often of late: seconds to wait.
    #[error("too much was taken back")]
    TooFast(u32),
    /// The store could not say that it is kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A visitor's live signature with everything a page says about it.
#[derive(Clone, Debug)]
pub struct MySignature {
    /// 第 N 位.
    pub ordinal: Ordinal,
    /// The whole name.
    pub name: String,
    /// The pledges taken on.
    pub pledges: Vec<Slug>,
    /// The grid, if they said.
    pub grid: Option<Slug>,
    /// What was added.
    pub message: Option<String>,
    /// The day of signing.
    pub day: Option<Day>,
    /// Whether it counts once a phone has worked out a proof.
    pub awaits_proof: bool,
}

impl Service {
    /// Signs for `visitor`; a live signature is kept unchanged. A signature that the fraud rules
    /// hold is stored but not counted; the signer is not told, so that bots cannot learn the rules.
    ///
    /// # Errors
    /// [`SignError`]; nothing is stored, unless the store could not be reached,
    /// when trying again is harmless.
    pub async fn sign(
        &self,
        visitor: &VisitorId,
        form: &SignatureForm,
        signals: &RequestSignals<'_>,
    ) -> Result<SignOutcome, SignError> {
        let signature = self.check_signature(form)?;
        let signals = self.fraud_signals(visitor, signals, signature.name.as_str()).await?;
        let (network_hash, doubts) = signals.map_err(SignError::TooFast)?;
        let signing = SignRequest {
            visitor: visitor.clone(),
            signature,
            network_hash,
            rule_hits: doubts,
            consent: self.campaign.privacy.version.clone(),
        };
        Ok(self.store.sign(signing).await?)
    }

    /// Takes a proof that was worked out after signing: if the signature was held for the want of
    /// one, it counts from now on. Nothing is said of a wrong one.
    ///
    /// # Errors
    /// [`StoreError`] when the store could not say that it is done.
    pub async fn prove_signature(
        &self,
        visitor: &VisitorId,
        sent: &SentKey,
    ) -> Result<(), StoreError> {
        let proven = self.known_key(sent, visitor, now()).is_some_and(|key| key.proven);
        if proven {
            self.store.prove(visitor.clone(), self.proof_hit(sent)).await?;
        }
        Ok(())
    }

    /// What [`Service::sign`] would say to the form, without signing.
    ///
    /// # Errors
    /// [`SignError::Closed`] or [`SignError::Form`].
    pub fn check_signature(&self, form: &SignatureForm) -> Result<NewSignature, SignError> {
        match self.phase() {
            Phase::Open => form.check(&self.campaign).map_err(SignError::Form),
            closed => Err(SignError::Closed(closed)),
        }
    }

    /// Withdraws the visitor's signature, also one that was dismissed, and also after the campaign
    /// has ended. `false` when there is none. Each leaves a number behind that nobody gets again, so they are limited.
    ///
    /// # Errors
    /// [`SignError::TooFast`]; [`SignError::Store`] when the store could not say that it is done.
    pub async fn withdraw_signature(&self, who: &Requester<'_>) -> Result<bool, SignError> {
        let Some(visitor) = who.visitor else { return Ok(false) };
        if !self.store.has_signature(visitor).await? {
            return Ok(false);
        }
        let tried = Attempt::at_withdrawals(&self.keys, who);
        self.count_attempt(&tried).await?.map_err(SignError::TooFast)?;
        Ok(self.store.withdraw(visitor.clone()).await?)
    }

    /// The visitor's live signature.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn signature_of(
        &self,
        visitor: &VisitorId,
    ) -> Result<Option<MySignature>, StoreError> {
        let Some(stored) = self.store.signature_of(visitor).await? else { return Ok(None) };
        Ok(Some(MySignature {
            ordinal: stored.ordinal,
            name: stored.name,
            pledges: stored.pledges,
            grid: stored.grid,
            message: stored.message,
            day: self.day(stored.signed_at),
            awaits_proof: stored.awaits_proof,
        }))
    }
}

//! A session of a member of staff, and the token that stands for it.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    staff::{Staff, Stage},
    time::Millis,
};
use sha2::{Digest, Sha256};
use store::StoreError;

/// A session of a member of staff that has not ended.
#[derive(Clone, Debug)]
pub struct StaffSession {
    /// Whose, with what they stand in for.
    pub staff: Arc<Staff>,
    /// What the cookie holds.
    pub token: String,
    /// What it may do.
    pub stage: Stage,
    /// When a code was last given in it.
    pub proven_at: Option<Millis>,
}

/// A new token: what a session's cookie holds.
pub(super) fn fresh_token() -> Result<String, StoreError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Setup(error.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What a session's cookie holds, as the database knows it.
pub(super) fn hash_token(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

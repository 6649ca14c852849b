//! What the store is asked about signatures: sign, take back, find.

use super::{SignatureRow, Signed, Signing};
use crate::{
    domain::{signature::Signature, visitor::VisitorId},
    store::{base::Store, error::StoreError},
};

impl Store {
    /// Stores a signature, unless its visitor has a live one already.
    ///
    /// # Errors
    /// [`StoreError`]; whether it was stored is then unknown, and trying again is
    /// harmless.
    pub async fn sign(&self, row: Signing) -> Result<Signed, StoreError> {
        self.writer.sign(row).await
    }

    /// Withdraws the visitor's live signature; `false` when there is none.
    ///
    /// # Errors
    /// [`StoreError`], as for [`Store::sign`].
    pub async fn withdraw(&self, visitor: VisitorId) -> Result<bool, StoreError> {
        self.writer.withdraw(visitor).await
    }

    /// The visitor's live signature.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn signature_of(&self, visitor: &VisitorId) -> Result<Option<Signature>, StoreError> {
        super::live(&self.db, visitor).await
    }

    /// All that a visitor has signed, also what does not count.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn signatures_of(&self, visitor: &VisitorId) -> Result<Vec<Signature>, StoreError> {
        super::of(&self.db, visitor).await
    }

    /// All signatures in their order, from after `ordinal` on: at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn signatures_after(
        &self,
        ordinal: u64,
        limit: u32,
    ) -> Result<Vec<SignatureRow>, StoreError> {
        super::after(&self.db, ordinal, limit).await
    }

    /// The newest names that may be shown, whole; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn recent_names(&self, limit: u16) -> Result<Vec<String>, StoreError> {
        super::recent_names(&self.db, limit).await
    }
}

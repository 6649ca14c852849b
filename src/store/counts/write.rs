//! A transaction that changes counters: from the ledger lock to the published counts.

use domain::time::Millis;

use super::{CounterDeltas, Ledger, lock_ledger, publish::Publisher, read_in};
use crate::{error::StoreError, sql::connection::Tx};

/// A transaction that holds the ledger's row, so that it is the only one on any node that changes
/// signatures or counters.
///
/// Lock order: reports, held photos and supports are locked in the transaction before
/// [`Self::begin`] takes the ledger; signatures and counters are changed after it. Two writers that
/// lock in another order deadlock.
pub struct CountWrite {
    /// The transaction.
    pub tx: Tx,
    /// The ledger as it was found, with the revision that begins.
    pub ledger: Ledger,
    /// What [`Self::commit`] does to the counters.
    pub deltas: CounterDeltas,
}

impl CountWrite {
    /// Locks the ledger row within `tx`. If it is dropped, everything is rolled back, the revision
    /// too.
    ///
    /// # Errors
    /// [`StoreError`] when the ledger cannot be had.
    pub async fn begin(mut tx: Tx, now: Millis) -> Result<Self, StoreError> {
        let ledger = lock_ledger(&mut tx, now).await?;
        Ok(Self { tx, ledger, deltas: CounterDeltas::default() })
    }

    /// Updates the counters, commits, and publishes the new counts.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn commit(self, publisher: &Publisher) -> Result<(), StoreError> {
        let Self { mut tx, ledger, deltas } = self;
        if !deltas.is_empty() {
            deltas.apply(&mut tx).await?;
        }
        let counts = read_in(&mut tx, ledger.revision, ledger.as_of).await?;
        tx.commit().await?;
        publisher.committed(counts);
        Ok(())
    }
}

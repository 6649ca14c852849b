//! A transaction that changes counts, from the ledger's row to the published counts.

use domain::time::Millis;

use super::{Deltas, Ledger, publish::Publisher, read_in, take_ledger};
use crate::{error::StoreError, sql::connection::Tx};

/// A transaction that holds the ledger's row, so that it is the only one on any node that changes
/// signatures or counters.
///
/// Lock order: reports by rising serial and their supports are locked in the transaction before
/// [`Self::begin`] takes the ledger; signatures and counters are changed after it. Two writers that
/// lock in another order deadlock.
pub struct CountWrite {
    /// The transaction.
    pub tx: Tx,
    /// The ledger as it was found, with the revision that begins.
    pub ledger: Ledger,
    /// What [`Self::commit`] does to the counters.
    pub deltas: Deltas,
}

impl CountWrite {
    /// Takes the ledger's row within `tx`. Dropped, it leaves everything as it was, the revision
    /// too.
    ///
    /// # Errors
    /// [`StoreError`] when the ledger cannot be had.
    pub async fn begin(mut tx: Tx, now: Millis) -> Result<Self, StoreError> {
        let ledger = take_ledger(&mut tx, now).await?;
        Ok(Self { tx, ledger, deltas: Deltas::default() })
    }

    /// Changes the counters, commits, and publishes the counts that then are.
    ///
    /// # Errors
    /// [`StoreError`] when it is not known to be kept.
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

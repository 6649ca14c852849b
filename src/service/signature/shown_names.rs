//! Names of signers on public pages: a day after signing, masked, in an order that nobody chooses.

use domain::{signature::Ordinal, text, time::Millis};
use store::StoreError;

use crate::base::{Service, now};

/// How long after signing a name is shown at the earliest: staff have a day to look, and nobody
/// sees their word appear when they want it to.
pub(crate) const SHOWN_AFTER: Millis = 24 * 3_600_000;

/// The newest names, among which those of the day are drawn.
const POOL: u16 = 2_000;

/// Of those, the ones that are looked at: names that may not be shown are passed over.
const DRAWN: usize = 64;

/// Names on one page.
const SHOWN: usize = 8;

impl Service {
    /// Ordinals and masked names of eight signers who let their name be shown, in the order of the
    /// day: by a keyed hash of day and ordinal. Fewer where some have gone since they were drawn.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn shown_names(&self) -> Result<Vec<(Ordinal, String)>, StoreError> {
        let now = now();
        let Some(day) = self.day(now) else { return Ok(Vec::new()) };
        if let Some(drawn) = self.shown_names.get(day) {
            return self.presentable(&drawn).await;
        }
        let pool = self.store.showable_ordinals(now - SHOWN_AFTER, POOL).await?;
        let place = |ordinal: &Ordinal| self.keys.hash(&format!("shown name\n{day:?}\n{ordinal}"));
        let mut pool: Vec<_> = pool.into_iter().map(|ordinal| (place(&ordinal), ordinal)).collect();
        pool.sort_unstable();
        let drawn: Vec<Ordinal> =
            pool.into_iter().map(|(_, ordinal)| ordinal).take(DRAWN).collect();
        let shown = self.presentable(&drawn).await?;
        // While there are few names, each new one is shown as soon as it may be.
        if shown.len() == SHOWN {
            let drawn: Vec<Ordinal> = shown.iter().map(|(ordinal, _)| *ordinal).collect();
            self.shown_names.set(day, &drawn);
        }
        Ok(shown)
    }

    /// The first of `drawn` that may be shown still, masked.
    async fn presentable(&self, drawn: &[Ordinal]) -> Result<Vec<(Ordinal, String)>, StoreError> {
        let names = self.store.shown_names(drawn).await?;
        let shown = drawn.iter().filter_map(|ordinal| {
            let (_, name) = names.iter().find(|(known, _)| known == ordinal)?;
            Some((*ordinal, public_name(name)?))
        });
        Ok(shown.take(SHOWN).collect())
    }
}

/// The masked form of a name that may be shown to everyone.
pub(crate) fn public_name(name: &str) -> Option<String> {
    text::is_presentable(name).then(|| text::masked(name))
}

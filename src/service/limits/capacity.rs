//! What this installation has room for at once: pages, exports, and bytes of photos.

use domain::staff::Staff;
use store::StoreError;

use super::{
    fair_queue::{Busy, Turn},
    photo_room::{PhotoLimits, PhotoRoom, RoomTaken},
    rate_limit::Requester,
};
use crate::base::{Service, now};

impl Service {
    /// Lets photos take no more than `limits`.
    #[must_use]
    pub fn with_photo_limits(self, limits: PhotoLimits) -> Self {
        Self { photo_room: PhotoRoom::new(limits), ..self }
    }

    /// How much room is taken.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn room_taken(&self) -> Result<RoomTaken, StoreError> {
        let (room, now) = (&self.photo_room, now());
        let photos = match room.stored(now) {
            Some(photos) => photos,
            None => {
                let photos = self.store.photo_bytes().await?;
                room.counted(photos, now);
                photos
            }
        };
        Ok(RoomTaken {
            photos,
            photos_limit: room.limits.stored,
            photos_free: self.photo_store.free_space(),
            database_free: self.store.free_space(),
        })
    }

    /// Whether another photo can be stored.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub(crate) async fn has_room_for_photos(&self) -> Result<bool, StoreError> {
        let taken = self.room_taken().await?;
        let left_free = self.photo_room.limits.left_free;
        Ok(taken.photos < taken.photos_limit
            && taken.photos_free.is_none_or(|free| free > left_free))
    }

    /// A turn at rendering a page, which reads the database.
    ///
    /// # Errors
    /// [`Busy`] when very many of this network wait.
    pub async fn page_turn(&self, who: &Requester<'_>) -> Result<Turn, Busy> {
        self.page_turns.turn(who.client_network, who.key()).await
    }

    /// A turn at writing an export, kept until it is written.
    ///
    /// # Errors
    /// [`Busy`] when others take too long.
    pub async fn export_turn(&self, staff: &Staff, who: &Requester<'_>) -> Result<Turn, Busy> {
        self.export_turns.turn(who.client_network, &staff.login).await
    }
}

//! Photos of a report that is being written: measured, counted, made smaller, and held for their
//! visitor until a form takes them.

use domain::{
    client_network::ClientNetwork,
    report::{Code, Photo, PhotoRole},
    visitor::VisitorId,
};
use store::{EncodedPhoto, StoreError};

use super::{HELD_FOR, ReportError};
use crate::{
    base::{Service, fresh_code, now},
    limits::{Attempt, Requester},
    photo::{self, PhotoError},
};

/// Seconds after which some of too many held photos are forgotten, about.
const HELD_WAIT: u32 = 600;

/// Does work that takes long beside the threads that answer. A decoder that gives up by panicking has
/// met a broken picture.
async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PhotoError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| PhotoError::Broken)
}

/// Most photos that are held for one visitor at once.
const HELD_MAX: usize = 12;

impl Service {
    /// Decodes uploaded files and stores them as held photos.
    ///
    /// # Errors
    /// [`ReportError::Photo`] for the first that is not an image; the others are held. For any other
    /// error none is.
    pub async fn hold_photos(
        &self,
        who: Option<&Requester<'_>>,
        sent: Vec<bytes::Bytes>,
    ) -> Result<Vec<Photo>, ReportError> {
        let visitor = who.and_then(|who| who.visitor);
        if let Some(visitor) = visitor {
            let held = self.held_photos(visitor).await?.len();
            if held + sent.len() > HELD_MAX {
                return Err(ReportError::TooMany(HELD_WAIT));
            }
        }
        if !sent.is_empty() && !self.has_room_for_photos().await? {
            return Err(ReportError::NoRoom);
        }
        let mut held = Vec::new();
        let mut fault = None;
        for bytes in sent {
            // A broken one costs as much as a good one.
            if let Some(who) = who {
                let tried = Attempt::at_photos(&self.keys, who);
                self.count_attempt(&tried).await?.map_err(ReportError::TooMany)?;
            }
            let encoded = self.encode_photo(who, bytes).await;
            match encoded {
                Ok(picture) => held.push((photo_of(visitor, &picture)?, picture)),
                Err(error @ ReportError::Photo(_)) => fault = fault.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        let bytes = held.iter().filter_map(|(photo, _)| photo.bytes).map(u64::from).sum::<u64>();
        if let (Some(who), true) = (who, bytes > 0) {
            let kilobytes = u32::try_from(bytes / 1000 + 1).unwrap_or(u32::MAX);
            let tried = Attempt::at_disk(&self.keys, who, kilobytes, self.midnight());
            self.count_attempt(&tried).await?.map_err(ReportError::TooMany)?;
        }
        let since = now() - HELD_FOR;
        if !self.store.hold(&self.photo_store, &held, since, HELD_MAX).await? {
            return Err(ReportError::TooMany(HELD_WAIT));
        }
        self.photo_room.add(bytes);
        match fault {
            Some(error) => Err(error),
            None => Ok(held.into_iter().map(|(photo, _)| photo).collect()),
        }
    }

    /// Makes a picture, at most a few at once and beside the threads that answer.
    async fn encode_photo(
        &self,
        who: Option<&Requester<'_>>,
        bytes: bytes::Bytes,
    ) -> Result<EncodedPhoto, ReportError> {
        let nobody = ClientNetwork::unknown();
        let (network, person) =
            who.map_or((&nobody, "nobody"), |who| (who.client_network, who.key()));
        let busy = |_| StoreError::Unavailable("too many photos are being made smaller".into());
        let turn = self.photo_turns.turn(network, person).await.map_err(busy)?;
        let (measured, bytes) = beside(move || (photo::cost(&bytes), bytes)).await?;
        let kilopixels = measured?;
        if let Some(who) = who {
            let tried = Attempt::at_pixels(&self.keys, who, kilopixels);
            self.count_attempt(&tried).await?.map_err(ReportError::TooMany)?;
        }
        // Moved into the blocking task: it keeps running, and the turn taken, if the request is
        // cancelled.
        let work = move || {
            let processed = photo::process(&bytes);
            drop(turn);
            processed
        };
        Ok(beside(work).await??)
    }

    /// The photos that are held for `visitor`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn held_photos(&self, visitor: &VisitorId) -> Result<Vec<Photo>, StoreError> {
        self.store.held_for(visitor, now() - HELD_FOR).await
    }

    /// Which of `wanted` are held for `visitor`, each once, in that order.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn known_held(
        &self,
        visitor: &VisitorId,
        wanted: &[String],
    ) -> Result<Vec<Code>, StoreError> {
        let held = self.held_photos(visitor).await?;
        let held = held.into_iter().map(|photo| photo.id);
        Ok(held.filter(|id| wanted.iter().any(|wanted| wanted == id.as_str())).collect())
    }
}

fn photo_of(visitor: Option<&VisitorId>, picture: &EncodedPhoto) -> Result<Photo, ReportError> {
    Ok(Photo {
        id: fresh_code()?,
        serial: None,
        visitor: visitor.cloned(),
        role: PhotoRole::Before,
        public: false,
        width: picture.width,
        height: picture.height,
        bytes: u32::try_from(picture.full.len() + picture.thumb.len()).ok(),
        at: now(),
        pixels_sent: Some(picture.pixels_sent.clone()),
        pixels_shown: Some(picture.pixels_shown.clone()),
        looks: picture.looks.clone(),
    })
}

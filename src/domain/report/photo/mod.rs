//! Photos of a report, and the detection of repeated photos.

pub mod looks;

use serde::{Deserialize, Serialize};

use self::looks::PerceptualHashes;
use super::{flag, names::Code};
use crate::{time::Millis, visitor::VisitorId};

/// Maximum number of photos in one form.
pub const PHOTOS_MAX: usize = 3;

/// Whether a photo shows the state before or after handling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhotoRole {
    /// Before handling.
    Before,
    /// After handling.
    After,
}

/// A stored photo: of a report, or held for a visitor until a form is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Photo {
    /// Secret code in its URL.
    pub id: Code,
    /// Serial of the report; `None` while it is held.
    pub serial: Option<u64>,
    /// Visitor for whom it is held.
    pub visitor: Option<VisitorId>,
    /// Before or after handling.
    pub role: PhotoRole,
    /// Whether staff made it public.
    #[serde(with = "flag")]
    pub public: bool,
    /// Width, in pixels.
    pub width: u32,
    /// Height, in pixels.
    pub height: u32,
    /// Bytes of its files in both sizes; `None` for one of before schema 14.
    #[serde(default)]
    pub bytes: Option<u32>,
    /// Upload time.
    pub at: Millis,
    /// Hash of the uploaded pixels, after rotation and scaling to the stored size.
    #[serde(default)]
    pub pixels_sent: Option<String>,
    /// Hash of the pixels of the stored JPEG file.
    #[serde(default)]
    pub pixels_shown: Option<String>,
    /// Perceptual hashes.
    #[serde(with = "looks", default)]
    pub looks: PerceptualHashes,
}

impl Photo {
    /// Whether it has the same pixels as `other`, or is the downloaded file of `other`.
    #[must_use]
    pub fn is_copy_of(&self, other: &Self) -> bool {
        let sent = self.pixels_sent.as_ref();
        sent.is_some()
            && (sent == other.pixels_sent.as_ref() || sent == other.pixels_shown.as_ref())
    }

    /// Whether it is perceptually similar to `other`.
    #[must_use]
    pub fn is_similar_to(&self, other: &Self) -> bool {
        self.looks.is_similar_to(&other.looks)
    }
}

/// Whether a photo from after handling is perceptually similar to one from before.
#[must_use]
pub fn has_similar_before_and_after<'p>(photos: impl Iterator<Item = &'p Photo> + Clone) -> bool {
    let of = |role| photos.clone().filter(move |photo| photo.role == role);
    of(PhotoRole::After)
        .any(|after| of(PhotoRole::Before).any(|before| after.is_similar_to(before)))
}

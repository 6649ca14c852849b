//! Photos of a report: what they show, and whether two are the same picture.

pub mod looks;

use serde::{Deserialize, Serialize};

use self::looks::Looks;
use super::{flag, names::Code};
use crate::{time::Millis, visitor::VisitorId};

/// Most photos that one form brings.
pub const PHOTOS_MAX: usize = 3;

/// What a photo shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhotoRole {
    /// What was found.
    Before,
    /// What it looks like after handling.
    After,
}

/// A photo that belongs to a report, or is held for a visitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Photo {
    /// Its unguessable address.
    pub id: Code,
    /// The report; `None` while it is held.
    pub serial: Option<u64>,
    /// For whom it is held.
    pub visitor: Option<VisitorId>,
    /// What it shows.
    pub role: PhotoRole,
    /// Whether staff chose to show it to everyone.
    #[serde(with = "flag")]
    pub public: bool,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// When it came.
    pub at: Millis,
    /// Hash of the pixels that were sent, upright and as large as they are kept.
    #[serde(default)]
    pub pixels_sent: Option<String>,
    /// Hash of the pixels that are shown.
    #[serde(default)]
    pub pixels_shown: Option<String>,
    /// What it looks like, roughly.
    #[serde(with = "looks", default)]
    pub looks: Looks,
}

impl Photo {
    /// Whether this is the very picture that `other` is, or a download of it.
    #[must_use]
    pub fn repeats(&self, other: &Self) -> bool {
        let sent = self.pixels_sent.as_ref();
        sent.is_some()
            && (sent == other.pixels_sent.as_ref() || sent == other.pixels_shown.as_ref())
    }

    /// Whether it looks nearly as `other` does.
    #[must_use]
    pub fn looks_like(&self, other: &Self) -> bool {
        self.looks.are_like(&other.looks)
    }
}

/// Whether, of some photos, one from after handling looks nearly as one from before.
#[must_use]
pub fn nearly_the_same<'p>(photos: impl Iterator<Item = &'p Photo> + Clone) -> bool {
    let of = |role| photos.clone().filter(move |photo| photo.role == role);
    of(PhotoRole::After).any(|after| of(PhotoRole::Before).any(|before| after.looks_like(before)))
}

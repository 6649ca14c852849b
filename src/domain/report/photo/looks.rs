//! Perceptual hashes of photos: they tell a checker that a photo from after handling may be one
//! from before, rotated, mirrored, framed or cropped.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Difference hashes of a photo, 64 bits each; few bits differ between similar photos. Empty for
/// photos that were stored before the hashes existed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerceptualHashes {
    /// Of the whole photo in all eight orientations (rotated and mirrored), the stored one first.
    pub whole: Vec<u64>,
    /// The same of its centre crop.
    pub middle: Vec<u64>,
}

impl PerceptualHashes {
    /// Whether the two photos are perceptually similar.
    #[must_use]
    pub fn is_similar_to(&self, other: &Self) -> bool {
        let (Some(whole), Some(middle)) = (other.whole.first(), other.middle.first()) else {
            return false;
        };
        // One photo may be a crop of the other.
        self.whole.iter().any(|look| is_near(*look, *whole) || is_near(*look, *middle))
            || self.middle.iter().any(|look| is_near(*look, *whole))
    }
}

/// Whether the Hamming distance is at most `MAX_DISTANCE` bits.
const fn is_near(a: u64, b: u64) -> bool {
    const MAX_DISTANCE: u32 = 9;
    (a ^ b).count_ones() <= MAX_DISTANCE
}

/// Serializes the hashes as one string of hexadecimal digits; empty ones as null.
///
/// # Errors
/// Errors of the serializer `to`.
pub fn serialize<S: Serializer>(looks: &PerceptualHashes, to: S) -> Result<S::Ok, S::Error> {
    let all = looks.whole.iter().chain(&looks.middle);
    let text: String = all.map(|look| format!("{look:016x}")).collect();
    Some(text).filter(|text| !text.is_empty()).serialize(to)
}

/// Deserializes the hashes.
///
/// # Errors
/// Errors of the deserializer `from`; text that is not hexadecimal.
pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<PerceptualHashes, D::Error> {
    let text = Option::<String>::deserialize(from)?.unwrap_or_default();
    let digits = text.as_bytes().chunks(16);
    let read = |digits: &[u8]| {
        let digits = std::str::from_utf8(digits).map_err(D::Error::custom)?;
        u64::from_str_radix(digits, 16).map_err(D::Error::custom)
    };
    let mut whole = digits.map(read).collect::<Result<Vec<u64>, _>>()?;
    let middle = whole.split_off(whole.len() / 2);
    Ok(PerceptualHashes { whole, middle })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Serialize, serde::Deserialize)]
    struct Row {
        #[serde(with = "super", default)]
        looks: PerceptualHashes,
    }

    #[test]
    fn serialize_as_text_or_null() {
        let looks = PerceptualHashes { whole: vec![1, u64::MAX], middle: vec![0, 7] };
        for (looks, empty) in [(looks, false), (PerceptualHashes::default(), true)] {
            let text = serde_json::to_string(&Row { looks: looks.clone() }).unwrap();
            assert_eq!(text == "{\"looks\":null}", empty);
            assert_eq!(serde_json::from_str::<Row>(&text).unwrap().looks, looks);
        }
        assert_eq!(serde_json::from_str::<Row>("{}").unwrap().looks, PerceptualHashes::default());
        assert!(serde_json::from_str::<Row>("{\"looks\":\"x\"}").is_err());
    }

    #[test]
    fn photos_without_hashes_are_never_similar() {
        let some = PerceptualHashes { whole: vec![0], middle: vec![0] };
        assert!(some.is_similar_to(&some) && !some.is_similar_to(&PerceptualHashes::default()));
        assert!(
            !PerceptualHashes::default().is_similar_to(&some)
                && !PerceptualHashes::default().is_similar_to(&PerceptualHashes::default())
        );
    }
}

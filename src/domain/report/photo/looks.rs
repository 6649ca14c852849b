//! What a picture looks like, roughly: enough to point out to a checker that one from after
//! handling may be the one from before, turned, mirrored, framed or cut.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Difference hashes of a picture: each of 64 bits, of which few differ between pictures that
/// look the same. Empty for one that came before there were any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looks {
    /// Of the whole, in each of the eight ways that it can be turned and mirrored, as it is
    /// first.
    pub whole: Vec<u64>,
    /// The same of its middle.
    pub middle: Vec<u64>,
}

impl Looks {
    /// Whether the two pictures look nearly the same.
    #[must_use]
    pub fn are_like(&self, other: &Self) -> bool {
        let (Some(whole), Some(middle)) = (other.whole.first(), other.middle.first()) else {
            return false;
        };
        // A part of the one may be the whole of the other.
        self.whole.iter().any(|look| near(*look, *whole) || near(*look, *middle))
            || self.middle.iter().any(|look| near(*look, *whole))
    }
}

/// Whether so few bits differ as between pictures that look the same.
const fn near(a: u64, b: u64) -> bool {
    const FEW: u32 = 9;
    (a ^ b).count_ones() <= FEW
}

/// Writes them as hexadecimal digits.
///
/// # Errors
/// Those of `to`.
pub fn serialize<S: Serializer>(looks: &Looks, to: S) -> Result<S::Ok, S::Error> {
    let all = looks.whole.iter().chain(&looks.middle);
    let text: String = all.map(|look| format!("{look:016x}")).collect();
    Some(text).filter(|text| !text.is_empty()).serialize(to)
}

/// Reads them back.
///
/// # Errors
/// Those of `from`, and text that is none.
pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Looks, D::Error> {
    let text = Option::<String>::deserialize(from)?.unwrap_or_default();
    let digits = text.as_bytes().chunks(16);
    let read = |digits: &[u8]| {
        let digits = std::str::from_utf8(digits).map_err(D::Error::custom)?;
        u64::from_str_radix(digits, 16).map_err(D::Error::custom)
    };
    let mut whole = digits.map(read).collect::<Result<Vec<u64>, _>>()?;
    let middle = whole.split_off(whole.len() / 2);
    Ok(Looks { whole, middle })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Serialize, serde::Deserialize)]
    struct Row {
        #[serde(with = "super", default)]
        looks: Looks,
    }

    #[test]
    fn are_text_or_nothing() {
        let looks = Looks { whole: vec![1, u64::MAX], middle: vec![0, 7] };
        for (looks, empty) in [(looks, false), (Looks::default(), true)] {
            let text = serde_json::to_string(&Row { looks: looks.clone() }).unwrap();
            assert_eq!(text == "{\"looks\":null}", empty);
            assert_eq!(serde_json::from_str::<Row>(&text).unwrap().looks, looks);
        }
        assert_eq!(serde_json::from_str::<Row>("{}").unwrap().looks, Looks::default());
        assert!(serde_json::from_str::<Row>("{\"looks\":\"x\"}").is_err());
    }

    #[test]
    fn nothing_looks_like_what_came_before_there_were_any() {
        let some = Looks { whole: vec![0], middle: vec![0] };
        assert!(some.are_like(&some) && !some.are_like(&Looks::default()));
        assert!(!Looks::default().are_like(&some) && !Looks::default().are_like(&Looks::default()));
    }
}

//! Serde format of a list of staff ids in one text column: `[3,7]`, or null if it is empty.

use serde::{Deserialize, Deserializer, Serializer, de::Error as _, ser::Error as _};

use crate::staff::StaffId;

/// Serializes the list as text.
///
/// # Errors
/// Errors of the serializer `to`.
pub fn serialize<S: Serializer>(list: &[StaffId], to: S) -> Result<S::Ok, S::Error> {
    if list.is_empty() {
        return to.serialize_none();
    }
    to.serialize_some(&serde_json::to_string(list).map_err(S::Error::custom)?)
}

/// Deserializes the list.
///
/// # Errors
/// Errors of the deserializer `from`; text that is not a JSON list of ids.
pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Vec<StaffId>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map_or_else(
        || Ok(Vec::new()),
        |text| serde_json::from_str(&text).map_err(D::Error::custom),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Serialize, serde::Deserialize)]
    struct Row {
        #[serde(with = "super", default)]
        by: Vec<StaffId>,
    }

    #[test]
    fn serializes_as_text_or_null() {
        for (by, text) in [(vec![3, 7], r#"{"by":"[3,7]"}"#), (vec![], r#"{"by":null}"#)] {
            assert_eq!(serde_json::to_string(&Row { by: by.clone() }).unwrap(), text);
            assert_eq!(serde_json::from_str::<Row>(text).unwrap().by, by);
        }
        assert!(serde_json::from_str::<Row>("{}").unwrap().by.is_empty());
        assert!(serde_json::from_str::<Row>(r#"{"by":"x"}"#).is_err());
    }
}

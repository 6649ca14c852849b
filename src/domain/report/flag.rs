//! Truth as 0 and 1, as both databases keep it.

use serde::{Deserialize, Deserializer, Serializer};

/// Writes 0 or 1.
///
/// # Errors
/// Those of `to`.
pub fn serialize<S: Serializer>(value: &bool, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u8((*value).into())
}

/// Reads 0 or something else.
///
/// # Errors
/// Those of `from`.
pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<bool, D::Error> {
    u8::deserialize(from).map(|value| value != 0)
}

/// Truth, or that nobody knows.
pub mod or_none {
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes 0, 1 or nothing.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn serialize<S: Serializer>(value: &Option<bool>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => to.serialize_some(&u8::from(*value)),
            None => to.serialize_none(),
        }
    }

    /// Reads 0, something else, or nothing.
    ///
    /// # Errors
    /// Those of `from`.
    pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Option<bool>, D::Error> {
        Ok(Option::<u8>::deserialize(from)?.map(|value| value != 0))
    }
}

//! Serde format of booleans as 0 and 1, as both databases store them.

use serde::{Deserialize, Deserializer, Serializer};

/// Serializes as 0 or 1.
///
/// # Errors
/// Errors of the serializer `to`.
pub fn serialize<S: Serializer>(value: &bool, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u8((*value).into())
}

/// Deserializes 0 as `false`, every other number as `true`.
///
/// # Errors
/// Errors of the deserializer `from`.
pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<bool, D::Error> {
    u8::deserialize(from).map(|value| value != 0)
}

/// The same format for `Option<bool>`: `None` is null.
pub mod or_none {
    use serde::{Deserialize, Deserializer, Serializer};

    /// Serializes as 0, 1 or null.
    ///
    /// # Errors
    /// Errors of the serializer `to`.
    pub fn serialize<S: Serializer>(value: &Option<bool>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => to.serialize_some(&u8::from(*value)),
            None => to.serialize_none(),
        }
    }

    /// Deserializes 0 as `false`, every other number as `true`, null as `None`.
    ///
    /// # Errors
    /// Errors of the deserializer `from`.
    pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Option<bool>, D::Error> {
        Ok(Option::<u8>::deserialize(from)?.map(|value| value != 0))
    }
}

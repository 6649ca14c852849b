//! Encryption of personal data: `cipher` has keys and format, `rows` re-encrypts stored rows.
//! Rotation: docs/operations.md, "The secret".

pub(crate) mod cipher;
pub(crate) mod rows;

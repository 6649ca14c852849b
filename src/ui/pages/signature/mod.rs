//! Pages of the signature: the form, and the card after signing.

pub mod sign;
pub mod signed;

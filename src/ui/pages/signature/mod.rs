//! Pages of the signature: the form, and the card of who has signed.

pub mod sign;
pub mod signed;

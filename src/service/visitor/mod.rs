//! What is one visitor's: whose page it is, what is kept of them, how they get it back.

pub mod my_data;
pub mod owner;
pub mod recovery;

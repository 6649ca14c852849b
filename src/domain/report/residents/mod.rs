//! What residents do to filed reports: their own (`reporter`), others that they have met, too
//! (`supporter`), and their own that go on under another one (`merge`).

pub mod merge;
pub mod reporter;
pub mod supporter;

//! 寄语: what residents write to go with their signature.

use serde::{Deserialize, Serialize};

/// A message as the board shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardMessage {
    /// What was written.
    pub text: String,
    /// By whom, as far as that may be shown.
    pub who: String,
}

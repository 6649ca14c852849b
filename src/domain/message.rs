//! Messages (寄语): short texts that residents add to their signature.

use serde::{Deserialize, Serialize};

/// What staff are to decide about: two lanes, so that objections, which anybody may raise, hide no
/// new message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewLane {
    /// Messages that nobody has decided about.
    New,
    /// Messages on the wall that somebody objects to.
    Objected,
}

/// A message as shown on the public message board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardMessage {
    /// Text of the message.
    pub text: String,
    /// Masked name of the author, or `一位居民` if the name may not be shown.
    pub who: String,
}

//! The connection that a request came on.

use std::sync::Arc;

use domain::client_network::ClientNetwork;
use tokio_util::sync::CancellationToken;

use super::fair_places::Place;

/// The connection that a request came on, in its extensions.
#[derive(Clone, Debug)]
pub struct Connected(Arc<Place>);

impl Connected {
    /// A connection that has this place.
    pub fn new(place: Place) -> Self {
        Self(Arc::new(place))
    }

    /// Is cancelled when the connection is to end, to make room for others. Whatever else of which
    /// there is little is held for this connection, is held under the same token.
    pub fn evicted(&self) -> CancellationToken {
        self.0.evicted().clone()
    }

    /// Whether this connection makes room before others.
    pub fn set_idle(&self, idle: bool) {
        self.0.set_idle(idle);
    }

    /// It is of another client network than was thought.
    pub fn move_to(&self, network: &ClientNetwork) {
        self.0.move_to(network);
    }
}

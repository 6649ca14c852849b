//! Encrypted connections to others: robots of group chats, a photo store elsewhere.

/// Chooses ring for every encrypted connection that this process begins; may be called
/// again. Before it, a client cannot be built.
pub fn prepare() {
    // That another choice was made already is as good.
    rustls::crypto::ring::default_provider().install_default().ok();
}

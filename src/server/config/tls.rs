//! Encrypted connections to others: robots of group chats, WeChat, a photo store elsewhere.

/// Chooses ring for every encrypted connection of this process; may be called again. Before it,
/// no HTTP client can be built, so `main` begins with it.
pub fn prepare() {
    // That another choice was made already is as good.
    rustls::crypto::ring::default_provider().install_default().ok();
}

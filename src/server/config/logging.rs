//! Logging. Personal data, addresses and cookies are never logged.

use std::{io, panic};

use tracing_subscriber::EnvFilter;

/// Begins to log onto standard error, as lines for people or as JSON. `RUST_LOG` says how
/// much.
pub fn begin(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    if json {
        logs.json().init();
    } else {
        logs.init();
    }
    // A panic message may contain personal data: only its source location is logged.
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current();
        let thread = thread.name().unwrap_or_default();
        tracing::error!(place, thread, "panic");
    }));
}

//! `serve`: starts the HTTP server from the settings; shuts it down gracefully.

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use axum::Router;
use listenfd::ListenFd;
use service::Service as UseCases;
use store::StoreError;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use super::{
    config::{
        ServeSettings,
        resources::{self, ConfigErrors, Resources},
    },
    connection::{accept, connection_limit},
    ops::{jobs, scrape},
    router::router_with,
    state::AppState,
};

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings, or what they name.
    #[error(transparent)]
    Settings(#[from] ConfigErrors),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The names of the site's files.
    #[error("{0}")]
    Files(io::Error),
    /// The address.
    #[error("{address}: {source}")]
    Address {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// Serves until the process is told to end (SIGTERM, SIGINT); then what is in flight
/// is finished and acknowledged.
///
/// # Errors
/// [`StartError`] when it cannot start.
pub async fn serve(settings: &ServeSettings) -> Result<(), StartError> {
    serve_with(settings, Router::new(), Router::new()).await
}

/// As [`serve`], with `more` pages and forms among ours and others `beside` them, outside
/// of all layers: for benchmarks.
///
/// # Errors
/// As [`serve`].
pub async fn serve_with(
    settings: &ServeSettings,
    more: Router<AppState>,
    beside: Router,
) -> Result<(), StartError> {
    let resources = resources::prepare(settings).await?;
    let Resources { options, secrets, campaign, store, pictures, robots, .. } = resources;
    let mut service = UseCases::new(store.clone(), pictures, campaign, secrets.keys())
        .with_photo_limits(resources.photo_limits);
    if !resources.limits {
        tracing::warn!("CHUANGQUAN_LIMITS is off: no rate limits; for benchmarks only");
        say("CHUANGQUAN_LIMITS is off: no rate limits. For benchmarks only!");
        service = service.without_limits();
    }
    let (end, ending) = watch::channel(false);
    let address = options.site_addr;
    let fault = |source| StartError::Address { address, source };
    let listener = listener(address).await.map_err(fault)?;
    let max_connections = connection_limit(resources.connections);
    let state =
        AppState::new(service, secrets.cookies(), &settings.public_url, options, ending.clone())
            .map_err(StartError::Files)?
            .with_trusted_proxies(resources.proxies)
            .with_connections(max_connections)
            .with_wechat(resources.wechat, resources.proof)
            .with_offline(resources.offline);
    let has_staff = state.service.has_staff().await?;
    jobs::start(&state, robots);
    let watched = state.clone();
    let app = router_with(state, more).merge(beside);
    if !has_staff {
        say("there is no staff yet; add a manager:");
        say("  chuangquan staff add LOGIN --name NAME --role manager");
    }
    announce(listener.local_addr().map_err(fault)?);

    if let Some(address) = resources.metrics {
        scrape::serve(&watched, address)
            .await
            .map_err(|source| StartError::Address { address, source })?;
    }
    let accept = accept(listener, app, watched, ending);
    let stop = async {
        wait_for_end().await;
        tracing::info!("shutting down: finishing open requests");
        end.send_replace(true);
    };
    tokio::join!(accept, stop);
    store.close().await;
    tracing::info!("shut down");
    Ok(())
}

/// The socket that systemd holds open across restarts, or one of our own.
async fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    match ListenFd::from_env().take_tcp_listener(0)? {
        Some(inherited) => {
            inherited.set_nonblocking(true)?;
            TcpListener::from_std(inherited)
        }
        None => TcpListener::bind(address).await,
    }
}

async fn wait_for_end() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("cannot listen for signals; only a kill ends this process");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Prints the addresses that a phone in the same network can open.
fn announce(address: SocketAddr) {
    let port = address.port();
    let mut hosts = vec![address.ip().to_string()];
    if address.ip().is_unspecified() {
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        let outside = interfaces.iter().filter(|interface| !interface.is_loopback());
        hosts = outside.filter(|i| i.ip().is_ipv4()).map(|i| i.ip().to_string()).collect();
        hosts.insert(0, "localhost".into());
    }
    say("创全 is open at:");
    for host in hosts {
        say(&format!("  http://{host}:{port}"));
    }
}

/// A line on standard output, if anyone still reads it.
fn say(line: &str) {
    writeln!(io::stdout(), "{line}").ok();
}

//! Opens everything that the settings name. All errors are collected, so that an operator sees them
//! at once.

use std::{fmt::Display, fs, net::SocketAddr, sync::Arc};

use axum::http::Uri;
use domain::campaign::Campaign;
use ipnet::IpNet;
use leptos::config::{LeptosOptions, get_config_from_str};
use service::PhotoLimits;
use store::{PhotoStore, Store};

use super::{
    ServeSettings, Switch, Unparsed,
    secret_file::{self, Secrets},
};
use crate::{
    ops::webhook::Webhooks,
    wechat::client::{DomainVerification, WeChat},
};

/// Everything that is wrong with the settings, or with what they name.
#[derive(Debug, Default, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigErrors(Vec<String>);

impl ConfigErrors {
    /// The value, or one more fault.
    fn take<T, E: Display>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.0.push(error.to_string())).ok()
    }

    /// As [`Self::take`], prefixed with the name of the setting.
    fn of<T, E: Display>(&mut self, name: &str, result: Result<T, E>) -> Option<T> {
        self.take(result.map_err(|error| format!("{name}: {error}")))
    }

    /// The value of a setting as it was written.
    fn read<T: Clone>(&mut self, name: &str, written: &Unparsed<T>) -> Option<T> {
        self.take(written.read().map_err(|problem| format!("{name} {problem}")))
    }

    fn maybe<T: Clone>(&mut self, name: &str, written: Option<&Unparsed<T>>) -> Option<T> {
        written.and_then(|written| self.read(name, written))
    }
}

/// What a server is made of.
#[derive(Debug)]
pub struct Resources {
    /// Where the site's files are, and where to listen.
    pub options: LeptosOptions,
    /// The secret that all nodes share.
    pub secrets: Secrets,
    /// What it is about.
    pub campaign: Arc<Campaign>,
    /// Where rows are.
    pub store: Store,
    /// Where photos are.
    pub pictures: PhotoStore,
    /// Whom notices go to.
    pub robots: Webhooks,
    /// The app that WeChat knows.
    pub wechat: Option<WeChat>,
    /// The proof of the domain.
    pub proof: Option<DomainVerification>,
    /// Where metrics are answered.
    pub metrics: Option<SocketAddr>,
    /// Trusted proxies.
    pub proxies: Vec<IpNet>,
    /// Most connections.
    pub connections: usize,
    /// Whether phones keep pages.
    pub offline: bool,
    /// Whether rate limits are on.
    pub limits: bool,
    /// What photos may take.
    pub photo_limits: PhotoLimits,
}

/// Reads and opens all that the settings name.
///
/// # Errors
/// [`ConfigErrors`]: all of them.
pub async fn prepare(settings: &ServeSettings) -> Result<Resources, ConfigErrors> {
    let mut faults = ConfigErrors::default();
    let address = faults.maybe("LEPTOS_SITE_ADDR", settings.site_addr.as_ref());
    let metrics = faults.maybe("CHUANGQUAN_METRICS_ADDR", settings.metrics_addr.as_ref());
    let proxies = settings.trusted_proxies.iter();
    let proxies: Vec<IpNet> =
        proxies.filter_map(|written| faults.read("CHUANGQUAN_TRUSTED_PROXIES", written)).collect();
    let connections = faults.read("CHUANGQUAN_MAX_CONNECTIONS", &settings.max_connections);
    let photo_limit = faults.read("CHUANGQUAN_PHOTO_LIMIT_GB", &settings.photo_limit);
    let disk_reserve = faults.read("CHUANGQUAN_DISK_RESERVE_MB", &settings.disk_reserve);
    let offline = faults.read("CHUANGQUAN_OFFLINE", &settings.offline);
    let limits = faults.read("CHUANGQUAN_LIMITS", &settings.limits);
    faults.take(public_url(&settings.public_url));
    let options = match (&settings.site_addr, address) {
        // Leptos would say the same of it again.
        (Some(_), None) => None,
        _ => faults.take(leptos_options()),
    };
    let data = &settings.campaign.data;
    let secrets = match Store::may_open(&data.database_url) {
        Ok(()) => secret_file::of_database(&data.secret_file, &data.database_url).await,
        // That is said below.
        Err(_) => secret_file::read(&data.secret_file),
    };
    let secrets = faults.of("CHUANGQUAN_SECRET_FILE", secrets);
    let wechat = faults.take(WeChat::read(&settings.wechat));
    if wechat.iter().flatten().any(WeChat::has_login) && settings.public_url.is_empty() {
        faults.0.push("CHUANGQUAN_WECHAT_IDENTITY needs CHUANGQUAN_PUBLIC_URL".into());
    }
    let proof =
        faults.take(DomainVerification::read(settings.wechat.wechat_verify_file.as_deref()));
    let pictures = PhotoStore::open(&settings.campaign.data.photo_store);
    let pictures = faults.of("CHUANGQUAN_PHOTO_STORE", pictures);
    let campaign = faults.of("CHUANGQUAN_CAMPAIGN", settings.campaign.campaign());
    for warning in campaign.iter().flat_map(|checked| &checked.warnings) {
        tracing::warn!(%warning, "the campaign file has a problem");
    }
    let (mut robots, mut store) = (None, None);
    let campaign = campaign.map(|checked| checked.campaign);
    if let Some(campaign) = &campaign {
        let file = settings.webhooks.as_deref();
        let read = Webhooks::read(file, campaign, &settings.public_url);
        robots = faults.of("CHUANGQUAN_WEBHOOKS", read);
        // Opening runs the migrations: only if the start can succeed.
        let url = &settings.campaign.data.database_url;
        faults.of("CHUANGQUAN_DATABASE_URL", Store::may_open(url));
        if faults.0.is_empty()
            && let Some(secrets) = &secrets
        {
            let opened = Store::open(url, secrets.seal(), campaign).await;
            store = faults.of("CHUANGQUAN_DATABASE_URL", opened);
        }
    }
    if settings.public_url.starts_with("https://") && proxies.is_empty() {
        let warning = "CHUANGQUAN_PUBLIC_URL is https, so there is a proxy, but CHUANGQUAN_TRUSTED_PROXIES is empty: \
                       all clients seem to have the address of the proxy";
        tracing::warn!("{warning}");
    }
    let build = || {
        let mut options = options?;
        options.site_addr = address.unwrap_or(options.site_addr);
        Some(Resources {
            options,
            secrets: secrets?,
            campaign: Arc::new(campaign?),
            store: store?,
            pictures: pictures?,
            robots: robots?,
            wechat: wechat?,
            proof: proof?,
            metrics,
            proxies,
            connections: connections?,
            offline: offline? == Switch::On,
            limits: limits? == Switch::On,
            photo_limits: PhotoLimits {
                stored: u64::from(photo_limit?) * 1_000_000_000,
                left_free: u64::from(disk_reserve?) * 1_000_000,
            },
        })
    };
    if faults.0.is_empty() { build().ok_or(faults) } else { Err(faults) }
}

/// Leptos.toml beside the data, or the one that is part of the program.
fn leptos_options() -> Result<LeptosOptions, String> {
    const DEFAULT: &str = include_str!("../../../Leptos.toml");
    let text = fs::read_to_string("Leptos.toml").unwrap_or_else(|_| DEFAULT.to_owned());
    get_config_from_str(&text).map_err(|error| format!("Leptos.toml or LEPTOS_…: {error}"))
}

/// Whether people can come by that URL: a scheme and a host.
fn public_url(text: &str) -> Result<(), String> {
    let uri = text.parse::<Uri>().ok();
    let whole = uri.is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.authority().is_some()
            && uri.path() == "/"
            && uri.query().is_none()
    });
    match whole || text.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "CHUANGQUAN_PUBLIC_URL {text}: must be a scheme and a host, like https://wenming.example.cn"
        )),
    }
}

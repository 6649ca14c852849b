//! Settings: each from the command line or an environment variable, each in `--help`.
//!
//! To add a setting: its field in [`ServeSettings`], what it opens in `resources`, a row in the
//! table of README.md, and a case in `tests/command_line.rs`.

pub mod logging;
pub mod resources;
pub mod secret_file;
pub mod tls;

use std::{convert::Infallible, fmt::Display, net::SocketAddr, path::PathBuf, str::FromStr};

use campaign::{CampaignError, CheckedCampaign};
use clap::Args;
use ipnet::IpNet;

use super::http::client_ip;

/// A setting that is parsed later, so that all configuration errors are reported together.
#[derive(Clone, Debug)]
pub struct Unparsed<T>(Result<T, String>);

impl<T: Clone> Unparsed<T> {
    /// Its value.
    ///
    /// # Errors
    /// What was written, and what is wrong with it.
    pub fn read(&self) -> Result<T, String> {
        self.0.clone()
    }
}

impl<T> From<T> for Unparsed<T> {
    fn from(value: T) -> Self {
        Self(Ok(value))
    }
}

impl<T: FromStr<Err: Display>> FromStr for Unparsed<T> {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.trim().parse().map_err(|error| format!("{text}: {error}"))))
    }
}

#[expect(clippy::unnecessary_wraps, reason = "clap asks for a result")]
fn networks(text: &str) -> Result<Unparsed<IpNet>, Infallible> {
    Ok(Unparsed(client_ip::network(text)))
}

/// Where the data are; every command that touches them takes this.
#[derive(Args, Clone, Debug)]
pub struct DatabaseSettings {
    /// The database: `sqlite://PATH`, or `postgres://USER@HOST/NAME`
    #[arg(
        long,
        env = "CHUANGQUAN_DATABASE_URL",
        hide_env_values = true,
        default_value = "sqlite://data/chuangquan.db"
    )]
    pub database_url: String,

    /// The folder of the photos, or `s3://BUCKET/PREFIX`; then `AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY`, `AWS_REGION` and, for a store that is not Amazon's,
    /// `AWS_ENDPOINT` say how to reach it
    #[arg(long, env = "CHUANGQUAN_PHOTO_STORE", default_value = "data/photos")]
    pub photo_store: String,

    /// The secret that signs cookies and seals what people write; made at first start,
    /// shared by all nodes
    #[arg(
        long,
        env = "CHUANGQUAN_SECRET_FILE",
        default_value = "data/secret",
        value_name = "FILE"
    )]
    pub secret_file: PathBuf,
}

/// Where the data are, and what they are about.
#[derive(Args, Clone, Debug)]
pub struct CampaignSettings {
    #[command(flatten)]
    pub data: DatabaseSettings,

    /// A campaign file in place of the one that is part of the program
    #[arg(long, env = "CHUANGQUAN_CAMPAIGN", value_name = "FILE")]
    pub campaign: Option<PathBuf>,
}

impl CampaignSettings {
    /// The campaign that the settings name.
    ///
    /// # Errors
    /// [`CampaignError`].
    pub fn campaign(&self) -> Result<CheckedCampaign, CampaignError> {
        match &self.campaign {
            Some(file) => campaign::load(file),
            None => campaign::default(),
        }
    }
}

/// Settings of `serve`.
#[derive(Args, Clone, Debug)]
pub struct ServeSettings {
    #[command(flatten)]
    pub campaign: CampaignSettings,

    /// Where to listen [default: site-addr in Leptos.toml, or 0.0.0.0:3000]
    #[arg(long, env = "LEPTOS_SITE_ADDR", value_name = "ADDRESS")]
    pub site_addr: Option<Unparsed<SocketAddr>>,

    /// Address of the Prometheus endpoint `/metrics`; off if not set
    #[arg(long, env = "CHUANGQUAN_METRICS_ADDR", value_name = "ADDRESS")]
    pub metrics_addr: Option<Unparsed<SocketAddr>>,

    /// How people reach this: scheme and host, like `https://wenming.example.cn`.
    /// Cookies become Secure when it begins with https
    #[arg(long, env = "CHUANGQUAN_PUBLIC_URL", default_value = "", value_name = "URL")]
    pub public_url: String,

    /// Proxies whose `X-Forwarded-For` is believed: addresses or networks, with commas
    #[arg(
        long,
        env = "CHUANGQUAN_TRUSTED_PROXIES",
        value_delimiter = ',',
        value_parser = networks,
        value_name = "NETWORKS"
    )]
    pub trusted_proxies: Vec<Unparsed<IpNet>>,

    /// A TOML file that says which WeCom robot hears of which grid or unit:
    /// `[grids]` and `[units]`, each `slug = "https://…"`
    #[arg(long, env = "CHUANGQUAN_WEBHOOKS", value_name = "FILE")]
    pub webhooks: Option<PathBuf>,

    #[command(flatten)]
    pub wechat: WeChatSettings,

    /// Most connections at once, as far as the system allows as many open files
    #[arg(long, env = "CHUANGQUAN_MAX_CONNECTIONS", default_value = "16000")]
    pub max_connections: Unparsed<usize>,

    /// Most gigabytes of photos; more are refused, and reports are taken without them
    #[arg(long, env = "CHUANGQUAN_PHOTO_LIMIT_GB", default_value = "100", value_name = "GB")]
    pub photo_limit: Unparsed<u32>,

    /// Megabytes that photos leave free on their disk, for what people write
    #[arg(long, env = "CHUANGQUAN_DISK_RESERVE_MB", default_value = "1000", value_name = "MB")]
    pub disk_reserve: Unparsed<u32>,

    /// `off` removes the service worker, by which phones keep public pages and forms for
    /// when there is no network
    #[arg(long, env = "CHUANGQUAN_OFFLINE", value_name = "on|off", default_value = "on")]
    pub offline: Unparsed<Switch>,

    /// `off` disables all rate limits and spam detection, the honeypot too: for benchmarks only
    #[arg(long, env = "CHUANGQUAN_LIMITS", value_name = "on|off", default_value = "on")]
    pub limits: Unparsed<Switch>,
}

/// The WeChat official account whose JS-SDK pages may use.
#[derive(Args, Clone, Debug)]
pub struct WeChatSettings {
    /// The id of an official account; without it nothing of WeChat's is loaded
    #[arg(long, env = "CHUANGQUAN_WECHAT_APP_ID", value_name = "ID")]
    pub wechat_app_id: Option<String>,

    /// A file with the secret of that account
    #[arg(long, env = "CHUANGQUAN_WECHAT_SECRET_FILE", value_name = "FILE")]
    pub wechat_secret_file: Option<PathBuf>,

    /// Base URL of the WeChat API
    #[arg(
        long,
        env = "CHUANGQUAN_WECHAT_API",
        default_value = "https://api.weixin.qq.com",
        value_name = "URL"
    )]
    pub wechat_api: String,

    /// `on` knows people who come in WeChat by their account, so that each signs once on
    /// any device; needs `CHUANGQUAN_PUBLIC_URL`
    #[arg(long, env = "CHUANGQUAN_WECHAT_IDENTITY", value_name = "on|off", default_value = "off")]
    pub wechat_identity: Unparsed<Switch>,

    /// URL of the WeChat OAuth page
    #[arg(
        long,
        env = "CHUANGQUAN_WECHAT_AUTHORIZE",
        default_value = "https://open.weixin.qq.com/connect/oauth2/authorize",
        value_name = "URL"
    )]
    pub wechat_authorize: String,

    /// The file `MP_verify_….txt` that WeChat wants to see at the root of the domain
    #[arg(long, env = "CHUANGQUAN_WECHAT_VERIFY_FILE", value_name = "FILE")]
    pub wechat_verify_file: Option<PathBuf>,
}

/// What can be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// As it should be.
    On,
    /// For a reason.
    Off,
}

impl FromStr for Switch {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            _ => Err("must be on or off"),
        }
    }
}

//! Client of the WeChat API: tickets, OAuth accounts, domain verification. Only if an app id is
//! set.

use std::{fs, path::Path, time::Duration};

use axum::http::Uri;
use domain::time::Millis;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use service::{Service, StoreError};

use crate::config::{Switch, WeChatSettings};

/// How long WeChat may take to answer; as long nobody else asks.
const HTTP_TIMEOUT: Duration = Duration::from_secs(8);

/// A ticket is fetched anew so long before it ends, in milliseconds: until then the old one
/// serves, also while WeChat does not answer.
const REFRESH_BEFORE_EXPIRY: Millis = 10 * 60_000;

/// After a failure nobody asks for so long, in milliseconds.
const RETRY_PAUSE: Millis = 60_000;

/// Where WeChat's own script comes from.
pub const SCRIPTS_FROM: &str = "https://res.wx.qq.com";

/// An app that WeChat knows, and its files.
#[derive(Clone, Debug)]
pub struct WeChat {
    /// Its id.
    pub app: String,
    secret: String,
    api: String,
    /// Where WeChat asks who someone is; `None` where it is not to be asked.
    authorize: Option<String>,
    client: reqwest::Client,
}

/// The file that proves whose domain this is: its path and what is in it.
#[derive(Clone, Debug)]
pub struct DomainVerification {
    /// `/MP_verify_….txt`.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// Why WeChat gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum WeChatError {
    /// It could not be asked.
    #[error("WeChat could not be asked: {0}")]
    Away(#[from] reqwest::Error),
    /// It answered with something else.
    #[error("WeChat answered with something else: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// It refused, with a number and a sentence of its own.
    #[error("WeChat refused: {0} {1}")]
    Refused(i64, String),
    /// It was asked a moment ago.
    #[error("another node is asking WeChat, or the last request failed less than a minute ago")]
    Paused,
    /// What it gave could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What WeChat answers: what was asked for, or an error.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    errcode: i64,
    #[serde(default)]
    errmsg: String,
    access_token: Option<String>,
    ticket: Option<String>,
    openid: Option<String>,
    #[serde(default)]
    expires_in: i64,
}

impl WeChat {
    /// Reads the settings; `None` without an app id.
    ///
    /// # Errors
    /// A sentence that names the setting.
    pub fn read(settings: &WeChatSettings) -> Result<Option<Self>, String> {
        let identity = settings.wechat_identity.read();
        let identity = identity.map_err(|why| format!("CHUANGQUAN_WECHAT_IDENTITY {why}"))?;
        let Some(app) = &settings.wechat_app_id else { return Ok(None) };
        let file = settings.wechat_secret_file.as_deref();
        let file = file.ok_or("CHUANGQUAN_WECHAT_APP_ID needs CHUANGQUAN_WECHAT_SECRET_FILE")?;
        let secret = fs::read_to_string(file).map_err(|error| {
            format!("CHUANGQUAN_WECHAT_SECRET_FILE {}: {error}", file.display())
        })?;
        let client = reqwest::Client::builder().timeout(HTTP_TIMEOUT).build();
        Ok(Some(Self {
            app: app.clone(),
            secret: secret.trim().to_owned(),
            api: settings.wechat_api.trim_end_matches('/').to_owned(),
            authorize: (identity == Switch::On).then(|| settings.wechat_authorize.clone()),
            client: client.map_err(|error| error.to_string())?,
        }))
    }

    /// Whether people are to be known by their account.
    pub const fn has_login(&self) -> bool {
        self.authorize.is_some()
    }

    /// The origin to which people are sent for that.
    pub fn authorize_origin(&self) -> Option<String> {
        let uri: Uri = self.authorize.as_deref()?.parse().ok()?;
        Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
    }

    /// Where a browser of WeChat's says who it is, to come back to `back` with `state`.
    pub fn authorize(&self, back: &str, state: &str) -> String {
        let (at, app) = (self.authorize.as_deref().unwrap_or_default(), &self.app);
        format!(
            "{at}?appid={app}&redirect_uri={back}&response_type=code&scope=snsapi_base&state={state}#wechat_redirect"
        )
    }

    /// Which account of this app a code stands for; each code is good for once.
    pub async fn account(&self, code: &str) -> Result<String, WeChatError> {
        let (app, secret) = (&self.app, &self.secret);
        let code = utf8_percent_encode(code, NON_ALPHANUMERIC);
        let query =
            format!("appid={app}&secret={secret}&code={code}&grant_type=authorization_code");
        let asked = self.client.get(format!("{}/sns/oauth2/access_token?{query}", self.api));
        let answer = read(asked).await?;
        match answer.openid {
            Some(account) if answer.errcode == 0 && !account.is_empty() => {
                Ok(format!("{}\n{account}", self.app))
            }
            _ => Err(WeChatError::Refused(answer.errcode, answer.errmsg)),
        }
    }

    /// The JS-API ticket that all nodes share in the table `wechat_tickets`, refreshed before it
    /// expires. The access token is not cached: `fetch` asks for it each time.
    pub async fn ticket(&self, service: &Service) -> Result<String, WeChatError> {
        let now = service.now();
        let known = service.wechat_ticket(&self.app).await?;
        if let Some((ticket, ends)) = &known
            && *ends > now + REFRESH_BEFORE_EXPIRY
        {
            return Ok(ticket.clone());
        }
        let fetched = if service.claim_wechat_ticket(&self.app, now + RETRY_PAUSE).await? {
            self.fetch().await
        } else {
            Err(WeChatError::Paused)
        };
        match (fetched, known) {
            (Ok((ticket, seconds)), _) => {
                service.keep_wechat_ticket(&self.app, &ticket, now + seconds * 1000).await?;
                Ok(ticket)
            }
            (Err(error), Some((ticket, ends))) if ends > now => {
                tracing::warn!(%error, "a new WeChat ticket could not be fetched; using the old one");
                Ok(ticket)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// A new ticket, and for how many seconds it holds. The stable token is the same for
    /// whoever asks, and none of an earlier answer ends by it.
    async fn fetch(&self) -> Result<(String, i64), WeChatError> {
        let body = serde_json::json!({
            "grant_type": "client_credential", "appid": self.app, "secret": self.secret,
        });
        let asked = self.client.post(format!("{}/cgi-bin/stable_token", self.api));
        let token = read(asked.body(body.to_string())).await?;
        let missing = || WeChatError::Refused(token.errcode, token.errmsg.clone());
        let token = token.access_token.as_deref().ok_or_else(missing)?;
        let query = format!("access_token={token}&type=jsapi");
        let asked = self.client.get(format!("{}/cgi-bin/ticket/getticket?{query}", self.api));
        let answer = read(asked).await?;
        match answer.ticket {
            Some(ticket) if answer.errcode == 0 => Ok((ticket, answer.expires_in)),
            _ => Err(WeChatError::Refused(answer.errcode, answer.errmsg)),
        }
    }
}

async fn read(asked: reqwest::RequestBuilder) -> Result<Answer, WeChatError> {
    // An error of the client names the address, and that has the token in it.
    let answer = asked.send().await.map_err(reqwest::Error::without_url)?;
    let text = answer.text().await.map_err(reqwest::Error::without_url)?;
    Ok(serde_json::from_str(&text)?)
}

impl DomainVerification {
    /// Reads the file.
    ///
    /// # Errors
    /// A sentence that names the setting.
    pub fn read(file: Option<&Path>) -> Result<Option<Self>, String> {
        let Some(file) = file else { return Ok(None) };
        let fault =
            |why: String| format!("CHUANGQUAN_WECHAT_VERIFY_FILE {}: {why}", file.display());
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        if !name.starts_with("MP_verify_") || !name.ends_with(".txt") || !name.chars().all(plain) {
            return Err(fault("is not called MP_verify_….txt".into()));
        }
        let text = fs::read_to_string(file).map_err(|error| fault(error.to_string()))?;
        Ok(Some(Self { path: format!("/{name}"), text }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_of_wechat_proves_a_domain() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("MP_verify_abc123.txt");
        fs::write(&file, "abc123").unwrap();
        let proof = DomainVerification::read(Some(&file)).unwrap().unwrap();
        assert_eq!((proof.path.as_str(), proof.text.as_str()), ("/MP_verify_abc123.txt", "abc123"));
        let other = folder.path().join("index.html");
        fs::write(&other, "").unwrap();
        assert!(DomainVerification::read(Some(&other)).unwrap_err().contains("MP_verify_"));
    }
}

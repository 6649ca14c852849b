//! Notices to group chats: new, overdue and reopened reports, in the form that robots of
//! WeCom groups take (<https://developer.work.weixin.qq.com/document/path/91770>).

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde::Deserialize;

use domain::{campaign::Campaign, slug::Slug};
use service::{PendingNotice, Service, StoreError};

/// How long a robot may take to answer.
const HTTP_TIMEOUT: Duration = Duration::from_secs(10);

/// Notices that are sent in one go: a robot takes 20 a minute.
const BATCH_SIZE: u16 = 6;

/// Waits before a notice is tried again, in minutes; after the last it is given up.
const RETRY_AFTER_MINUTES: [i64; 6] = [1, 5, 30, 120, 360, 1440];

/// Webhook URLs by grid and by unit.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Addresses {
    #[serde(default)]
    grids: BTreeMap<Slug, String>,
    #[serde(default)]
    units: BTreeMap<Slug, String>,
}

/// Sends notices to robots.
#[derive(Clone, Debug)]
pub struct Webhooks {
    addresses: Addresses,
    client: reqwest::Client,
    origin: String,
}

impl Webhooks {
    /// Reads which robot hears of what.
    ///
    /// # Errors
    /// A sentence that names the file, and the grid or unit that is not in the campaign.
    pub fn read(file: Option<&Path>, campaign: &Campaign, origin: &str) -> Result<Self, String> {
        let addresses = match file {
            None => Addresses::default(),
            Some(file) => {
                let fault = |error: String| format!("{}: {error}", file.display());
                let text =
                    std::fs::read_to_string(file).map_err(|error| fault(error.to_string()))?;
                let read: Addresses =
                    toml::from_str(&text).map_err(|error| fault(error.to_string()))?;
                let grid = read.grids.keys().find(|slug| campaign.grid(slug.as_str()).is_none());
                let unit = read.units.keys().find(|slug| campaign.unit(slug.as_str()).is_none());
                if let Some(unknown) = grid.or(unit) {
                    return Err(fault(format!("{unknown} is not in the campaign file")));
                }
                read
            }
        };
        let client = reqwest::Client::builder().timeout(HTTP_TIMEOUT).build();
        let client = client.map_err(|error| error.to_string())?;
        Ok(Self { addresses, client, origin: origin.trim_end_matches('/').to_owned() })
    }

    fn addresses_of(&self, notice: &PendingNotice) -> Vec<&str> {
        let grid = notice.report.grid.as_ref().and_then(|grid| self.addresses.grids.get(grid));
        let grid = grid.filter(|_| notice.kind != "dispatched");
        // A unit is notified once the report may be dispatched to it, not when it is new.
        let of_grid = matches!(notice.kind.as_str(), "new" | "moved" | "unanswered");
        let unit = self.addresses.units.get(&notice.report.unit).filter(|_| !of_grid);
        let mut found: Vec<&str> = grid.into_iter().chain(unit).map(String::as_str).collect();
        found.dedup();
        found
    }

    /// Sends what waits; what does not arrive is tried again later.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn send(&self, service: &Service) -> Result<(), StoreError> {
        for notice in service.pending_notices(BATCH_SIZE).await? {
            let text = self.text(service.campaign(), &notice);
            let mut arrived = true;
            for address in self.addresses_of(&notice) {
                if let Err(problem) = self.post(address, &text).await {
                    tracing::warn!(%problem, notice.id, "a webhook failed; the notice will be retried");
                    arrived = false;
                }
            }
            let again =
                usize::try_from(notice.attempts).ok().and_then(|i| RETRY_AFTER_MINUTES.get(i));
            service.notice_tried(&notice, arrived, again.copied()).await?;
        }
        Ok(())
    }

    /// What the robot says: nothing that the resident wrote.
    fn text(&self, campaign: &Campaign, notice: &PendingNotice) -> String {
        let report = &notice.report;
        let what = match notice.kind.as_str() {
            "new" => "新反映",
            "overdue" => "已超期",
            "dispatched" => "新派单",
            "moved" => "从别的网格转来",
            "unanswered" => "居民没有答复，回到待受理",
            _ => "居民表示没有解决，重办",
        };
        let category = campaign.category(report.category.as_str());
        let category = category.map_or("", |category| category.title.as_str());
        let grid = campaign.grid_label(report.grid.as_ref());
        let (number, origin, code) = (report.number(), &self.origin, &report.code);
        format!(
            "**{what}** {category}\n{grid} 办件编号{number}\n[打开]({origin}/console/reports/{code})"
        )
    }

    async fn post(&self, address: &str, text: &str) -> Result<(), String> {
        #[derive(Deserialize)]
        struct Answer {
            errcode: i64,
            #[serde(default)]
            errmsg: String,
        }
        let body = serde_json::json!({ "msgtype": "markdown", "markdown": { "content": text } });
        // The address holds the robot's key: it must not come into a log.
        let plain = |error: reqwest::Error| error.without_url().to_string();
        let request = self.client.post(address).header("content-type", "application/json");
        let response = request.body(body.to_string()).send().await.map_err(plain)?;
        let status = response.status();
        if !status.is_success() {
            return Err(format!("answered {status}"));
        }
        let answer = response.text().await.map_err(plain)?;
        match serde_json::from_str::<Answer>(&answer) {
            Ok(Answer { errcode: 0, .. }) => Ok(()),
            Ok(Answer { errcode, errmsg }) => Err(format!("errcode {errcode} {errmsg}")),
            Err(_) => Err("unexpected response of the webhook".into()),
        }
    }
}

//! Export: every report or signature as a row of text, a chunk at a time.

use domain::{
    lang::Lang,
    report::{Report, words::day_and_time},
    staff::{Role, Staff},
};
use store::{SignatureRow, StoreError};

use super::base::{Service, now};

/// What can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// All reports.
    Reports,
    /// All signatures.
    Signatures,
}

/// Rows in one chunk.
const CHUNK: u32 = 1000;

/// A row of the table.
pub type ExportRow = Vec<String>;

/// Where an export stands.
#[derive(Clone, Copy, Debug)]
pub struct Cursor {
    what: Export,
    personal: bool,
    after: u64,
}

impl Export {
    /// As it is written in addresses and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reports => "reports",
            Self::Signatures => "signatures",
        }
    }

    /// The export that is written so.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Reports, Self::Signatures].into_iter().find(|export| export.as_str() == text)
    }

    /// The first row.
    #[must_use]
    pub fn heading(self, personal: bool) -> ExportRow {
        let (plain, own): (&[&str], &[&str]) = match self {
            Self::Reports => (
                &[
                    "办件编号",
                    "状态",
                    "分类",
                    "网格",
                    "牵头支部",
                    "承办单位",
                    "来源",
                    "来源编号",
                    "转往单位",
                    "对方编号",
                    "公开摘要",
                    "提交",
                    "受理",
                    "处理",
                    "办结",
                    "承诺",
                    "重办次数",
                    "居民评价",
                    "满意度",
                    "支持人数",
                ],
                &["描述", "地点", "联系人", "电话", "纬度", "经度", "评价意见"],
            ),
            Self::Signatures => {
                (&["编号", "状态", "网格", "承诺", "签名时间"], &["姓名", "寄语", "可公开姓名"])
            }
        };
        let own = if personal { own } else { &[] };
        plain.iter().chain(own).map(|title| (*title).to_owned()).collect()
    }
}

/// A cell that no spreadsheet takes for a formula.
#[must_use]
pub fn escape_formula(cell: &str) -> String {
    let risky = cell.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || cell.starts_with(['\t', '\r', '\n']);
    if risky { format!("'{cell}") } else { cell.to_owned() }
}

impl Service {
    /// Begins an export, noted in the audit. `by` is `None` for the operator at the
    /// machine itself.
    ///
    /// # Errors
    /// `None` inside when the person may not.
    pub async fn begin_export(
        &self,
        by: Option<&Staff>,
        what: Export,
        personal: bool,
    ) -> Result<Option<Cursor>, StoreError> {
        if by.is_some_and(|by| by.role != Role::Manager) {
            return Ok(None);
        }
        let id = super::base::fresh_code()?;
        let subject = format!("{}{}", what.as_str(), if personal { " personal" } else { "" });
        let staff = by.map(|by| by.id);
        self.store.note_audit(id.as_str(), staff, "export", &subject, now()).await?;
        Ok(Some(Cursor { what, personal, after: 0 }))
    }

    /// The next rows, and where the export stands after them; no rows at its end.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn export_chunk(&self, at: Cursor) -> Result<(Vec<ExportRow>, Cursor), StoreError> {
        let Cursor { what, personal, after } = at;
        let (rows, last) = match what {
            Export::Reports => {
                let found = self.store.reports_after(after, CHUNK).await?;
                let last = found.last().map(|report| report.serial);
                (found.iter().map(|report| self.report_row(report, personal)).collect(), last)
            }
            Export::Signatures => {
                let found = self.store.signatures_after(after, CHUNK).await?;
                let last = found.last().map(|row| row.ordinal);
                (found.iter().map(|row| self.signature_row(row, personal)).collect(), last)
            }
        };
        Ok((rows, Cursor { after: last.unwrap_or(after), ..at }))
    }

    fn time(&self, at: Option<i64>) -> String {
        at.map(|at| {
            let civil = self.calendar.civil(at);
            format!("{}年{}", civil.year(), day_and_time(civil, Lang::Zh))
        })
        .unwrap_or_default()
    }

    fn report_row(&self, report: &Report, personal: bool) -> ExportRow {
        let campaign = &self.campaign;
        let title = |found: Option<&String>| found.cloned().unwrap_or_default();
        let mut row = vec![
            report.number().to_string(),
            report.state.staff_label().to_owned(),
            title(campaign.category(report.category.as_str()).map(|c| &c.title)),
            campaign.grid_label(report.grid.as_ref()),
            title(campaign.branch(report.branch.as_str()).map(|b| &b.title)),
            title(campaign.unit(report.unit.as_str()).map(|u| &u.title)),
            report.source.label().to_owned(),
            report.source_number.clone().unwrap_or_default(),
            report.referred_to.clone().unwrap_or_default(),
            report.referred_number.clone().unwrap_or_default(),
            report.summary.clone().unwrap_or_default(),
            self.time(Some(report.submitted_at)),
            self.time(report.accepted_at),
            self.time(report.finished_at),
            self.time(report.closed_at),
            self.time(report.promised_at),
            report.reopened.to_string(),
            match report.solved {
                Some(true) => "已解决",
                Some(false) => "没解决",
                None => "未评价",
            }
            .to_owned(),
            report.satisfied.map_or("未评价", |satisfied| satisfied.label(Lang::Zh)).to_owned(),
            report.supporters.to_string(),
        ];
        if personal {
            let degrees = |value: Option<f64>| value.map(|v| format!("{v:.5}")).unwrap_or_default();
            row.extend([
                report.description.clone(),
                report.place.clone(),
                report.contact_name.clone().unwrap_or_default(),
                report.contact_phone.clone().unwrap_or_default(),
                degrees(report.lat),
                degrees(report.lon),
                report.rating_comment.clone().unwrap_or_default(),
            ]);
        }
        row.iter().map(|cell| escape_formula(cell)).collect()
    }

    fn signature_row(&self, signature: &SignatureRow, personal: bool) -> ExportRow {
        let campaign = &self.campaign;
        let pledges = signature.pledges.iter();
        let pledges: Vec<&str> = pledges
            .filter_map(|slug| campaign.pledge(slug.as_str()))
            .map(|pledge| pledge.short.as_str())
            .collect();
        let mut row = vec![
            signature.ordinal.to_string(),
            signature.state.clone(),
            campaign.grid_label(signature.grid.as_ref()),
            pledges.join("、"),
            self.time(Some(signature.signed_at)),
        ];
        if personal {
            row.extend([
                signature.name.clone(),
                signature.message.clone().unwrap_or_default(),
                if signature.show_name { "是" } else { "否" }.to_owned(),
            ]);
        }
        row.iter().map(|cell| escape_formula(cell)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_disarmed_and_the_rest_is_left_alone() {
        for (cell, kept) in [
            ("=1+1", "'=1+1"),
            (" =1+1", "' =1+1"),
            ("+86", "'+86"),
            ("-", "'-"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("2026-00001-4", "2026-00001-4"),
            ("测试小区", "测试小区"),
            ("", ""),
        ] {
            assert_eq!(escape_formula(cell), kept);
        }
    }
}

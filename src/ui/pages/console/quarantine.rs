//! `/console/quarantine`: bursts from one network that wait for a decision.

use domain::{
    counts::grouped,
    lang::Lang,
    report::{Report, words::day_and_time},
    time::Millis,
};
use leptos::prelude::*;
use service::{
    Burst, QuarantinedSupports,
    report::{
        ReportError,
        quarantine::{DECIDED_AT_ONCE, SHOWN},
    },
};

use super::{console_frame, signed_in_staff};
use crate::{
    context::{Page, PageOutcome},
    error::Refusal,
    parts::form::owner::OwnerField,
};

/// Characters that are shown of a description.
const EXCERPT: usize = 60;

/// The lane of what is quarantined.
#[component]
pub fn QuarantinePage() -> impl IntoView {
    let page = Page::current();
    Suspend::new(async move {
        let staff = signed_in_staff(&page)?;
        let lane = match page.service.quarantine_lane(&staff).await {
            Ok(lane) => lane,
            Err(ReportError::Store(error)) => page.or_refuse(Err(error))?,
            Err(ReportError::Forbidden(why)) => {
                page.set_outcome(PageOutcome::Refuse(Refusal::NotPermitted(why)));
                return None;
            }
            Err(_) => {
                page.set_outcome(PageOutcome::Refuse(Refusal::NotFound));
                return None;
            }
        };
        let empty = (lane.bursts.is_empty() && lane.supports.is_empty())
            .then(|| view! { <p class="empty">"没有待甄别的。"</p> });
        let most = lane.bursts.len().max(lane.supports.len());
        let more = (most >= usize::from(SHOWN)).then(
            || view! { <p class="hint">"每种先列最早的" {SHOWN} "批，办完会列出后面的。"</p> },
        );
        let bursts = lane.bursts.iter().map(|(burst, samples)| burst_view(&page, burst, samples));
        let supports =
            lane.supports.iter().map(|(supports, report)| supports_view(&page, supports, report));
        let content = view! {
            <h1 class="page-title">"待甄别"</h1>
            <p class="hint">
                "同一网络短时间内集中提交的，先放在这里：不计数，不进队列，提交的人看到的是“已提交，待受理”，期限照算。4个工作小时没有处理会上报管理员，再过4个工作小时自动放行。"
            </p>
            {more}
            {empty}
            <ul class="wall">{bursts.collect_view()} {supports.collect_view()}</ul>
        };
        Some(console_frame(&page, &staff, "待甄别", content.into_any()))
    })
}

/// From when until when, in words.
fn span(page: &Page, from: Millis, until: Millis) -> String {
    let text = |at| day_and_time(page.service.calendar().civil(at), Lang::Zh);
    let (from, until) = (text(from), text(until));
    if from == until { from } else { format!("{from} 至 {until}") }
}

fn case_link(page: &Page, report: &Report) -> AnyView {
    let category = page.service.campaign().category(report.category.as_str());
    let category = category.map(|category| category.title.clone()).unwrap_or_default();
    let href = format!("/console/reports/{}", report.code);
    view! { <a href=href>{report.number().to_string()}</a> " · " {category} }.into_any()
}

fn burst_view(page: &Page, burst: &Burst, samples: &[Report]) -> AnyView {
    let rest = burst.n.saturating_sub(samples.len() as u64);
    let samples = samples.iter().map(|report| {
        let excerpt: String = report.description.chars().take(EXCERPT).collect();
        view! { <li>{case_link(page, report)} <br /> {excerpt}</li> }
    });
    let raised = burst.raised.then(|| view! { <span class="badge">"已上报"</span> });
    let n = burst.n.min(u64::from(DECIDED_AT_ONCE));
    let which = if n < burst.n { "先" } else { "这" };
    let more = (rest > 0).then(|| view! { <li>"还有" {grouped(rest)} "件"</li> });
    view! {
        <li class="wall__item">
            <h2 class="wall__text">"同一网络 " {grouped(burst.n)} " 件反映"</h2>
            <p>{span(page, burst.from, burst.until)} {raised}</p>
            <ul>{samples.collect_view()} {more}</ul>
            <form class="wall__decide" method="post" action="/console/quarantine">
                <OwnerField />
                <input type="hidden" name="burst" value=burst.id.clone() />
                <input type="hidden" name="last" value=burst.last.to_string() />
                <button class="weui-btn weui-btn_primary" type="submit" name="decision" value="admit">"放行" {which} {n} "件"</button>
                <button class="weui-btn weui-btn_warn" type="submit" name="decision" value="dismiss">"剔除" {which} {n} "件"</button>
            </form>
        </li>
    }
    .into_any()
}

fn supports_view(page: &Page, supports: &QuarantinedSupports, report: &Report) -> AnyView {
    view! {
        <li class="wall__item">
            <h2 class="wall__text">{grouped(supports.n)} " 人说“我也遇到过”"</h2>
            <p>{case_link(page, report)}</p>
            <p>
                {span(page, supports.from, supports.until)} "，已计入 " {grouped(report.supporters)} " 人"
            </p>
            <form class="wall__decide" method="post" action="/console/quarantine">
                <OwnerField />
                <input type="hidden" name="serial" value=supports.serial.to_string() />
                <input type="hidden" name="until" value=supports.until.to_string() />
                <button class="weui-btn weui-btn_primary" type="submit" name="decision" value="admit">"计入这" {supports.n} "人"</button>
                <button class="weui-btn weui-btn_warn" type="submit" name="decision" value="dismiss">"不计入"</button>
            </form>
        </li>
    }
    .into_any()
}

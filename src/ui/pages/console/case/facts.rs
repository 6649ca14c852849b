//! What is known of a case: marks, facts, and contact details on request.

use std::collections::HashMap;

use domain::{
    campaign::Campaign,
    lang::Lang,
    report::{Report, State, words::day_and_time},
    staff::{Staff, StaffId},
    text::{Links, Telephones, links},
};
use leptos::prelude::*;

use crate::{
    context::Page,
    parts::{form::owner::OwnerField, report::state_mark},
};

/// Whether whoever reviews a text should look for a web address in it.
pub(super) fn may_have_link(text: &str) -> bool {
    links(text) != Links::None
}

/// Number, state, remaining time and marks; `has_link` if something may have one that was added later.
pub(super) fn badges(page: &Page, report: &Report, has_link: bool) -> AnyView {
    let remaining = report.remaining(page.service.calendar(), page.service.now());
    let remaining = remaining.map(|remaining| {
        let class = match (remaining.overdue, remaining.soon) {
            (true, _) => "due due_over",
            (false, true) => "due due_soon",
            (false, false) => "due",
        };
        view! { <span class=class>{remaining.words}</span> }
    });
    let comment = report.rating_comment.as_deref().unwrap_or_default();
    let texts = [report.description.as_str(), report.place.as_str(), comment];
    let has_link = has_link || texts.into_iter().any(may_have_link);
    let mark =
        |on: bool, word: &'static str| on.then(|| view! { <span class="badge">{word}</span> });
    view! {
        <p class="badges">
            <strong>{report.number().to_string()}</strong>
            {state_mark(report.state, report.state.staff_label().to_owned())}
            {remaining}
            {mark(report.reopened > 0, "重办")}
            {mark(report.supervised, "督办")}
            {mark(report.level == 1, "已报支部负责人")}
            {mark(report.level >= 2, "已报管理员")}
            {mark(report.hidden, "不公开")}
            {mark(report.extension_days.is_some(), "延期待批")}
            {mark(has_link, "可能有网址")}
        </p>
    }
    .into_any()
}

/// Facts of the report.
pub(super) fn facts(
    page: &Page,
    staff: &Staff,
    report: &Report,
    names: &HashMap<StaffId, String>,
) -> AnyView {
    let campaign = page.service.campaign();
    let row = |title: &'static str, text: String| {
        (!text.is_empty())
            .then(|| view! { <div class="facts__row"><dt>{title}</dt><dd>{text}</dd></div> })
    };
    let name = |id: Option<StaffId>| id.and_then(|id| names.get(&id).cloned()).unwrap_or_default();
    let titles = titles(campaign, report);
    let position = report
        .position()
        .map(|at| format!("{:.5}, {:.5}（误差约{}米）", at.lat, at.lon, at.accuracy));
    let source = match &report.source_number {
        Some(number) => format!("{} {number}", report.source.label()),
        None => report.source.label().to_owned(),
    };
    let extension = report.extension_days.map(|days| {
        let reason = report.extension_reason.as_deref().unwrap_or_default();
        format!("{}申请{days}个工作日：{reason}", name(report.extension_by))
    });
    let word = match (report.solved, report.satisfied) {
        (Some(true), Some(satisfied)) => format!("已解决，{}", satisfied.label(Lang::Zh)),
        (Some(true), None) => "已解决".into(),
        (Some(false), _) => "没解决".into(),
        (None, _) => "未评价".into(),
    };
    let word = match report.rated_by {
        Some(id) => format!("{word}（{}回访记下）", name(Some(id))),
        None => word,
    };
    let waits = report.escalate_at.filter(|_| report.state == State::NeedsInfo);
    let waits = waits.map(|at| day_and_time(page.service.calendar().civil(at), Lang::Zh));
    let supporters = if report.supporters > 0 {
        format!("{}人也遇到过", report.supporters)
    } else {
        String::new()
    };
    view! {
        <dl class="facts weui-cells">
            {row("居民描述", report.description.clone())}
            {row("公开摘要", report.summary.clone().unwrap_or_default())}
            {row("分类", titles.0)}
            {row("网格", campaign.grid_label(report.grid.as_ref()))}
            {row("牵头支部", titles.1)}
            {row("承办单位", titles.2)}
            {row("来源", source)}
            {row("转往单位", report.referred_to.clone().unwrap_or_default())}
            {row("对方编号", report.referred_number.clone().unwrap_or_default())}
            {row("位置", position.unwrap_or_default())}
            {row("等答复到", waits.unwrap_or_default())}
            {row("认领", name(report.claimed_by))}
            {row("经办", name(report.handler))}
            {row("延期", extension.unwrap_or_default())}
            {row("居民评价", word)}
            {row("评价意见", report.rating_comment.clone().unwrap_or_default())}
            {row("支持", supporters)}
        </dl>
        {contact_details(page, staff, report)}
    }
    .into_any()
}

/// Titles of category, branch and unit.
fn titles(campaign: &Campaign, report: &Report) -> (String, String, String) {
    let category = campaign.category(report.category.as_str());
    let branch = campaign.branch(report.branch.as_str());
    let unit = campaign.unit(report.unit.as_str());
    (
        category.map(|category| category.title.clone()).unwrap_or_default(),
        branch.map(|branch| branch.title.clone()).unwrap_or_default(),
        unit.map(|unit| unit.title.clone()).unwrap_or_default(),
    )
}

/// Contact details; shown on request only, and each view is logged.
fn contact_details(page: &Page, staff: &Staff, report: &Report) -> Option<AnyView> {
    if let Some(shown) = page.submitted_form("contact") {
        let phone = shown.value("phone");
        let phones = Telephones::parse(&phone).ok().flatten();
        let call = phones.iter().flat_map(Telephones::all).map(|phone| {
            let extension = phone.extension.as_ref().map(|digits| format!(",{digits}"));
            let href = format!("tel:{}{}", phone.number, extension.unwrap_or_default());
            view! { <a class="weui-btn weui-btn_default" href=href>"拨打 " {phone.to_string()}</a> }
        });
        let call = call.collect_view();
        return Some(
            view! {
                <div class="contact" id="contact">
                    <p>"联系人：" {shown.value("name")}</p>
                    {call}
                    <p class="hint">"这次查看已记录（" {staff.name.clone()} "）。请勿告诉被反映人。"</p>
                </div>
            }
            .into_any(),
        );
    }
    report.has_contact().then(|| {
        let action = format!("/console/contact/{}", report.code);
        view! {
            <form class="contact" method="post" action=action>
                <OwnerField />
                <button class="weui-btn weui-btn_default" type="submit">"查看联系方式（会记录）"</button>
            </form>
        }
        .into_any()
    })
}

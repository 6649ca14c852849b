//! `/console/reports/{code}`: one report with all its staff actions.

use std::collections::HashMap;

use domain::{
    campaign::Campaign,
    lang::Lang,
    report::{Action, Code, Event, EventKind, Report, words::day_and_time},
    staff::{Staff, StaffId},
    text::{Links, Telephones, links},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use service::{Timeline, report::case::Case};

use super::{
    check::{referral_notice, similar_photos_warning},
    console_frame, signed_in_staff,
};
use crate::{
    context::{Page, PageOutcome},
    error::Refusal,
    pages::report::list::percent_encoded,
    parts::{
        form::{action_form::action_form, owner::OwnerField},
        report::{photo_pair, state_mark, steps},
        timeline::{Line, timeline},
    },
};

/// Query parameters of the page.
struct CaseQuery {
    /// Query string of the queue page that linked here, for the way back.
    queue_query: String,
    /// Name of the action whose form is open at first.
    open_action: Option<String>,
}

impl CaseQuery {
    /// The URL of this page with the form of `action` open.
    fn form_url(&self, report: &Report, action: Action) -> String {
        let (code, name, from) =
            (&report.code, action.as_str(), percent_encoded(&self.queue_query));
        format!("/console/reports/{code}?from={from}&do={name}#do-{name}")
    }
}

/// The page of one report.
#[component]
pub fn CasePage() -> impl IntoView {
    let page = Page::current();
    let code = use_params_map().read_untracked().get("code").unwrap_or_default();
    let query = use_query_map().read_untracked().clone();
    let way = CaseQuery {
        queue_query: query.get("from").unwrap_or_default(),
        open_action: query.get("do"),
    };
    let before = query.get("before").and_then(|version| version.parse().ok());
    Suspend::new(async move {
        let staff = signed_in_staff(&page)?;
        let missing = || {
            page.set_outcome(PageOutcome::Refuse(Refusal::NotFound));
            None
        };
        let Ok(code) = Code::parse(&code) else { return missing() };
        let case = page.or_refuse(page.service.case(&staff, &code, before).await)?;
        let Some(case) = case else { return missing() };
        let names = page.or_refuse(page.service.names().await)?;
        Some(console_frame(&page, &staff, "办件", case_view(&page, &staff, case, &names, &way)))
    })
}

fn case_view(
    page: &Page,
    staff: &Staff,
    case: Case,
    names: &HashMap<StaffId, String>,
    way: &CaseQuery,
) -> AnyView {
    let Case {
        report,
        timeline: Timeline { events, earlier },
        photos,
        similar,
        merged_into,
        merged,
        before_and_after_alike: same,
        actions,
    } = case;
    let heading = if report.place.is_empty() {
        report.default_summary(page.campaign())
    } else {
        report.place.clone()
    };
    let earlier = earlier.map(|version| {
        let (code, from) = (&report.code, percent_encoded(&way.queue_query));
        format!("/console/reports/{code}?from={from}&before={version}")
    });
    let lines = events.into_iter().map(|event| history_line(page, event, names));
    let similar = report_links("同网格同类在办", &similar);
    let merged = report_links("合并到本件的", &merged);
    let under = merged_into.map(|other| {
        let href = format!("/console/reports/{}", other.code);
        view! { <p><a class="weui-btn weui-btn_default" href=href>"看合并后的 " {other.number().to_string()}</a></p> }
    });
    let thumbs = thumb_bar(&report, &actions, way);
    let back = match way.queue_query.is_empty() {
        true => "/console".to_owned(),
        false => format!("/console?{}", way.queue_query),
    };
    let (main, more) = action_sections(page, &report, &photos, &actions, way);
    view! {
        <div class="case">
            <div class="case__what">
                <p class="case__back"><a href=back>"‹ 回到队列"</a></p>
                <h1 class="case__title">{heading}</h1>
                {badges(page, &report)}
                {steps(Lang::Zh, report.state)}
                {under}
                {photo_pair(Lang::Zh, &photos)}
                {similar_photos_warning(same)}
                {referral_notice(&report)}
                {facts(page, staff, &report, names)}
                {merged}
                {similar}
            </div>
            <div class="case__do">
                {main}
                {more}
                <h2 class="section-title">"经过"</h2>
                {timeline(Lang::Zh, lines, earlier)}
            </div>
        </div>
        {thumbs}
    }
    .into_any()
}

/// Links to other reports with place and state; `None` if the list is empty.
fn report_links(title: &'static str, list: &[Report]) -> Option<AnyView> {
    let items = list.iter().map(|other| {
        let href = format!("/console/reports/{}", other.code);
        view! {
            <li><a href=href>{other.number().to_string()} " " {other.place.clone()}</a> " " {other.state.staff_label()}</li>
        }
    });
    let items = items.collect_view();
    (!list.is_empty()).then(|| {
        view! {
            <h2 class="section-title">{title}</h2>
            <ul class="plain-list">{items}</ul>
        }
        .into_any()
    })
}

/// Up to three next steps in a bar at the bottom of a phone screen. An action without fields is
/// submitted at once, the others link to their forms.
fn thumb_bar(report: &Report, actions: &[Action], way: &CaseQuery) -> Option<AnyView> {
    const NEXT_STEPS: [Action; 12] = [
        Action::Accept,
        Action::Acknowledge,
        Action::Start,
        Action::Finish,
        Action::Check,
        Action::Dispatch,
        Action::Ask,
        Action::Return,
        Action::Settle,
        Action::Reject,
        Action::Admit,
        Action::Dismiss,
    ];
    let next: Vec<Action> =
        NEXT_STEPS.into_iter().filter(|action| actions.contains(action)).take(3).collect();
    let buttons = next.iter().enumerate().map(|(i, action)| {
        let class = if i == 0 { "weui-btn weui-btn_primary" } else { "weui-btn weui-btn_default" };
        let title = action.title();
        if action.fields().is_empty() {
            let form = format!("form-{}", action.as_str());
            return view! { <button class=class type="submit" form=form>{title}</button> }
                .into_any();
        }
        let href = way.form_url(report, *action);
        view! { <a class=class href=href>{title}</a> }.into_any()
    });
    let buttons = buttons.collect_view();
    (!next.is_empty())
        .then(|| view! { <nav class="thumb-bar" aria-label="下一步">{buttons}</nav> }.into_any())
}

/// Number, state, remaining time and marks.
fn badges(page: &Page, report: &Report) -> AnyView {
    let remaining = report.remaining(page.service.calendar(), page.service.now());
    let remaining = remaining.map(|remaining| {
        let class = match (remaining.overdue, remaining.soon) {
            (true, _) => "due due_over",
            (false, true) => "due due_soon",
            (false, false) => "due",
        };
        view! { <span class=class>{remaining.words}</span> }
    });
    let has_link =
        [&report.description, &report.place].iter().any(|text| links(text) != Links::None);
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
fn facts(page: &Page, staff: &Staff, report: &Report, names: &HashMap<StaffId, String>) -> AnyView {
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

/// Action forms: the main steps of the case expanded, the others collapsed.
fn action_sections(
    page: &Page,
    report: &Report,
    photos: &[domain::report::Photo],
    actions: &[Action],
    way: &CaseQuery,
) -> (AnyView, AnyView) {
    const MAIN_ACTIONS: [Action; 10] = [
        Action::Accept,
        Action::Acknowledge,
        Action::Dispatch,
        Action::Start,
        Action::Finish,
        Action::Check,
        Action::ApproveExtension,
        Action::Settle,
        Action::Admit,
        Action::Dismiss,
    ];
    let whole =
        page.form_state.as_ref().filter(|form| !actions.iter().any(|a| a.as_str() == form.name));
    let whole = whole.and_then(|form| {
        let written: Vec<String> =
            ["text", "reason", "summary"].iter().map(|name| form.value(name)).collect();
        let written = written.join("");
        let text = form.message.as_ref()?.to_string();
        Some(view! {
            <div class="error-summary" role="alert">
                <p>{text}</p>
                {(!written.is_empty()).then(|| view! { <p class="written">"您写的：" {written}</p> })}
            </div>
        })
    });
    let leads = |action: &&Action| MAIN_ACTIONS.contains(*action) && **action != Action::Settle;
    let main = actions.iter().filter(leads);
    let main = main.map(|action| {
        let title = action.title();
        view! {
            <section class="action" aria-label=title id=format!("do-{}", action.as_str())>
                <h2 class="section-title">{title}</h2>
                {action_form(page, report, photos, *action)}
            </section>
        }
    });
    let main = main.collect_view();
    let more = actions.iter().filter(|action| !leads(action)).map(|action| {
        let wanted = way.open_action.as_deref() == Some(action.as_str());
        let open = wanted || page.submitted_form(action.as_str()).is_some();
        view! {
            <details class="fold action" open=open id=format!("do-{}", action.as_str())>
                <summary>{action.title()}</summary>
                {action_form(page, report, photos, *action)}
            </details>
        }
    });
    let more = more.collect_view();
    (
        view! { {whole} {main} }.into_any(),
        view! { <div class="actions-more">{more}</div> }.into_any(),
    )
}

/// A line of the timeline, with the person who acted.
fn history_line(page: &Page, event: Event, names: &HashMap<StaffId, String>) -> Line {
    let who = match (event.staff, event.what) {
        (Some(id), _) => names.get(&id).map_or("同事", String::as_str),
        (None, EventKind::Escalated | EventKind::Staff(_)) => "系统",
        (None, _) => "居民",
    };
    Line {
        time: day_and_time(page.service.calendar().civil(event.at), Lang::Zh),
        words: format!("{who}：{}", event.label(page.service.campaign())),
        text: event.text.map(|text| (text, None)),
    }
}

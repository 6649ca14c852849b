//! `/console`: queue of open reports, by default those with the nearest deadline first.

use std::collections::HashMap;

use domain::{
    campaign::{Campaign, CategoryKind},
    lang::Lang,
    report::{
        Action, Photo, Report, Source, State,
        filter::{Deadline, ReportFilter, Sort, States},
        words::short_day,
    },
    slug::Slug,
    staff::{Role, Staff, StaffId},
};
use islands::forms::queue::QueueHelper;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use service::{COUNT_LIMIT, Waiting, calendar::CalendarState, report::case::QueuePage as Found};

use super::{console_frame, factor::missing_factor_notice, signed_in_staff};
use crate::{
    context::Page,
    form_state::FormState,
    pages::report::list::{filtered_url, percent_encoded, queue_pager},
    parts::{
        form::{
            fields::{TextInput, field_error, select_field, text_field},
            owner::OwnerField,
        },
        report::state_mark,
    },
};

/// The queue page.
#[component]
pub fn QueuePage() -> impl IntoView {
    let page = Page::current();
    let query = use_query_map().read_untracked().clone();
    let filter = ReportFilter::from_query(|name| query.get(name));
    Suspend::new(async move {
        let staff = signed_in_staff(&page)?;
        let found = page.or_refuse(page.service.queue(&staff, &filter).await)?;
        let waiting = page.or_refuse(page.service.waiting(&staff).await)?;
        let notice = missing_factor_notice(&page, &staff).await;
        let calendar = calendar_notice(&page, &staff).await;
        let names = page.or_refuse(page.service.names().await)?;
        let content = queue_view(&page, &staff, &filter, &waiting, &names, found);
        let content = view! { {notice} {calendar} {content} }.into_any();
        Some(console_frame(&page, &staff, "工作台", content))
    })
}

fn queue_view(
    page: &Page,
    staff: &Staff,
    filter: &ReportFilter,
    waiting: &Waiting,
    names: &HashMap<StaffId, String>,
    found: Found,
) -> AnyView {
    let form = page.form("bulk");
    let from = match filtered_url("", filter).strip_prefix('?') {
        Some(query) => format!("?from={}", percent_encoded(query)),
        None => String::new(),
    };
    let rows = found.reports.iter().map(|report| {
        let thumb = found.photos.iter().find(|photo| photo.serial == Some(report.serial));
        queue_row(page, report, thumb, names, (&form, &from))
    });
    let rows = rows.collect_view();
    let empty = rows.is_empty().then(|| {
        let text = match filter.query_pairs().is_empty() {
            true => "没有待办，都办完了。",
            false => "没有符合条件的件。",
        };
        // The same question, asked of all states.
        let all = ReportFilter { states: States::All, ..filter.first_page() };
        let href = filtered_url("/console", &all);
        view! { <div class="empty"><p>{text}</p><p><a href=href>"看全部"</a></p></div> }
    });
    let received = page.service.counts().reports.received;
    view! {
        <h1 class="unseen">"待办队列"</h1>
        {filter_chips(filter, waiting)}
        {form.summary("没有办：")}
        {quarantine_notice(staff, waiting)}
        <QueueHelper received />
        {search_form(page.service.campaign(), staff, filter)}
        <form class="bulk" method="post" action="/console/reports/bulk">
            <OwnerField />
            {empty}
            <ol class="queue" id="queue">{rows}</ol>
            {bulk_actions(page, filter, &form)}
        </form>
        {queue_pager("/console", filter, found.end)}
    }
    .into_any()
}

/// Links to the common filters, each with the number of reports.
fn filter_chips(filter: &ReportFilter, waiting: &Waiting) -> AnyView {
    let count = |state: State| waiting.states.get(&state).copied().unwrap_or_default();
    let only =
        |state: State| ReportFilter { states: States::Only(state), ..ReportFilter::default() };
    let open: u64 = State::OPEN.iter().map(|state| count(*state)).sum();
    let seen = waiting.states.iter().filter(|(state, _)| !state.is_set_apart());
    let all: u64 = seen.map(|(_, n)| n).sum();
    let usual = ReportFilter::default();
    // The database counts these no further than `COUNT_LIMIT`.
    let few = |n: u64| if n < COUNT_LIMIT.unsigned_abs() { n.to_string() } else { "999+".into() };
    let mut chips = vec![
        ("待办", open.to_string(), usual.clone()),
        (
            "超期",
            few(waiting.overdue),
            ReportFilter { deadline: Some(Deadline::Overdue), ..usual.clone() },
        ),
        (
            "快超期",
            few(waiting.soon),
            ReportFilter { deadline: Some(Deadline::Soon), ..usual.clone() },
        ),
        ("重办", few(waiting.again), ReportFilter { again: true, ..usual.clone() }),
    ];
    let states = State::ALL.into_iter().filter(|state| state.is_open() || *state == State::Closed);
    chips.extend(states.map(|state| (state.staff_label(), count(state).to_string(), only(state))));
    chips.push(("全部", all.to_string(), ReportFilter { states: States::All, ..usual }));
    let here = filter.first_page();
    let chips = chips.into_iter().map(|(word, n, target)| {
        let current = (target == here).then_some("true");
        let word = if word == "已派单" { "待接单" } else { word };
        view! { <a class="count-chip" href=filtered_url("/console", &target) aria-current=current>{word} " " <b>{n}</b></a> }
    });
    view! { <nav class="count-chips" aria-label="按状态">{chips.collect_view()}</nav> }.into_any()
}

/// What managers are told of the calendar: how many limits a correction has moved, and which year has
/// none.
async fn calendar_notice(page: &Page, staff: &Staff) -> Option<AnyView> {
    if staff.role != Role::Manager {
        return None;
    }
    let CalendarState { moved, missing } = page.or_refuse(page.service.calendar_state().await)?;
    let moved = moved.map(|n| {
        view! { <p class="notice">{format!("工作日历有更正：{n}件在办的期限已经随之调整。")}</p> }
    });
    let missing = missing.into_iter().map(|year| {
        let text = format!("{year}年还没有工作日历，期限只按周末休息计算；放假安排公布后请补上。");
        view! { <p class="notice">{text}</p> }
    });
    Some(view! { {moved} {missing.collect_view()} }.into_any())
}

/// Says that something is quarantined, to those who decide about it.
fn quarantine_notice(staff: &Staff, waiting: &Waiting) -> Option<AnyView> {
    let reports = waiting.states.get(&State::Quarantined).copied().unwrap_or_default();
    let decides = staff.role >= Action::Admit.min_role();
    let something = reports > 0 || waiting.supports_quarantined;
    (decides && something).then(|| {
        view! {
            <p class="notice">
                <a href="/console/quarantine">"待甄别 " {reports} " 件"</a>
                "：同一网络短时间内集中提交的，还没有计数"
            </p>
        }
        .into_any()
    })
}

fn search_form(campaign: &Campaign, staff: &Staff, filter: &ReportFilter) -> AnyView {
    let slug = |slug: &Option<Slug>| slug.as_ref().map(ToString::to_string).unwrap_or_default();
    let grids = campaign.grids.iter();
    let grids =
        grids.filter(|grid| staff.role != Role::GridWorker || staff.grids.contains(&grid.slug));
    let grids = grids.map(|grid| (grid.slug.to_string(), grid.label())).collect();
    let branches =
        campaign.branches.iter().map(|b| (b.slug.to_string(), b.title.clone())).collect();
    let units = campaign.units.iter().map(|u| (u.slug.to_string(), u.title.clone())).collect();
    let categories = campaign.categories.iter();
    let categories = categories.map(|c| (c.slug.to_string(), c.title.clone())).collect();
    let sources =
        Source::ALL.iter().map(|s| (s.as_str().to_owned(), s.label().to_owned())).collect();
    let states = State::ALL.iter().filter(|state| !state.is_set_apart());
    let states = states.map(|s| (s.as_str().to_owned(), s.staff_label().to_owned()));
    let states = [("all".to_owned(), "全部".to_owned())].into_iter().chain(states).collect();
    let state = match filter.states {
        States::Open => "",
        States::All => "all",
        States::Only(state) => state.as_str(),
    };
    let deadlines = [("overdue", "已超期"), ("soon", "快超期")]
        .map(|(v, t)| (v.to_owned(), t.to_owned()))
        .to_vec();
    let deadline = match filter.deadline {
        Some(Deadline::Overdue) => "overdue",
        Some(Deadline::Soon) => "soon",
        None => "",
    };
    let sorts = [("new", "新的在前"), ("old", "旧的在前")]
        .map(|(v, t)| (v.to_owned(), t.to_owned()))
        .to_vec();
    let sort = match filter.sort {
        Sort::Due => "",
        Sort::New => "new",
        Sort::Old => "old",
    };
    let source = filter.source.map(Source::as_str).unwrap_or_default();
    let q = filter.q.clone();
    view! {
        <form class="queue-search" method="get" action="/console" role="search">
            <input class="field__input" type="search" name="q" value=q aria-label="文字、编号或电话" placeholder="地点、描述、编号、电话" />
            <button class="weui-btn weui-btn_default" type="submit">"查找"</button>
            <details class="fold queue-search__more">
                <summary>"更多条件"</summary>
                <div class="queue-search__fields">
                    {select_field("state", "状态", Some("待办"), states, state, None)}
                    {select_field("deadline", "期限", Some("不限"), deadlines, deadline, None)}
                    {select_field("grid", "网格", Some("不限"), grids, &slug(&filter.grid), None)}
                    {select_field("branch", "牵头支部", Some("不限"), branches, &slug(&filter.branch), None)}
                    {select_field("unit", "承办单位", Some("不限"), units, &slug(&filter.unit), None)}
                    {select_field("category", "分类", Some("不限"), categories, &slug(&filter.category), None)}
                    {select_field("source", "来源", Some("不限"), sources, source, None)}
                    {select_field("sort", "排序", Some("期限近的在前"), sorts, sort, None)}
                    <label class="weui-cell weui-check__label">
                        <input type="checkbox" class="tick" name="mine" value="1" checked=filter.mine />"我认领的"
                    </label>
                    <label class="weui-cell weui-check__label">
                        <input type="checkbox" class="tick" name="raised" value="1" checked=filter.raised />"已上报的"
                    </label>
                    <label class="weui-cell weui-check__label">
                        <input type="checkbox" class="tick" name="again" value="1" checked=filter.again />"只看重办"
                    </label>
                </div>
            </details>
        </form>
    }
    .into_any()
}

fn queue_row(
    page: &Page,
    report: &Report,
    thumb: Option<&Photo>,
    names: &HashMap<StaffId, String>,
    (form, from): (&FormState, &str),
) -> AnyView {
    let campaign = page.service.campaign();
    let category = campaign.category(report.category.as_str());
    let category = category.map(|category| category.title.clone()).unwrap_or_default();
    let place = match report.place.is_empty() {
        true => report.default_summary(page.campaign()),
        false => report.place.clone(),
    };
    let remaining = report.remaining(page.service.calendar(), page.service.now());
    let remaining = remaining.map(|remaining| {
        let class = match (remaining.overdue, remaining.soon) {
            (true, _) => "due due_over",
            (false, true) => "due due_soon",
            (false, false) => "due",
        };
        view! { <span class=class>{remaining.words}</span> }
    });
    let mark =
        |on: bool, word: &'static str| on.then(|| view! { <span class="badge">{word}</span> });
    let picture = match thumb {
        Some(photo) => {
            let src = format!("/photos/{}?size=thumb", photo.id);
            view! { <img class="queue__thumb" src=src alt="" width="60" height="60" loading="lazy" /> }.into_any()
        }
        None => view! { <span class="queue__thumb queue__thumb_none" aria-hidden="true"></span> }
            .into_any(),
    };
    let value = format!("{}:{}", report.code, report.version);
    let checked =
        form.values("codes").iter().any(|chosen| chosen.starts_with(report.code.as_str()));
    let number = report.number().to_string();
    let since = short_day(page.service.calendar().civil(report.submitted_at), Lang::Zh);
    let supporters = (report.supporters > 0)
        .then(|| view! { <span class="badge">{report.supporters} "人也遇到过"</span> });
    let who = at_work(report, names).map(|who| view! { <span class="badge">{who}</span> });
    let href = format!("/console/reports/{}{from}", report.code);
    view! {
        <li class="queue__row" data-serial=report.serial.to_string()>
            <label class="queue__tick">
                <input type="checkbox" class="tick" name="codes" value=value checked=checked aria-label=format!("选中{number}") />
            </label>
            <a class="queue__link" href=href>
                {picture}
                <span class="queue__text">
                    <span class="queue__place">{place}</span>
                    <span class="queue__line">{category} " · " <span class="queue__number">{number}</span></span>
                    <span class="queue__marks">
                        {state_mark(report.state, report.state.staff_label().to_owned())}
                        {remaining}
                        <span class="due">{since} "提交"</span>
                        {mark(report.reopened > 0, "重办")}
                        {mark(report.supervised, "督办")}
                        {mark(report.level > 0, "已上报")}
                        {mark(report.kind == CategoryKind::Private, "私密")}
                        {mark(report.hidden, "不公开")}
                        {supporters}
                        {who}
                    </span>
                </span>
            </a>
        </li>
    }
    .into_any()
}

/// Who has claimed a report, or else handles it.
fn at_work(report: &Report, names: &HashMap<StaffId, String>) -> Option<String> {
    let name = |id: Option<StaffId>| id.and_then(|id| names.get(&id));
    let handled = matches!(report.state, State::InProgress | State::AwaitingCheck);
    match name(report.claimed_by) {
        Some(name) => Some(format!("{name}认领")),
        None if handled => Some(format!("{}经办", name(report.handler)?)),
        None => None,
    }
}

/// Bulk actions on the selected reports.
fn bulk_actions(page: &Page, filter: &ReportFilter, form: &FormState) -> AnyView {
    let campaign = page.service.campaign();
    let action = form.value("action");
    let units = campaign.units.iter().map(|u| (u.slug.to_string(), u.title.clone())).collect();
    let button = |action: Action, word: &'static str| {
        view! { <button class="weui-btn weui-btn_default" type="submit" name="action" value=action.as_str()>{word}</button> }
    };
    let on_new =
        matches!(filter.states, States::Open | States::All | States::Only(State::Submitted));
    let on_accepted =
        matches!(filter.states, States::Open | States::All | States::Only(State::Accepted));
    let accept = on_new.then(|| button(Action::Accept, "受理所选"));
    let reject = on_new.then(|| {
        view! {
            {text_field("reason", "不予受理的原因", None, TextInput::Area, form)}
            {button(Action::Reject, "不予受理所选")}
        }
    });
    let dispatch = on_accepted.then(|| {
        view! {
            {select_field("unit", "派给", None, units, &form.value("unit"), form.error("unit"))}
            {button(Action::Dispatch, "派单所选")}
        }
    });
    view! {
        <details class="fold bulk__actions" open=!action.is_empty()>
            <summary>"批量办理所选"</summary>
            {field_error("codes", form.error("codes"))}
            <div class="bulk__fields">{accept} {dispatch} {reject}</div>
        </details>
    }
    .into_any()
}

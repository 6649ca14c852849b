//! `/reports`: public list of reports with their state; can be filtered.

use domain::{
    campaign::CategoryKind,
    report::{
        State,
        filter::{PageEnd, ReportFilter, States},
    },
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::status::report_row;
use crate::{
    context::Page,
    parts::{form::fields::select_field, frame::title::PageTitle},
};

/// The public list.
#[component]
pub fn ReportsPage() -> impl IntoView {
    let page = Page::current();
    let lang = page.lang;
    let query = use_query_map().read_untracked().clone();
    let filter = ReportFilter::from_query(|name| query.get(name));
    Suspend::new(async move {
        let found = page.service.public_reports(&filter).await;
        let (reports, photos, more) = page.or_refuse(found)?;
        let rows = reports.iter().map(|report| {
            let thumb = photos.iter().find(|photo| photo.serial == Some(report.serial));
            report_row(&page, report, thumb.map(|photo| photo.id.as_str()))
        });
        let rows = rows.collect_view();
        let empty = rows.is_empty();
        let last = reports.last().filter(|_| more);
        let next = last.map(|last| ReportFilter { before: Some(last.serial), ..filter.clone() });
        Some(view! {
            <PageTitle text=lang.say("身边的反映", "Reports around you") />
            <main id="main" class="reports-page">
                <h1 class="page-title">{lang.say("身边的反映", "Reports around you")}</h1>
                {filter_form(&page, &filter)}
                {empty.then(|| view! {
                    <div class="empty">
                        <p>{lang.say("这里还没有符合条件的反映。", "No reports fit this yet.")}</p>
                        <a class="weui-btn weui-btn_primary" href="/report">{lang.say("随手拍", "Report")}</a>
                    </div>
                })}
                <ul class="weui-cells report-list">{rows}</ul>
                {pager("/reports", &filter, next.as_ref())}
            </main>
        })
    })
}

fn filter_form(page: &Page, filter: &ReportFilter) -> AnyView {
    let (campaign, lang) = (page.campaign(), page.lang);
    let states = State::ALL.into_iter().filter(|state| state.is_public());
    let states = states
        .map(|state| (state.as_str().to_owned(), state.resident_label(lang).to_owned()))
        .collect();
    let grids = campaign.grids.iter().map(|grid| (grid.slug.to_string(), grid.label())).collect();
    let categories = campaign.categories.iter();
    let categories = categories.filter(|category| category.kind != CategoryKind::Private);
    let categories =
        categories.map(|category| (category.slug.to_string(), category.title.clone())).collect();
    let state = match filter.states {
        States::Only(state) => state.as_str(),
        States::Open | States::All => "",
    };
    let slug = |slug: &Option<domain::slug::Slug>| {
        slug.as_ref().map(ToString::to_string).unwrap_or_default()
    };
    let narrowed = !filter.first_page().query_pairs().is_empty();
    view! {
        <details class="fold" open=narrowed>
            <summary>{lang.say("筛选", "Filter")}</summary>
            <form method="get" action="/reports">
                <div class="weui-cells form-cells">
                    {select_field("state", lang.say("进展", "Progress"), Some(lang.say("全部", "All")), states, state, None)}
                    {select_field("category", lang.say("分类", "Category"), Some(lang.say("全部", "All")), categories, &slug(&filter.category), None)}
                    {select_field("grid", lang.say("小区或路段", "Compound or street"), Some(lang.say("全部", "All")), grids, &slug(&filter.grid), None)}
                    <div class="weui-cell"><button class="weui-btn weui-btn_default" type="submit">{lang.say("查看", "Show")}</button></div>
                </div>
            </form>
        </details>
    }
    .into_any()
}

/// `text` percent-encoded for a URL.
#[must_use]
pub fn percent_encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The URL of a list: `path` with `filter` as query string.
#[must_use]
pub fn filtered_url(path: &str, filter: &ReportFilter) -> String {
    let parts: Vec<String> = filter
        .query_pairs()
        .iter()
        .map(|(name, value)| format!("{name}={}", percent_encoded(value)))
        .collect();
    if parts.is_empty() { path.to_owned() } else { format!("{path}?{}", parts.join("&")) }
}

/// Links to the first and the next page of a list. Going back is what browsers do.
#[must_use]
pub fn pager(path: &str, filter: &ReportFilter, next: Option<&ReportFilter>) -> Option<AnyView> {
    let lang = Page::current().lang;
    let first = filter.first_page();
    let first = (first != *filter).then(|| {
        let href = filtered_url(path, &first);
        view! { <a class="weui-btn weui-btn_default" href=href>{lang.say("回到第一页", "First page")}</a> }
    });
    let next = next.map(|next| {
        let href = filtered_url(path, next);
        view! { <a class="weui-btn weui-btn_default" rel="next" href=href>{lang.say("下一页", "Next")}</a> }
    });
    (first.is_some() || next.is_some()).then(|| {
        view! { <nav class="pager" aria-label=lang.say("翻页", "Pages")>{first} {next}</nav> }
            .into_any()
    })
}

/// The same for a list of staff, which may end where the search has stopped for now.
#[must_use]
pub fn queue_pager(path: &str, filter: &ReportFilter, end: PageEnd) -> AnyView {
    let (next, searched) = match end {
        PageEnd::Last => (None, None),
        PageEnd::More(next) => (Some(next), None),
        PageEnd::SearchedTo { next, submitted_at } => (Some(next), Some(submitted_at)),
    };
    let next = next.map(|after| ReportFilter { after: Some(after), ..filter.clone() });
    let searched = searched.map(|at| {
        let calendar = Page::current().service.calendar().civil(at);
        let day = calendar.strftime("%Y年%-m月%-d日").to_string();
        view! { <p class="notice" role="status">"这一页查到" {day} "提交的件为止，还没有查完；请按“下一页”接着查。"</p> }
    });
    view! { {searched} {pager(path, filter, next.as_ref())} }.into_any()
}

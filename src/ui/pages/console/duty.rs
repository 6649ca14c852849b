//! `/console/duty`: printable lists of responsibilities (责任清单) and open reports (待办清单).

use std::collections::BTreeMap;

use domain::{
    campaign::{Campaign, Category, CategoryKind},
    report::{Report, filter::ReportFilter},
    slug::Slug,
    staff::{Role, Staff},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{console_frame, signed_in_staff};
use crate::{context::Page, pages::report::list::filtered_url, parts::form::fields::select_field};

/// Maximum number of open reports in the list.
const OPEN_REPORTS_MAX: u32 = 500;

/// The page of the lists.
#[component]
pub fn DutyPage() -> impl IntoView {
    let page = Page::current();
    let query = use_query_map().read_untracked().clone();
    let filter = ReportFilter::from_query(|name| {
        query.get(name).filter(|_| matches!(name, "branch" | "grid" | "unit"))
    });
    Suspend::new(async move {
        let staff = signed_in_staff(&page)?;
        let open = page.or_refuse(page.service.to_do(&staff, &filter, OPEN_REPORTS_MAX).await)?;
        let everyone = page.or_refuse(page.service.staff().await)?;
        let campaign = page.service.campaign();
        let content = view! {
            <h1 class="page-title">"清单"</h1>
            {filter_form(campaign, &filter)}
            <section aria-labelledby="to-do">
                <h2 id="to-do" class="section-title">"待办清单（" {open.len()} "件）"</h2>
                {(open.len() >= OPEN_REPORTS_MAX as usize).then(|| view! { <p class="notice">"只列期限最近的500件，请按支部、网格或单位分开看。"</p> })}
                {to_do_table(&page, &open)}
            </section>
            <section aria-labelledby="duty">
                <h2 id="duty" class="section-title">"责任清单：哪一类、谁牵头、谁承办、多久"</h2>
                {duty_table(campaign, &filter)}
            </section>
            <section aria-labelledby="grids">
                <h2 id="grids" class="section-title">"网格与网格员"</h2>
                {grid_table(campaign, &everyone)}
            </section>
        };
        Some(console_frame(&page, &staff, "清单", content.into_any()))
    })
}

fn filter_form(campaign: &Campaign, filter: &ReportFilter) -> AnyView {
    let slug = |slug: &Option<Slug>| slug.as_ref().map(ToString::to_string).unwrap_or_default();
    let branches =
        campaign.branches.iter().map(|b| (b.slug.to_string(), b.title.clone())).collect();
    let grids = campaign.grids.iter().map(|g| (g.slug.to_string(), g.label())).collect();
    let units = campaign.units.iter().map(|u| (u.slug.to_string(), u.title.clone())).collect();
    view! {
        <form class="narrow-form" method="get" action="/console/duty">
            {select_field("branch", "牵头支部", Some("全部"), branches, &slug(&filter.branch), None)}
            {select_field("grid", "网格", Some("全部"), grids, &slug(&filter.grid), None)}
            {select_field("unit", "承办单位", Some("全部"), units, &slug(&filter.unit), None)}
            <button class="weui-btn weui-btn_default" type="submit">"查看"</button>
        </form>
        <p class="hint screen-only">"可用浏览器的打印功能打印本页。" <a href=filtered_url("/console", filter)>"在队列里看"</a></p>
    }
    .into_any()
}

fn to_do_table(page: &Page, open: &[Report]) -> AnyView {
    if open.is_empty() {
        return view! { <p class="empty">"没有待办。"</p> }.into_any();
    }
    let campaign = page.service.campaign();
    let rows = open.iter().map(|report| {
        let title = |found: Option<&String>| found.cloned().unwrap_or_default();
        let category = campaign.category(report.category.as_str()).map(|c| &c.title);
        let branch = campaign.branch(report.branch.as_str()).map(|b| &b.title);
        let unit = campaign.unit(report.unit.as_str()).map(|u| &u.title);
        let remaining = report.remaining(page.service.calendar(), page.service.now());
        let href = format!("/console/reports/{}", report.code);
        view! {
            <tr>
                <td><a href=href>{report.number().to_string()}</a></td>
                <td>{report.place.clone()}</td>
                <td>{title(category)}</td>
                <td>{campaign.grid_label(report.grid.as_ref())}</td>
                <td>{title(branch)}</td>
                <td>{title(unit)}</td>
                <td>{report.state.staff_label()}</td>
                <td>{remaining.map(|remaining| remaining.words)}</td>
            </tr>
        }
    });
    view! {
        <div class="scroll" tabindex="0" role="group" aria-label="待办清单的表格">
            <table class="counts wide-table" aria-labelledby="to-do">
                <thead>
                    <tr>
                        <th scope="col">"编号"</th><th scope="col">"地点"</th><th scope="col">"分类"</th>
                        <th scope="col">"网格"</th><th scope="col">"牵头支部"</th><th scope="col">"承办"</th>
                        <th scope="col">"状态"</th><th scope="col">"期限"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn duty_table(campaign: &Campaign, filter: &ReportFilter) -> AnyView {
    let limits = campaign.deadlines;
    let wanted = |category: &&Category| {
        filter.branch.as_ref().is_none_or(|branch| *branch == category.branch)
            && filter.unit.as_ref().is_none_or(|unit| *unit == category.unit)
    };
    let rows = campaign.categories.iter().filter(wanted).map(|category| {
        let branch = campaign.branch(category.branch.as_str()).map(|b| b.title.clone());
        let unit = campaign.unit(category.unit.as_str());
        let phone = unit.and_then(|unit| unit.phone.clone());
        let phone = phone.unwrap_or_else(|| campaign.footer.help_phone.clone());
        let time = match category.kind {
            CategoryKind::Casework => format!(
                "受理{}日，办结{}日，核查{}日",
                limits.accept, limits.ordinary, limits.check
            ),
            CategoryKind::Private => {
                format!("受理{}日，办结{}日，核查{}日", limits.accept, limits.hard, limits.check)
            }
            CategoryKind::Reminder | CategoryKind::Praise => format!("知悉{}日", limits.accept),
        };
        view! {
            <tr>
                <th scope="row">{category.title.clone()}</th>
                <td>{branch}</td>
                <td>{unit.map(|unit| unit.title.clone())}</td>
                <td>{time}</td>
                <td>{phone}</td>
            </tr>
        }
    });
    view! {
        <div class="scroll" tabindex="0" role="group" aria-label="责任清单的表格">
            <table class="counts wide-table" aria-labelledby="duty">
                <thead>
                    <tr>
                        <th scope="col">"分类"</th><th scope="col">"牵头支部"</th><th scope="col">"承办单位"</th>
                        <th scope="col">"时限（工作日）"</th><th scope="col">"电话"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn grid_table(campaign: &Campaign, everyone: &[Staff]) -> AnyView {
    let mut workers: BTreeMap<&Slug, Vec<&str>> = BTreeMap::new();
    let active = everyone.iter().filter(|staff| staff.active && staff.role == Role::GridWorker);
    for staff in active {
        for grid in &staff.grids {
            workers.entry(grid).or_default().push(&staff.name);
        }
    }
    let rows = campaign.grids.iter().map(|grid| {
        let names = workers.get(&grid.slug).map(|names| names.join("、"));
        view! {
            <tr>
                <th scope="row">{grid.label()}</th>
                <td>{names.unwrap_or_else(|| "还没有网格员".into())}</td>
            </tr>
        }
    });
    view! {
        <div class="scroll" tabindex="0" role="group" aria-label="网格与网格员的表格">
            <table class="counts" aria-labelledby="grids">
                <thead><tr><th scope="col">"网格"</th><th scope="col">"网格员"</th></tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

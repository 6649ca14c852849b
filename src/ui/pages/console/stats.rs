//! `/console/stats`: numbers, durations and rates of reports. Lists are in the campaign's order:
//! not a ranking.

use domain::{
    counts::grouped,
    lang::Lang,
    report::{Satisfaction, State},
    staff::Role,
    time::Millis,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use service::statistics::{Days, DurationStats, Share, StateCounts, Stats};

use super::{console_frame, signed_in_staff};
use crate::context::Page;

/// Default length of the period, in days.
const DEFAULT_DAYS: i64 = 90;

/// The page of statistics.
#[component]
pub fn StatsPage() -> impl IntoView {
    let page = Page::current();
    let query = use_query_map().read_untracked().clone();
    Suspend::new(async move {
        let staff = signed_in_staff(&page)?;
        let (from, to) = (query.get("from"), query.get("to"));
        let days = page.service.days(from.as_deref(), to.as_deref(), DEFAULT_DAYS);
        let stats = page.or_refuse(page.service.stats(&staff, days).await)?;
        let content = view! {
            <h1 class="page-title">"统计"</h1>
            {period_form("/console/stats", days)}
            {stats.is_incomplete.then(|| view! {
                <p class="notice" role="status">"还有一些日子没有统计完，过几分钟再看会更全。"</p>
            })}
            {rates_table(&stats)}
            {state_chart(&stats)}
            {charts(&page, &stats)}
            {(staff.role == Role::Manager).then(export_links)}
        };
        Some(console_frame(&page, &staff, "统计", content.into_any()))
    })
}

/// Links to data exports; personal fields only on request.
fn export_links() -> AnyView {
    let row = |what: &'static str, title: &'static str| {
        let links = [
            ("csv", "", "CSV"),
            ("xlsx", "", "Excel"),
            ("csv", "?personal=1", "CSV（含个人信息）"),
            ("xlsx", "?personal=1", "Excel（含个人信息）"),
        ];
        let links = links.map(|(format, query, word)| {
            let href = format!("/console/export/{what}.{format}{query}");
            view! { <a class="count-chip" href=href download>{word}</a> }
        });
        view! { <p class="field__label">{title}</p><div class="exports">{links.into_iter().collect_view()}</div> }
    };
    view! {
        <section class="screen-only" aria-labelledby="export">
            <h2 id="export" class="section-title">"导出（会记录）"</h2>
            {row("reports", "全部反映")} {row("signatures", "全部签名")}
        </section>
    }
    .into_any()
}

/// Form to choose the period.
pub fn period_form(path: &'static str, days: Days) -> AnyView {
    view! {
        <form class="narrow-form" method="get" action=path>
            <label class="weui-cell field"><span class="field__label">"从"</span>
                <input class="field__input" type="date" name="from" value=days.from.to_string() />
            </label>
            <label class="weui-cell field"><span class="field__label">"到"</span>
                <input class="field__input" type="date" name="to" value=days.to.to_string() />
            </label>
            <button class="weui-btn weui-btn_default" type="submit">"查看"</button>
        </form>
    }
    .into_any()
}

/// Formats a duration in days and hours of 24-hour days, or shorter units.
fn format_duration(millis: Millis) -> String {
    let minutes = millis / 60_000;
    match minutes {
        m if m >= 2880 => format!("{}天{}小时", m / 1440, m % 1440 / 60),
        m if m >= 60 => format!("{}小时{}分", m / 60, m % 60),
        m => format!("{m}分钟"),
    }
}

/// A share as percentage, with numerator and denominator; a dash if the denominator is 0.
pub fn percent(share: Share) -> String {
    match share.of {
        0 => "—".into(),
        of => format!("{}%（{}/{of}）", (share.part * 100 + of / 2) / of, share.part),
    }
}

fn rates_table(stats: &Stats) -> AnyView {
    let spread = |spread: DurationStats| match spread.n {
        0 => "—".to_owned(),
        n => format!(
            "一半不超过{}，九成不超过{}（{n}件）",
            format_duration(spread.median),
            format_duration(spread.ninetieth)
        ),
    };
    let satisfied = Satisfaction::ALL.iter().zip(stats.satisfied);
    let satisfied: Vec<String> =
        satisfied.map(|((satisfied, _), n)| format!("{}{n}", satisfied.label(Lang::Zh))).collect();
    let rows = [
        ("收到", grouped(stats.total), "这些天提交的全部，含撤回"),
        ("受理用时", spread(stats.accept.stats()), "从提交到受理，按日历时间"),
        ("办结用时", spread(stats.close.stats()), "从提交到办结，按日历时间"),
        ("按时率", percent(stats.on_time), "处理完毕不晚于承诺时间的件数 ÷ 有承诺且已处理的件数"),
        (
            "解决率",
            percent(stats.solved),
            "居民说“已解决”的件数 ÷ 居民作过评价的件数；没评价的不算",
        ),
        ("满意", satisfied.join("，"), "没评价的不算满意"),
        ("重办", grouped(stats.reopened), "重新办理过的件数"),
    ];
    let rows = rows.into_iter().map(|(name, value, meaning)| {
        view! { <tr><th scope="row">{name}</th><td class="figure">{value}</td><td class="meaning">{meaning}</td></tr> }
    });
    view! {
        <table class="counts rates" aria-label="主要指标"><tbody>{rows.collect_view()}</tbody></table>
    }
    .into_any()
}

fn state_chart(stats: &Stats) -> AnyView {
    let most = stats.states.values().copied().max().unwrap_or(1).max(1);
    let rows = State::ALL.into_iter().filter(|state| !state.is_set_apart()).map(|state| {
        let n = stats.states.get(&state).copied().unwrap_or_default();
        bar_row(
            state.staff_label().to_owned(),
            StateCounts { open: n, ..StateCounts::default() },
            most,
            false,
        )
    });
    view! {
        <h2 id="by-state" class="section-title">"按状态"</h2>
        <table class="counts bars" aria-labelledby="by-state"><tbody>{rows.collect_view()}</tbody></table>
    }
    .into_any()
}

/// A chart row: a bar, and its numbers as text.
fn bar_row(title: String, split: StateCounts, most: u64, parts: bool) -> AnyView {
    const WIDTH: u64 = 200;
    let (open, closed, other) =
        (split.open * WIDTH / most, split.closed * WIDTH / most, split.other * WIDTH / most);
    let numbers = match parts {
        true => format!("在办{} 办结{} 其他{}", split.open, split.closed, split.other),
        false => grouped(split.total()),
    };
    view! {
        <tr>
            <th scope="row">{title}</th>
            <td class="bars__bar">
                <svg viewBox="0 0 200 12" preserveAspectRatio="none" aria-hidden="true">
                    <rect class="bars__closed" x="0" y="1" width=closed.to_string() height="10" />
                    <rect class="bars__open" x=closed.to_string() y="1" width=open.to_string() height="10" />
                    <rect class="bars__other" x=(closed + open).to_string() y="1" width=other.to_string() height="10" />
                </svg>
            </td>
            <td>{numbers}</td>
        </tr>
    }
    .into_any()
}

fn charts(page: &Page, stats: &Stats) -> AnyView {
    let campaign = page.service.campaign();
    let list = |id: &'static str, title: &'static str, rows: Vec<(String, StateCounts)>| {
        let most = rows.iter().map(|(_, split)| split.total()).max().unwrap_or(1).max(1);
        let rows = rows.into_iter().map(|(title, split)| bar_row(title, split, most, true));
        view! {
            <h2 id=id class="section-title">{title}</h2>
            <table class="counts bars" aria-labelledby=id><tbody>{rows.collect_view()}</tbody></table>
        }
        .into_any()
    };
    let categories = campaign.categories.iter();
    let categories = categories
        .map(|c| (c.title.clone(), stats.categories.get(&c.slug).copied().unwrap_or_default()));
    let branches = campaign.branches.iter();
    let branches = branches
        .map(|b| (b.title.clone(), stats.branches.get(&b.slug).copied().unwrap_or_default()));
    let units = campaign.units.iter();
    let units =
        units.map(|u| (u.title.clone(), stats.units.get(&u.slug).copied().unwrap_or_default()));
    let grids = campaign.grids.iter().map(|grid| {
        let split = stats.grids.get(&Some(grid.slug.clone())).copied().unwrap_or_default();
        (grid.label(), split)
    });
    let none = stats.grids.get(&None).copied().unwrap_or_default();
    let grids = grids.chain([("还没有网格".to_owned(), none)]);
    view! {
        {list("by-category", "按分类", categories.collect())}
        {list("by-branch", "按牵头支部", branches.collect())}
        {list("by-unit", "按承办单位", units.collect())}
        {list("by-grid", "按网格（按编号排列，不作排名）", grids.collect())}
    }
    .into_any()
}

//! `/console/stats`: how many, how fast, how well. Coverage, never a ranking: every list
//! is in the campaign's order.

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

use super::{framed, staff};
use crate::context::Page;

/// Days that are looked at where none are named.
const USUAL: i64 = 90;

/// The page of statistics.
#[component]
pub fn StatsPage() -> impl IntoView {
    let page = Page::current();
    let query = use_query_map().read_untracked().clone();
    Suspend::new(async move {
        let staff = staff(&page)?;
        let (from, to) = (query.get("from"), query.get("to"));
        let days = page.service.days(from.as_deref(), to.as_deref(), USUAL);
        let stats = page.or_refuse(page.service.stats(&staff, days).await)?;
        let content = view! {
            <h1 class="page-title">"统计"</h1>
            {span_form("/console/stats", days)}
            {rates(&stats)}
            {states(&stats)}
            {lists(&page, &stats)}
            {(staff.role == Role::Manager).then(exports)}
        };
        Some(framed(&page, &staff, "统计", content.into_any()))
    })
}

/// Tables to take along; personal fields only when they are asked for.
fn exports() -> AnyView {
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

/// Which days.
pub fn span_form(path: &'static str, days: Days) -> AnyView {
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

/// A span of time, in days and hours of the clock.
fn lasted(millis: Millis) -> String {
    let minutes = millis / 60_000;
    match minutes {
        m if m >= 2880 => format!("{}天{}小时", m / 1440, m % 1440 / 60),
        m if m >= 60 => format!("{}小时{}分", m / 60, m % 60),
        m => format!("{m}分钟"),
    }
}

/// A share in per cent, with what it is of.
pub fn percent(share: Share) -> String {
    match share.of {
        0 => "—".into(),
        of => format!("{}%（{}/{of}）", (share.part * 100 + of / 2) / of, share.part),
    }
}

fn rates(stats: &Stats) -> AnyView {
    let spread = |spread: DurationStats| match spread.n {
        0 => "—".to_owned(),
        n => format!(
            "一半不超过{}，九成不超过{}（{n}件）",
            lasted(spread.median),
            lasted(spread.ninetieth)
        ),
    };
    let satisfied = Satisfaction::ALL.iter().zip(stats.satisfied);
    let satisfied: Vec<String> =
        satisfied.map(|((satisfied, _), n)| format!("{}{n}", satisfied.word(Lang::Zh))).collect();
    let rows = [
        ("收到", grouped(stats.total), "这些天提交的全部，含撤回"),
        ("受理用时", spread(stats.accept), "从提交到受理，按日历时间"),
        ("办结用时", spread(stats.close), "从提交到办结，按日历时间"),
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

fn states(stats: &Stats) -> AnyView {
    let most = stats.states.values().copied().max().unwrap_or(1).max(1);
    let rows = State::ALL.into_iter().map(|state| {
        let n = stats.states.get(&state).copied().unwrap_or_default();
        bar_row(
            state.staff_word().to_owned(),
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

/// A row of a chart: a bar, and the numbers that it draws.
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

fn lists(page: &Page, stats: &Stats) -> AnyView {
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

//! `/progress`: counts by pledge, grid and branch, in the campaign's order: not a ranking.

use domain::{
    counts::{Figure, UNSPECIFIED, grouped},
    report::State,
    slug::Slug,
};
use leptos::{either::Either, prelude::*};
use service::ReportFigures;

use crate::{
    context::Page,
    parts::{count::Count, frame::title::PageTitle},
};

/// The page of counts.
#[component]
pub fn ProgressPage() -> impl IntoView {
    let page = Page::current();
    let lang = page.lang;
    Suspend::new(async move {
        let shown = page.or_refuse(page.service.shown_names().await)?;
        let figures = page.or_refuse(page.service.report_figures().await)?;
        let reports = report_tables(&page, &figures);
        let campaign = page.campaign();
        let pledges = campaign.pledges.iter().map(|pledge| {
            let figure = Figure::Pledge(pledge.slug.clone());
            view! { <tr><th scope="row">{pledge.title.clone()}</th><td><Count figure /></td></tr> }
        });
        let unspecified = Slug::parse(UNSPECIFIED).ok().map(|slug| {
            let figure = Figure::Grid(slug);
            view! { <tr><th scope="row">{lang.say("没有说明小区", "Compound not given")}</th><td><Count figure /></td></tr> }
        });
        let grids = campaign.grids.iter().map(|grid| {
            let figure = Figure::Grid(grid.slug.clone());
            view! { <tr><th scope="row">{grid.label()}</th><td><Count figure /></td></tr> }
        });
        let names = match shown.is_empty() {
            true => Either::Left(
                view! { <p class="empty">{lang.say("还没有可以公开的姓名。", "No names to show yet.")}</p> },
            ),
            false => {
                let names = shown.into_iter().map(|(_, name)| view! { <li>{name}</li> });
                Either::Right(view! {
                    <p class="hint">{lang.say("姓名在签名一天后公开，顺序随机。", "Names appear a day after signing, in random order.")}</p>
                    <ul class="names">{names.collect_view()}</ul>
                })
            }
        };
        Some(view! {
            <PageTitle text=lang.say("动态", "Progress") />
            <main id="main" class="progress-page">
                <h1 class="page-title">{lang.say("大家的参与", "How many take part")}</h1>
                <p class="total"><Count figure=Figure::Signatures /> {lang.say(" 位居民已签名", " signed so far")}</p>
                <section aria-labelledby="recent">
                    <h2 id="recent" class="section-title">{lang.say("签名的邻居", "Neighbours who signed")}</h2>
                    {names}
                </section>
                {reports}
                <p class="page-action"><a class="weui-btn weui-btn_default" href="/messages">{lang.say("看居民寄语", "Residents’ messages")}</a></p>
                <section aria-labelledby="by-pledge">
                    <h2 id="by-pledge" class="section-title">{lang.say("各项承诺", "By pledge")}</h2>
                    <table class="counts" aria-labelledby="by-pledge"><tbody>{pledges.collect_view()}</tbody></table>
                </section>
                <section aria-labelledby="by-grid">
                    <h2 id="by-grid" class="section-title">{lang.say("各网格参与情况", "By grid")}</h2>
                    <table class="counts" aria-labelledby="by-grid">
                        <tbody>{grids.collect_view()} {unspecified}</tbody>
                    </table>
                </section>
                <p class="hint">{lang.say("按网格编号排列，不作排名。", "In the order of the grids’ numbers; not a ranking.")}</p>
            </main>
        })
    })
}

/// Numbers of reports by state, and by lead Party branch.
fn report_tables(page: &Page, figures: &ReportFigures) -> AnyView {
    let (campaign, lang) = (page.campaign(), page.lang);
    let shown =
        State::ALL.into_iter().filter(|state| *state != State::Withdrawn && !state.is_set_apart());
    let states = shown.map(|state| {
        let n = figures.states.get(&state).copied().unwrap_or_default();
        view! { <tr><th scope="row">{state.resident_label(lang)}</th><td>{grouped(n)}</td></tr> }
    });
    let branches = campaign.branches.iter().map(|branch| {
        let (open, closed) = figures.branches.get(&branch.slug).copied().unwrap_or_default();
        view! {
            <tr>
                <th scope="row">{branch.title.clone()}</th>
                <td>{grouped(open)}</td>
                <td>{grouped(closed)}</td>
            </tr>
        }
    });
    view! {
        <section aria-labelledby="reports">
            <h2 id="reports" class="section-title">{lang.say("居民反映的进展", "Progress of residents’ reports")}</h2>
            <table class="counts" aria-labelledby="reports"><tbody>{states.collect_view()}</tbody></table>
            <p class="page-action"><a class="weui-btn weui-btn_default" href="/reports">{lang.say("看身边的反映", "See reports around you")}</a></p>
        </section>
        <section aria-labelledby="by-branch">
            <h2 id="by-branch" class="section-title">{lang.say("各牵头支部", "By lead Party branch")}</h2>
            <table class="counts" aria-labelledby="by-branch">
                <thead><tr><th scope="col">{lang.say("支部", "Party branch")}</th><th scope="col">{lang.say("办理中", "Open")}</th><th scope="col">{lang.say("已办结", "Closed")}</th></tr></thead>
                <tbody>{branches.collect_view()}</tbody>
            </table>
        </section>
    }
    .into_any()
}

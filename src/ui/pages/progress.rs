//! `/progress`: the counts by pledge and by grid. Coverage, never a ranking.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

use crate::{
    domain::counts::{Figure, UNSPECIFIED},
    domain::slug::Slug,
    ui::{context::Page, parts::count::Count},
};

/// The page of counts.
#[component]
pub fn ProgressPage() -> impl IntoView {
    let page = Page::current();
    Suspend::new(async move {
        let recent = page.service.recent_signers().await;
        let recent = page.or_refuse(recent)?;
        let campaign = page.service.campaign();
        let pledges = campaign.pledges.iter().map(|pledge| {
            let figure = Figure::Pledge(pledge.slug.clone());
            view! { <tr><th scope="row">{pledge.title.clone()}</th><td><Count figure /></td></tr> }
        });
        let unspecified = Slug::parse(UNSPECIFIED).ok().map(|slug| {
            let figure = Figure::Grid(slug);
            view! { <tr><th scope="row">"没有说明小区"</th><td><Count figure /></td></tr> }
        });
        let grids = campaign.grids.iter().map(|grid| {
            let figure = Figure::Grid(grid.slug.clone());
            view! { <tr><th scope="row">{grid.label()}</th><td><Count figure /></td></tr> }
        });
        let names = match recent.is_empty() {
            true => Either::Left(view! { <p class="empty">"还没有居民公开姓名。"</p> }),
            false => {
                let names = recent.into_iter().map(|name| view! { <li>{name}</li> });
                Either::Right(view! { <ul class="names">{names.collect_view()}</ul> })
            }
        };
        Some(view! {
            <Title text="动态" />
            <main id="main" class="progress-page">
                <h1 class="page-title">"大家的参与"</h1>
                <p class="total"><Count figure=Figure::Signatures /> " 位居民已签名"</p>
                <section aria-labelledby="recent">
                    <h2 id="recent" class="section-title">"最近签名的邻居"</h2>
                    {names}
                </section>
                <section aria-labelledby="by-pledge">
                    <h2 id="by-pledge" class="section-title">"各项承诺"</h2>
                    <table class="counts" aria-labelledby="by-pledge"><tbody>{pledges.collect_view()}</tbody></table>
                </section>
                <section aria-labelledby="by-grid">
                    <h2 id="by-grid" class="section-title">"各网格参与情况"</h2>
                    <table class="counts" aria-labelledby="by-grid">
                        <tbody>{grids.collect_view()} {unspecified}</tbody>
                    </table>
                </section>
                <p class="hint">"按网格编号排列，不作排名。居民反映的处理进展，随“随手拍”一起开放。"</p>
            </main>
        })
    })
}

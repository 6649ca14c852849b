//! `/screen`: live board for the lobby of the street office, readable from six metres.

use domain::counts::Figure;
use islands::{
    board::{NewestMessages, RollingNumber},
    windows::Windows,
};
use leptos::prelude::*;

use crate::{
    context::Page,
    parts::{count::Count, frame::title::PageTitle, icon::PledgeIcon},
    share,
};

/// The live board.
#[component]
pub fn ScreenPage() -> impl IntoView {
    let page = Page::current();
    Suspend::new(async move {
        let initial = page.or_refuse(page.service.newest_messages().await)?;
        let campaign = page.campaign();
        let counts = page.service.counts();
        let titles = campaign.titles.clone();
        let grids = campaign.grids.len();
        let slugs = campaign.grids.iter().map(|grid| grid.slug.clone()).collect();
        let lit = share::lit_windows(&page.service, &counts);
        let pledges = campaign.pledges.iter().map(|pledge| {
            let figure = Figure::Pledge(pledge.slug.clone());
            let initial = counts.figure(&figure);
            view! {
                <li class="board__pledge">
                    <PledgeIcon icon=pledge.icon />
                    <span class="board__pledge-title">{pledge.title.clone()}</span>
                    <span class="board__pledge-count"><RollingNumber figure initial /></span>
                </li>
            }
        });
        Some(view! {
            <PageTitle text=titles.short />
            <main id="main" class="board">
                <header class="board__head">
                    <p class="board__street">{titles.street}</p>
                    <h1 class="board__title">{titles.title}</h1>
                </header>
                <p class="board__count">
                    <RollingNumber figure=Figure::Signatures initial=counts.signatures />
                    <span class="board__unit">"位居民已签名"</span>
                </p>
                <div class="board__windows">
                    <Windows grids=slugs lit=lit />
                    <p class="board__caption">{grids} "个网格，" <Count figure=Figure::LitGrids /> "个已有居民参与"</p>
                </div>
                <ul class="board__pledges">{pledges.collect_view()}</ul>
                <NewestMessages initial />
            </main>
        })
    })
}

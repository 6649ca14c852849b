//! Header of the home page: street, number of signatures, lit windows.

use domain::counts::Figure;
use islands::windows::Windows;
use leptos::prelude::*;

use super::count::Count;
use crate::context::Page;

/// The header of the home page.
#[component]
pub fn Hero() -> impl IntoView {
    let page = Page::current();
    let (campaign, lang) = (page.campaign(), page.lang);
    let counts = page.service.counts();
    let grids = campaign.grids.len();
    let lit =
        campaign.grids.iter().map(|grid| counts.has_signatures(&grid.slug)).collect::<Vec<_>>();
    let slugs = campaign.grids.iter().map(|grid| grid.slug.clone()).collect::<Vec<_>>();
    let titles = campaign.titles.clone();
    view! {
        <header class="hero">
            <div class="hero__name">
                <p class="hero__street">{titles.street}</p>
                <h1 class="hero__title">{titles.title}</h1>
            </div>
            <p class="hero__count">
                <Count figure=Figure::Signatures />
                <span class="hero__unit">{lang.say("位居民已签名", " signed so far")}</span>
            </p>
            // Live region for screen readers, filled by `islands::announcement`.
            <span class="unseen hero__said" role="status"></span>
            <Windows grids=slugs lit=lit />
            <p class="hero__caption">
                {grids}
                {lang.say("个网格，", " neighbourhood grids, ")}
                <Count figure=Figure::LitGrids />
                {lang.say("个已有居民参与", " with residents who have signed")}
            </p>
        </header>
    }
}

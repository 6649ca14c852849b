//! `/console/posters`: printable posters for stairwells, one with a QR code per grid.

use domain::{campaign::Grid, staff::Role};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{console_frame, signed_in_staff};
use crate::{context::Page, parts::qr};

/// The posters, each on a sheet of its own.
#[component]
pub fn PostersPage() -> impl IntoView {
    let page = Page::current();
    let asked = use_query_map().read_untracked().get("grid");
    let staff = signed_in_staff(&page)?;
    let campaign = page.service.campaign();
    let wanted = |grid: &&Grid| match &asked {
        Some(slug) => grid.slug.as_str() == slug,
        None => staff.role != Role::GridWorker || staff.grids.contains(&grid.slug),
    };
    let posters = campaign.grids.iter().filter(wanted).map(|grid| poster(&page, grid));
    let posters = posters.collect_view();
    let content = view! {
        <h1 class="page-title screen-only">"海报"</h1>
        <p class="hint screen-only">"每个网格一张，用浏览器打印。扫码地址：" {page.origin.clone()} "。正式打印前请用手机扫一下。"</p>
        <div class="posters">{posters}</div>
    };
    Some(console_frame(&page, &staff, "海报", content.into_any()))
}

fn poster(page: &Page, grid: &Grid) -> AnyView {
    let campaign = page.service.campaign();
    let address = format!("{}/g/{}", page.origin, grid.slug);
    let picture = qr::qr_svg(&address, 240);
    view! {
        <section class="poster">
            <p class="poster__street">{campaign.titles.street.clone()}</p>
            <h2 class="poster__title">{campaign.titles.title.clone()}</h2>
            <p class="poster__call">"微信扫一扫，签下我的文明承诺，随手拍身边事"</p>
            <div class="poster__code" role="img" aria-label=format!("{}的二维码", grid.title) inner_html=picture></div>
            <p class="poster__grid">{grid.label()}</p>
            <p class="poster__address">{address}</p>
        </section>
    }
    .into_any()
}

//! `/`: the 倡议, the pledges, the counts, the two calls to action.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    domain::{
        campaign::{Phase, Pledge},
        counts::Figure,
    },
    ui::{
        context::Page,
        parts::{appeal::Appeal, count::Count, hero::Hero, icon::PledgeIcon},
    },
};

/// The home page.
#[component]
pub fn HomePage() -> impl IntoView {
    let page = Page::current();
    let campaign = page.service.campaign();
    let pledges = campaign.pledges.iter().cloned().map(|pledge| view! { <PledgeRow pledge /> });
    let subtitle = campaign.titles.subtitle.clone();
    view! {
        <Title text=campaign.titles.short.clone() />
        <Hero />
        <main id="main" class="home">
            <section class="call-card" aria-label="参与">
                <p class="call-card__subtitle">{subtitle}</p>
                <Calls />
            </section>
            <section aria-labelledby="pledges-title">
                <h2 id="pledges-title" class="section-title">"文明承诺"</h2>
                <div class="weui-cells pledge-list">{pledges.collect_view()}</div>
            </section>
            <Appeal />
        </main>
    }
}

/// The two calls to action; after signing, reporting comes first.
#[component]
fn Calls() -> impl IntoView {
    let page = Page::current();
    let period = page.service.campaign().period.clone();
    match page.service.phase() {
        Phase::Before => {
            view! { <Closed>"签名将于" {period.opens.to_string()} "开始"</Closed> }.into_any()
        }
        Phase::After => {
            view! { <Closed>"签名已于" {period.closes.to_string()} "结束，感谢您的参与"</Closed> }
                .into_any()
        }
        Phase::Open if page.has_signed => view! {
            <div class="calls">
                <a class="weui-btn weui-btn_primary" href="/report">"随手拍"</a>
                <a class="weui-btn weui-btn_default" href="/signed">"我的承诺卡"</a>
            </div>
        }
        .into_any(),
        Phase::Open => view! {
            <div class="calls">
                <a class="weui-btn weui-btn_primary" href="/sign">"我要签名"</a>
                <a class="weui-btn weui-btn_default" href="/report">"随手拍"</a>
            </div>
        }
        .into_any(),
    }
}

#[component]
fn Closed(children: Children) -> impl IntoView {
    view! { <p class="notice" role="status">{children()}</p> }
}

/// One pledge in the list.
#[component]
fn PledgeRow(pledge: Pledge) -> impl IntoView {
    let figure = Figure::Pledge(pledge.slug.clone());
    view! {
        <a class="weui-cell weui-cell_access pledge-row" href=format!("/pledges/{}", pledge.slug)>
            <span class="weui-cell__hd"><PledgeIcon icon=pledge.icon /></span>
            <span class="weui-cell__bd">
                <span class="pledge-row__title">{pledge.title}</span>
                <span class="pledge-row__text">{pledge.text}</span>
                <span class="pledge-row__count"><Count figure /> "人承诺"</span>
            </span>
            <span class="weui-cell__ft"></span>
        </a>
    }
}

//! `/pledges/{slug}`: one pledge, its count, and the report categories that belong to it.

use domain::{
    campaign::{CategoryKind, Phase},
    counts::Figure,
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    context::{Page, PageOutcome},
    error::Refusal,
    parts::{count::Count, frame::title::PageTitle, icon::PledgeIcon},
};

/// The page of one pledge.
#[component]
pub fn PledgePage() -> impl IntoView {
    let page = Page::current();
    let slug = use_params_map().read_untracked().get("slug").unwrap_or_default();
    let Some(pledge) = page.campaign().pledge(&slug).cloned() else {
        page.set_outcome(PageOutcome::Refuse(Refusal::NotFound));
        return None;
    };
    let lang = page.lang;
    let categories = page.campaign().categories_of(&pledge.slug).map(|category| {
        let kind = match category.kind {
            CategoryKind::Casework => {
                lang.say("可以反映，有人办理", "can be reported and followed up")
            }
            CategoryKind::Reminder => lang.say("文明提醒", "noted as a civility reminder"),
            CategoryKind::Private => lang.say("可以反映，不公开", "can be reported, kept private"),
            CategoryKind::Praise => lang.say("夸一夸", "praise"),
        };
        view! {
            <li class="weui-cell">
                <span class="weui-cell__bd">{category.title.clone()}</span>
                <span class="weui-cell__ft">{kind}</span>
            </li>
        }
    });
    let figure = Figure::Pledge(pledge.slug.clone());
    let may_sign = page.service.phase() == Phase::Open && !page.has_signed;
    Some(view! {
        <PageTitle text=pledge.short />
        <main id="main" class="pledge-page">
            <article class="paper">
                <PledgeIcon icon=pledge.icon />
                <h1 class="paper__title">{pledge.title}</h1>
                <p class="paper__text">{pledge.text}</p>
                <p class="paper__count">{lang.say("已有 ", "")} <Count figure /> {lang.say(" 位居民作出这项承诺", " signed up to this pledge so far")}</p>
            </article>
            <h2 class="section-title">{lang.say("身边这些事，与它有关", "What it is about, around you")}</h2>
            <ul class="weui-cells">{categories.collect_view()}</ul>
            {may_sign.then(|| view! {
                <div class="page-action"><a class="weui-btn weui-btn_primary" href="/sign">{lang.say("我要签名", "Sign the pledge")}</a></div>
            })}
        </main>
    })
}

//! `/`: the appeal (倡议), the pledges, the counts, and links to sign and to report.

use domain::{
    campaign::{Phase, Pledge},
    counts::Figure,
    report::{Photo, Report},
};
use leptos::prelude::*;

use crate::{
    context::Page,
    parts::{
        appeal::Appeal, count::Count, frame::title::PageTitle, hero::Hero, icon::PledgeIcon,
        report::photo_pair,
    },
};

/// The home page.
#[component]
pub fn HomePage() -> impl IntoView {
    let page = Page::current();
    Suspend::new(async move {
        let pair = page.or_refuse(page.service.newest_pair().await)?;
        Some(home_view(&page, pair))
    })
}

fn home_view(page: &Page, pair: Option<(Report, Vec<Photo>)>) -> AnyView {
    let (campaign, lang) = (page.campaign(), page.lang);
    let pledges = campaign.pledges.iter().cloned().map(|pledge| view! { <PledgeRow pledge /> });
    let subtitle = campaign.titles.subtitle.clone();
    let pair = pair.map(|(report, photos)| {
        let by_staff = lang.staff_text_lang().filter(|_| report.summary.is_some());
        let summary = report.summary.clone().unwrap_or_else(|| report.default_summary(page.campaign()));
        view! {
            <section class="home-pair" aria-labelledby="pair-title">
                <h2 id="pair-title" class="section-title">{lang.say("刚刚办结", "Recently completed")}</h2>
                {photo_pair(lang, &photos)}
                <p class="home-pair__link"><a lang=by_staff href=format!("/reports/{}", report.code)>{summary}</a></p>
            </section>
        }
    });
    view! {
        <PageTitle text=campaign.titles.short.clone() />
        <Hero />
        <main id="main" class="home">
            <section class="call-card" aria-label=lang.say("参与", "Take part")>
                <p class="call-card__subtitle">{subtitle}</p>
                <Calls />
            </section>
            <section aria-labelledby="pledges-title">
                <h2 id="pledges-title" class="section-title">{lang.say("文明承诺", "Civility pledges")}</h2>
                <div class="weui-cells pledge-list">{pledges.collect_view()}</div>
            </section>
            {pair}
            <Appeal />
        </main>
    }
    .into_any()
}

/// The two main buttons: sign and report. After signing, report comes first.
#[component]
fn Calls() -> impl IntoView {
    let page = Page::current();
    let lang = page.lang;
    let period = page.campaign().period.clone();
    match page.service.phase() {
        Phase::Before => {
            let day = period.opens.format(lang);
            let text =
                lang.say(format!("签名将于{day}开始"), format!("Signing begins on {day}"));
            view! { <Closed>{text}</Closed> }.into_any()
        }
        Phase::After => {
            let day = period.closes.format(lang);
            let text = lang.say(
                format!("签名已于{day}结束，感谢您的参与"),
                format!("Signing ended on {day}. Thank you for taking part"),
            );
            view! { <Closed>{text}</Closed> }.into_any()
        }
        Phase::Open if page.has_signed => view! {
            <div class="calls">
                <a class="weui-btn weui-btn_primary" href="/report">{lang.say("随手拍", "Report")}</a>
                <a class="weui-btn weui-btn_default" href="/signed">{lang.say("我的承诺卡", "My pledge card")}</a>
            </div>
        }
        .into_any(),
        Phase::Open => view! {
            <div class="calls">
                <a class="weui-btn weui-btn_primary" href="/sign">{lang.say("我要签名", "Sign the pledge")}</a>
                <a class="weui-btn weui-btn_default" href="/report">{lang.say("随手拍", "Report")}</a>
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
    let lang = Page::current().lang;
    view! {
        <a class="weui-cell weui-cell_access pledge-row" href=format!("/pledges/{}", pledge.slug)>
            <span class="weui-cell__hd"><PledgeIcon icon=pledge.icon /></span>
            <span class="weui-cell__bd">
                <span class="pledge-row__title">{pledge.title}</span>
                <span class="pledge-row__text">{pledge.text}</span>
                <span class="pledge-row__count"><Count figure /> {lang.say("人承诺", " pledged")}</span>
            </span>
            <span class="weui-cell__ft"></span>
        </a>
    }
}

//! `/signed`: this visitor's signature, and what can be done with it.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    domain::counts::grouped,
    islands::{
        card::{CardPicture, CardText},
        forms::sign_form::ForgetDraft,
    },
    service::MySignature,
    ui::{
        context::{Instead, Page},
        parts::{icon::PlaneLeaf, qr, recovery::NewPhrase, withdraw::Withdraw},
    },
};

/// The page of one's own signature.
#[component]
pub fn SignedPage() -> impl IntoView {
    let page = Page::current();
    Suspend::new(async move {
        let mine = page.service.signature_of(&page.visitor).await;
        let Some(mine) = page.or_refuse(mine)? else {
            page.answer(Instead::Go("/sign"));
            return None;
        };
        Some(view! {
            <Title text="我的签名" />
            <main id="main" class="signed-page">
                <p class="signed-page__thanks">
                    <span class="signed-page__mark" aria-hidden="true"></span>
                    "签名成功，谢谢您"
                </p>
                <PromiseCard mine=mine.clone() />
                <CardPicture card=card_text(&page, &mine) />
                <p class="hint">"签名编号；有效签名总数以首页为准"</p>
                <section class="share" aria-labelledby="share-title">
                    <h2 id="share-title" class="section-title">"请邻居也来签"</h2>
                    <p class="hint">"在微信里点右上角“…”，发给邻居；或把手机递给身边的人："</p>
                    <form method="post" action="/sign/next">
                        <button class="weui-btn weui-btn_primary" type="submit">"换人签名"</button>
                    </form>
                    <p class="hint">"换人以后，这台手机不再显示您的签名，也不能在这台手机上撤回；您的签名仍然有效。"</p>
                </section>
                <NewPhrase />
                <Withdraw />
                <ForgetDraft />
            </main>
        })
    })
}

/// The 承诺卡 as a page can show it; it prints well.
#[component]
fn PromiseCard(mine: MySignature) -> impl IntoView {
    let page = Page::current();
    let campaign = page.service.campaign();
    let titles = mine.pledges.iter().map(|pledge| view! { <li>{pledge.title.clone()}</li> });
    let message =
        mine.message.map(|message| view! { <p class="promise-card__message">"“"{message}"”"</p> });
    let day = mine.day.map(|day| day.to_string());
    view! {
        <article class="promise-card" aria-label="文明承诺卡">
            <PlaneLeaf />
            <p class="promise-card__kind">"文明承诺卡"</p>
            <h1 class="promise-card__number">"第 " <strong>{grouped(mine.ordinal)}</strong> " 位"</h1>
            <p class="promise-card__name">{mine.name}</p>
            <p>"我承诺："</p>
            <ul class="promise-card__pledges">{titles.collect_view()}</ul>
            {message}
            <p class="promise-card__foot">{campaign.titles.street.clone()} {mine.grid.map(|grid| format!(" · {grid}"))}</p>
            <p class="promise-card__foot">{day}</p>
            <div class="promise-card__code" role="img" aria-label="本页面首页的二维码" inner_html=qr::picture(&page.origin, 160)></div>
            <p class="promise-card__foot">"扫一扫，一起签下文明承诺"</p>
            <PlaneLeaf />
        </article>
    }
}

/// What stands on the card's picture; the message is left out, since pictures travel far.
fn card_text(page: &Page, mine: &MySignature) -> CardText {
    let street = page.service.campaign().titles.street.clone();
    let grid = mine.grid.as_ref().map(|grid| format!(" · {grid}")).unwrap_or_default();
    CardText {
        name: mine.name.clone(),
        number: format!("第 {} 位", grouped(mine.ordinal)),
        pledges: mine.pledges.iter().map(|pledge| pledge.title.clone()).collect(),
        place: street + &grid,
        day: mine.day.map(|day| day.to_string()).unwrap_or_default(),
        code: qr::rows(&page.origin),
    }
}

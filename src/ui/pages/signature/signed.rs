//! `/signed`: the visitor's own signature: pledge card, sharing, next person, withdrawal.

use domain::counts::grouped;
use islands::{
    card::{CardPicture, CardText},
    forms::SIGN_DRAFT,
};
use leptos::prelude::*;
use service::MySignature;

use crate::{
    context::{Page, PageOutcome},
    parts::{
        form::{
            draft::ForgetDraft,
            owner::{OwnerField, Personal},
            proof::ProofFields,
            withdraw::Withdraw,
        },
        frame::title::PageTitle,
        icon::PlaneLeaf,
        qr,
        recovery::NewPhrase,
    },
};

/// The page of the visitor's own signature.
#[component]
pub fn SignedPage() -> impl IntoView {
    let page = Page::current();
    Suspend::new(async move {
        let lang = page.lang;
        let mine = page.service.signature_of(&page.visitor).await;
        let Some(mine) = page.or_refuse(mine)? else {
            page.set_outcome(PageOutcome::Redirect("/sign"));
            return None;
        };
        let late_proof = mine.awaits_proof.then(|| {
            let key = page.service.later_key(&page.visitor, &page.client_network);
            view! {
                <form id="proof" method="post" action="/signed" hidden>
                    <OwnerField />
                    <ProofFields key />
                </form>
            }
        });
        Some(view! {
            <PageTitle text=lang.say("我的签名", "My signature") />
            <Personal />
            <main id="main" class="signed-page">
                <p class="signed-page__thanks">
                    <span class="signed-page__mark" aria-hidden="true"></span>
                    {lang.say("签名成功，谢谢您", "Signed. Thank you")}
                </p>
                <PromiseCard mine=mine.clone() />
                <CardPicture card=card_text(&page, &mine) />
                <p class="hint">{lang.say("签名编号；有效签名总数以首页为准", "This is your signature number; see the home page for the current valid total")}</p>
                <section class="share" aria-labelledby="share-title">
                    <h2 id="share-title" class="section-title">{lang.say("请邻居也来签", "Ask your neighbours")}</h2>
                    <p class="hint">{lang.say("在微信里点右上角“…”，发给邻居；或把手机递给身边的人：", "In WeChat, tap “…” at the top right to send it to a neighbour; or hand your phone to the person beside you:")}</p>
                    <form method="post" action="/sign/next">
                        <OwnerField />
                        <button class="weui-btn weui-btn_primary" type="submit">{lang.say("换人签名", "Next person signs")}</button>
                    </form>
                    <p class="hint">{lang.say("换人以后，这台手机不再显示您的签名，也不能在这台手机上撤回；您的签名仍然有效。", "After that, this phone no longer shows your signature and you cannot withdraw it here; it remains valid.")}</p>
                </section>
                <NewPhrase />
                <Withdraw ordinal=mine.ordinal />
                <ForgetDraft of=SIGN_DRAFT />
                {late_proof}
            </main>
        })
    })
}

/// The pledge card (承诺卡) as HTML; suitable for printing.
#[component]
fn PromiseCard(mine: MySignature) -> impl IntoView {
    let page = Page::current();
    let (campaign, lang) = (page.campaign(), page.lang);
    let titles =
        campaign.pledges_of(&mine.pledges).map(|pledge| view! { <li>{pledge.title.clone()}</li> });
    let place = place_line(&page, &mine);
    let message =
        mine.message.map(|message| view! { <p class="promise-card__message">"“"{message}"”"</p> });
    let day = mine.day.map(|day| day.format(lang));
    view! {
        <article class="promise-card" aria-label=lang.say("文明承诺卡", "Civility pledge card")>
            <PlaneLeaf />
            <p class="promise-card__kind">{lang.say("文明承诺卡", "Civility pledge card")}</p>
            <h1 class="promise-card__number">{lang.say("第 ", "No. ")} <strong>{grouped(mine.ordinal)}</strong> {lang.say(" 位", "")}</h1>
            <p class="promise-card__name">{mine.name}</p>
            <p>{lang.say("我承诺：", "I pledge:")}</p>
            <ul class="promise-card__pledges">{titles.collect_view()}</ul>
            {message}
            <p class="promise-card__foot">{place}</p>
            <p class="promise-card__foot">{day}</p>
            <div class="promise-card__code" role="img" aria-label=lang.say("本页面首页的二维码", "QR code of the home page") inner_html=qr::qr_svg(&page.origin, 160)></div>
            <p class="promise-card__foot">{lang.say("扫一扫，一起签下文明承诺", "Scan to sign the civility pledge too")}</p>
            <PlaneLeaf />
        </article>
    }
}

/// The street, and the signer's grid if they gave one.
fn place_line(page: &Page, mine: &MySignature) -> String {
    let campaign = page.campaign();
    let street = campaign.titles.street.clone();
    match mine.grid.as_ref() {
        Some(grid) => format!("{street} · {}", campaign.grid_label(Some(grid))),
        None => street,
    }
}

/// Text of the card image. Without the message, because images are passed on.
fn card_text(page: &Page, mine: &MySignature) -> CardText {
    let lang = page.lang;
    let number = grouped(mine.ordinal);
    CardText {
        name: mine.name.clone(),
        number: lang.say(format!("第 {number} 位"), format!("No. {number}")),
        pledges: page
            .campaign()
            .pledges_of(&mine.pledges)
            .map(|pledge| pledge.title.clone())
            .collect(),
        place: place_line(page, mine),
        day: mine.day.map(|day| day.format(lang)).unwrap_or_default(),
        code: qr::modules(&page.origin),
    }
}

//! `/console/messages`: review of messages (寄语) before they are published, of those that somebody
//! objects to, and of the names that are public today.

use domain::{
    message::ReviewLane,
    signature::Ordinal,
    text::{Links, links},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use service::{MessageToReview, MessagesWaiting, message::MessageDecision};

use super::{console_frame, signed_in_staff};
use crate::{
    context::{Page, PageOutcome},
    error::Refusal,
    parts::form::owner::OwnerField,
};

/// The messages that wait for review.
#[component]
pub fn ReviewMessagesPage() -> impl IntoView {
    let page = Page::current();
    let query = use_query_map().read_untracked().clone();
    let lane = match query.get("lane").as_deref() {
        Some("objected") => ReviewLane::Objected,
        _ => ReviewLane::New,
    };
    let after = query.get("after").and_then(|ordinal| ordinal.parse().ok()).unwrap_or(0);
    Suspend::new(async move {
        let staff = signed_in_staff(&page)?;
        let found = page.service.messages_to_review(&staff, lane, after).await;
        let (messages, more, waiting) = match found {
            Ok(found) => found,
            Err(MessageDecision::Store(error)) => page.or_refuse(Err(error))?,
            Err(_) => {
                page.set_outcome(PageOutcome::Refuse(Refusal::NotPermitted(
                    "寄语由支部负责人或管理员审核",
                )));
                return None;
            }
        };
        let names = page.or_refuse(page.service.shown_names().await)?;
        let empty = messages.is_empty().then(|| {
            let nothing = match lane {
                ReviewLane::New => "没有等待审核的寄语。",
                ReviewLane::Objected => "没有等待处理的异议。",
            };
            view! { <p class="empty">{nothing}</p> }
        });
        let last = messages.last().map(|waiting| waiting.message.ordinal).filter(|_| more);
        let next = last.map(|ordinal| {
            let href = match lane {
                ReviewLane::New => format!("/console/messages?after={ordinal}"),
                ReviewLane::Objected => format!("/console/messages?lane=objected&after={ordinal}"),
            };
            view! {
                <nav class="pager" aria-label="翻页">
                    <a class="weui-btn weui-btn_default" rel="next" href=href>"下一页"</a>
                </nav>
            }
        });
        let content = view! {
            <h1 class="page-title">"寄语审核"</h1>
            {lanes(lane, waiting)}
            {empty}
            <ul class="wall">{messages.into_iter().map(review).collect_view()}</ul>
            {next}
            {public_names(names)}
        };
        Some(console_frame(&page, &staff, "寄语审核", content.into_any()))
    })
}

/// The two lanes, each with how many wait in it.
fn lanes(here: ReviewLane, waiting: MessagesWaiting) -> AnyView {
    let lanes = [
        (ReviewLane::New, "/console/messages", "新寄语", waiting.new),
        (ReviewLane::Objected, "/console/messages?lane=objected", "有异议", waiting.objected),
    ];
    let lanes = lanes.map(|(lane, href, word, n)| {
        let current = (lane == here).then_some("page");
        view! { <a class="count-chip" href=href aria-current=current>{word} " " <b>{n}</b></a> }
    });
    view! { <nav class="count-chips" aria-label="按审核">{lanes.collect_view()}</nav> }.into_any()
}

/// A message, what is said against it, and the decision.
fn review(waiting: MessageToReview) -> AnyView {
    let MessageToReview { message, objections, reasons } = waiting;
    let action = format!("/console/messages/{}", message.ordinal);
    let objections = (objections > 0).then(|| {
        let reasons = reasons.into_iter().map(|reason| view! { <li>{reason}</li> });
        view! {
            <div class="notice">
                <p>{objections} "人有异议"</p>
                <ul>{reasons.collect_view()}</ul>
            </div>
        }
    });
    let has_link = (links(&message.text) != Links::None)
        .then(|| view! { <p><span class="badge">"可能有网址"</span></p> });
    view! {
        <li class="wall__item">
            <p class="wall__text">{message.text}</p>
            {has_link}
            <p class="wall__who">"—— " {message.name.unwrap_or_else(|| "不公开姓名".into())}</p>
            {objections}
            <form class="wall__decide" method="post" action=action>
                <OwnerField />
                <button class="weui-btn weui-btn_primary" type="submit" name="show" value="yes">"展示"</button>
                <button class="weui-btn weui-btn_warn" type="submit" name="show" value="no">"不展示"</button>
            </form>
        </li>
    }
    .into_any()
}

/// The names that are public today, each with the button that takes it away.
fn public_names(names: Vec<(Ordinal, String)>) -> AnyView {
    let empty = names.is_empty().then(|| view! { <p class="empty">"今天没有公开的姓名。"</p> });
    let names = names.into_iter().map(|(ordinal, name)| {
        let action = format!("/console/signatures/{ordinal}/unshow");
        view! {
            <li class="wall__item">
                <form class="wall__decide" method="post" action=action>
                    <OwnerField />
                    <span>"第" {ordinal} "位 " {name}</span>
                    <button class="weui-btn weui-btn_warn" type="submit">"不再公开"</button>
                </form>
            </li>
        }
    });
    view! {
        <section aria-labelledby="public-names">
            <h2 id="public-names" class="section-title">"今天公开的姓名"</h2>
            <p class="hint">"签名一天后公开，每天换一批，顺序随机。拼出不当内容的可以不再公开。"</p>
            {empty}
            <ul class="wall">{names.collect_view()}</ul>
        </section>
    }
    .into_any()
}

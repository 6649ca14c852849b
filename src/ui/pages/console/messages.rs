//! `/console/messages`: review of messages (寄语) before they are published.

use leptos::prelude::*;
use service::message::MessageDecision;

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
    Suspend::new(async move {
        let staff = signed_in_staff(&page)?;
        let waiting = match page.service.messages_to_review(&staff).await {
            Ok(waiting) => waiting,
            Err(MessageDecision::Store(error)) => page.or_refuse(Err(error))?,
            Err(_) => {
                page.set_outcome(PageOutcome::Refuse(Refusal::NotPermitted(
                    "寄语由支部负责人或管理员审核",
                )));
                return None;
            }
        };
        let empty = waiting.is_empty();
        let items = waiting.into_iter().map(|message| {
            let action = format!("/console/messages/{}", message.ordinal);
            let objections = (message.objections > 0).then(|| {
                let reasons = message.reasons.clone();
                view! { <p class="notice">{message.objections} "人有异议：" {reasons}</p> }
            });
            view! {
                <li class="wall__item">
                    <p class="wall__text">{message.text}</p>
                    <p class="wall__who">"—— " {message.name.unwrap_or_else(|| "不公开姓名".into())}</p>
                    {objections}
                    <form class="wall__decide" method="post" action=action>
                        <OwnerField />
                        <button class="weui-btn weui-btn_primary" type="submit" name="show" value="yes">"展示"</button>
                        <button class="weui-btn weui-btn_warn" type="submit" name="show" value="no">"不展示"</button>
                    </form>
                </li>
            }
        });
        let items = items.collect_view();
        let content = view! {
            <h1 class="page-title">"寄语审核"</h1>
            {empty.then(|| view! { <p class="empty">"没有等待审核的寄语。"</p> })}
            <ul class="wall">{items}</ul>
        };
        Some(console_frame(&page, &staff, "寄语审核", content.into_any()))
    })
}

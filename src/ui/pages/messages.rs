//! `/messages`: published messages (寄语), each with a form to object.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use service::message::WALL_PAGE;

use crate::{context::Page, parts::frame::title::PageTitle};

/// The message wall.
#[component]
pub fn MessagesPage() -> impl IntoView {
    let page = Page::current();
    let lang = page.lang;
    let query = use_query_map().read_untracked().clone();
    let before = query.get("before").and_then(|ordinal| ordinal.parse().ok());
    let thanks = query.get("thanks").is_some();
    Suspend::new(async move {
        let wall = page.or_refuse(page.service.wall(before).await)?;
        let last = wall.last().map(|message| message.ordinal);
        let more = last.filter(|_| wall.len() == usize::from(WALL_PAGE));
        let empty = wall.is_empty();
        let items = wall.into_iter().map(|message| {
            let who = message.name.unwrap_or_else(|| lang.say("一位居民", "A resident").into());
            let action = format!("/messages/{}/object", message.ordinal);
            view! {
                <li class="wall__item">
                    <p class="wall__text">{message.text}</p>
                    <p class="wall__who">{lang.say("—— ", "— ")} {who}</p>
                    <details class="fold wall__object">
                        <summary>{lang.say("有异议", "Raise a concern")}</summary>
                        <form method="post" action=action>
                            <label class="field__label">
                                {lang.say("为什么（可不写）", "Why (optional)")}
                                <input class="field__input" type="text" name="reason" maxlength="500" autocomplete="off" />
                            </label>
                            <button class="weui-btn weui-btn_default" type="submit">{lang.say("请工作人员看一下", "Ask staff to look at it")}</button>
                        </form>
                    </details>
                </li>
            }
        });
        let items = items.collect_view();
        Some(view! {
            <PageTitle text=lang.say("居民寄语", "Residents’ messages") />
            <main id="main" class="messages-page">
                <h1 class="page-title">{lang.say("居民寄语", "Residents’ messages")}</h1>
                {thanks.then(|| view! { <p class="notice" role="status">{lang.say("收到了，工作人员会尽快处理。", "Received; staff will look at it soon.")}</p> })}
                {empty.then(|| view! { <p class="empty">{lang.say("还没有可以展示的寄语。", "No messages to show yet.")}</p> })}
                <ul class="wall">{items}</ul>
                {more.map(|ordinal| view! {
                    <nav class="pager" aria-label=lang.say("翻页", "Pages")>
                        <a class="weui-btn weui-btn_default" rel="next" href=format!("/messages?before={ordinal}")>{lang.say("更早的", "Earlier ones")}</a>
                    </nav>
                })}
            </main>
        })
    })
}

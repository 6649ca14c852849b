//! `/messages`: the wall of 寄语, and a way to object.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{service::message::WALL_PAGE, ui::context::Page};

/// The wall.
#[component]
pub fn MessagesPage() -> impl IntoView {
    let page = Page::current();
    let query = use_query_map().read_untracked().clone();
    let before = query.get("before").and_then(|ordinal| ordinal.parse().ok());
    let thanks = query.get("thanks").is_some();
    Suspend::new(async move {
        let wall = page.or_refuse(page.service.wall(before).await)?;
        let last = wall.last().map(|message| message.ordinal);
        let more = last.filter(|_| wall.len() == usize::from(WALL_PAGE));
        let empty = wall.is_empty();
        let items = wall.into_iter().map(|message| {
            let who = message.name.unwrap_or_else(|| "一位居民".into());
            let action = format!("/messages/{}/object", message.ordinal);
            view! {
                <li class="wall__item">
                    <p class="wall__text">{message.text}</p>
                    <p class="wall__who">"—— " {who}</p>
                    <details class="fold wall__object">
                        <summary>"有异议"</summary>
                        <form method="post" action=action>
                            <label class="field__label">
                                "为什么（可不写）"
                                <input class="field__input" type="text" name="reason" autocomplete="off" />
                            </label>
                            <button class="weui-btn weui-btn_default" type="submit">"请工作人员看一下"</button>
                        </form>
                    </details>
                </li>
            }
        });
        let items = items.collect_view();
        Some(view! {
            <Title text="居民寄语" />
            <main id="main" class="messages-page">
                <h1 class="page-title">"居民寄语"</h1>
                {thanks.then(|| view! { <p class="notice" role="status">"收到了，工作人员会尽快处理。"</p> })}
                {empty.then(|| view! { <p class="empty">"还没有可以展示的寄语。"</p> })}
                <ul class="wall">{items}</ul>
                {more.map(|ordinal| view! {
                    <nav class="pager" aria-label="翻页">
                        <a class="weui-btn weui-btn_default" rel="next" href=format!("/messages?before={ordinal}")>"更早的"</a>
                    </nav>
                })}
            </main>
        })
    })
}

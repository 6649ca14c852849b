//! `/offline`: what a phone shows without a network, kept there by the service worker.

use leptos::prelude::*;
use leptos_meta::Title;

/// The page.
#[component]
pub fn OfflinePage() -> impl IntoView {
    view! {
        <Title text="没有网络" />
        <main id="main" class="offline-page">
            <h1 class="page-title">"现在没有网络"</h1>
            <p class="hint">"这一页要有网络才能打开。不用网络也可以先填好：填好的内容和照片存在手机里，有网络时自动送出。"</p>
            <p class="page-action"><a class="weui-btn weui-btn_primary" href="/report">"随手拍"</a></p>
            <p class="page-action"><a class="weui-btn weui-btn_default" href="/sign">"我要签名"</a></p>
            <p class="page-action"><a class="weui-btn weui-btn_default" href="/me">"有网络了，看我的"</a></p>
        </main>
    }
}

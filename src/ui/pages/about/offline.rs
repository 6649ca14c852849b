//! `/offline`: fallback page without a network; cached by the service worker.

use leptos::prelude::*;

use crate::{context::Page, parts::frame::title::PageTitle};

/// The offline page.
#[component]
pub fn OfflinePage() -> impl IntoView {
    let lang = Page::current().lang;
    view! {
        <PageTitle text=lang.say("没有网络", "No network") />
        <main id="main" class="offline-page">
            <h1 class="page-title">{lang.say("现在没有网络", "There is no network")}</h1>
            <p class="hint">{lang.say("这一页要有网络才能打开。不用网络也可以先填好：填好的内容和照片存在手机里，有网络时自动送出。", "This page needs a network. You can fill in a form without one: words and photos are kept in the phone and sent when there is a network.")}</p>
            <p class="page-action"><a class="weui-btn weui-btn_primary" href="/report">{lang.say("随手拍", "Report")}</a></p>
            <p class="page-action"><a class="weui-btn weui-btn_default" href="/sign">{lang.say("我要签名", "Sign the pledge")}</a></p>
            <p class="page-action"><a class="weui-btn weui-btn_default" href="/me">{lang.say("有网络了，看我的", "The network is back: see mine")}</a></p>
        </main>
    }
}

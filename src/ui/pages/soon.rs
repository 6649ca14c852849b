//! A tab whose page is not built yet says so.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::ui::context::Page;

/// 随手拍, for now.
#[component]
pub fn SoonPage() -> impl IntoView {
    let page = Page::current();
    let phone = page.service.campaign().footer.help_phone.clone();
    view! {
        <Title text="随手拍" />
        <main id="main" class="message-page">
            <h1>"随手拍即将开放"</h1>
            <p>"很快您就可以在这里拍下身边的不文明现象，由网格员上门处理。"</p>
            <p>"现在有急事，请拨打 " <a href=format!("tel:{phone}")>{phone.clone()}</a> "。"</p>
            <a class="weui-btn weui-btn_default" href="/">"回首页"</a>
        </main>
    }
}

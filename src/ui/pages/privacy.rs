//! `/privacy`: personal information and accessibility, in plain words.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::ui::context::Page;

/// The page about personal information.
#[component]
pub fn PrivacyPage() -> impl IntoView {
    let page = Page::current();
    let privacy = page.service.campaign().privacy.clone();
    let sections = privacy.sections.into_iter().map(|section| {
        view! {
            <section>
                <h2>{section.title}</h2>
                <p>{section.text}</p>
            </section>
        }
    });
    view! {
        <Title text="个人信息说明" />
        <main id="main" class="text-page">
            <h1>"个人信息说明"</h1>
            {sections.collect_view()}
            <section>
                <h2>"有疑问，找谁"</h2>
                <p>{privacy.contact}"。"</p>
            </section>
            <section>
                <h2>"无障碍"</h2>
                <p>"所有功能都可以用键盘和读屏软件完成，不开启脚本也能签名。用着不方便，请告诉我们。"</p>
            </section>
            <p class="text-page__version">"说明版本：" {privacy.version}</p>
        </main>
    }
}

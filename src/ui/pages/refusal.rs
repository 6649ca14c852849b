//! Error page: why a request was refused, and what to do now.

use leptos::prelude::*;

use crate::{context::Page, error::Refusal, parts::frame::title::PageTitle};

/// The error page.
#[component]
pub fn RefusalPage(
    /// The reason.
    refusal: Refusal,
) -> impl IntoView {
    let page = Page::current();
    let lang = page.lang;
    let (href, words) = match refusal {
        _ if page.path.starts_with("/console") => ("/console", "回队列"),
        Refusal::WrongOwner => ("/me", lang.say("看我的", "See mine")),
        _ => ("/", lang.say("回首页", "Home")),
    };
    view! {
        <PageTitle text=lang.say("提示", "Note") />
        <main id="main" class="message-page">
            <h1>{refusal.title(lang)}</h1>
            <p>{refusal.advice(lang)}</p>
            <a class="weui-btn weui-btn_default" href=href>{words}</a>
        </main>
    }
}

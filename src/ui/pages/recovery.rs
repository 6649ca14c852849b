//! `/recovery`: getting back what one has done here, by a phrase that was written down.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

use crate::ui::{
    context::Page,
    parts::{
        fields::{Kept, Text, field_error, text_field},
        recovery::NewPhrase,
    },
};

/// The page: a new phrase if one was just made, else the form for one.
#[component]
pub fn RecoveryPage() -> impl IntoView {
    let page = Page::current();
    let content = match &page.phrase {
        Some(phrase) => Either::Left(view! {
            <h1 class="page-title">"请抄下这个口令"</h1>
            <p class="phrase">{phrase.to_string()}</p>
            <p class="hint">"离开这一页就不再显示。换了手机或清理了微信，在“我的”里选“用口令找回”，输入这16位数字，您的签名和反映就回来了。"</p>
            <p class="hint">"只能用一次；再生成一个，前一个就作废。请不要告诉别人。"</p>
            <p class="page-action"><a class="weui-btn weui-btn_primary" href="/me">"抄好了"</a></p>
        }),
        None => {
            let kept = Kept::of(page.refused("recovery"));
            let summary = kept.summary("没有找回：");
            let phrase = text_field("phrase", "16位数字的口令", None, Text::Line("text"), &kept);
            Either::Right(view! {
                <h1 class="page-title">"用口令找回"</h1>
                {summary}
                <form method="post" action="/recovery">
                    <div class="weui-cells form-cells">
                        {phrase}
                        <label class="weui-cell weui-check__label">
                            <span class="weui-cell__hd"><input class="tick" type="checkbox" name="merge" id=kept.id("merge") /></span>
                            <span class="weui-cell__bd">"这台手机上现有的签名和反映，也并到找回的名下（两边都签过名的，保留早的一个）"</span>
                        </label>
                        {field_error("merge", kept.error("merge"))}
                    </div>
                    <p class="page-action"><button class="weui-btn weui-btn_primary" type="submit">"找回我的签名和反映"</button></p>
                </form>
                <p class="hint">"口令是以前在“我的签名”或反映页面上生成、由您自己抄下的。没有口令就无法找回，您可以重新签名。"</p>
                <NewPhrase />
            })
        }
    };
    view! {
        <Title text="找回" />
        <main id="main" class="recovery-page">{content}</main>
    }
}

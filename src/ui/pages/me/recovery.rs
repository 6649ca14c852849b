//! `/recovery`: restores signature and reports on another device with a recovery code.

use leptos::{either::Either, prelude::*};

use crate::{
    context::Page,
    parts::{
        form::{
            fields::{TextInput, field_error, text_field},
            owner::{OwnerField, Personal},
        },
        frame::title::PageTitle,
        recovery::NewPhrase,
    },
};

/// The page: the new recovery code if one was just created, else the form to enter one.
#[component]
pub fn RecoveryPage() -> impl IntoView {
    let page = Page::current();
    let lang = page.lang;
    let content = match &page.recovery_code {
        Some(phrase) => Either::Left(view! {
            <h1 class="page-title">{lang.say("请抄下这个口令", "Please write down this recovery code")}</h1>
            <p class="phrase">{phrase.to_string()}</p>
            <p class="hint">{lang.say("离开这一页就不再显示。换了手机或清理了微信，在“我的”里选“用口令找回”，输入这16位数字，您的签名和反映就回来了。", "It is not shown again after you leave this page. On another phone, or after clearing WeChat, choose “Restore with a recovery code” under “Me” and type these 16 digits: your signature and reports come back.")}</p>
            <p class="hint">{lang.say("只能用一次；再生成一个，前一个就作废。请不要告诉别人。", "It works once only; if you make another, this one stops working. Do not share it with anyone.")}</p>
            <p class="page-action"><a class="weui-btn weui-btn_primary" href="/me">{lang.say("抄好了", "I have written it down")}</a></p>
        }),
        None => {
            let form = page.form("recovery");
            let summary = form.summary(lang.say("没有找回：", "Nothing was restored:"));
            let phrase = text_field(
                "phrase",
                lang.say("16位数字的口令", "16-digit recovery code"),
                None,
                TextInput::Line("text"),
                &form,
            );
            Either::Right(view! {
                <h1 class="page-title">{lang.say("用口令找回", "Restore with a recovery code")}</h1>
                {summary}
                <form method="post" action="/recovery">
                    <OwnerField />
                    <div class="weui-cells form-cells">
                        {phrase}
                        <label class="weui-cell weui-check__label">
                            <span class="weui-cell__hd"><input class="tick" type="checkbox" name="merge" id=form.id("merge") /></span>
                            <span class="weui-cell__bd">{lang.say("这台手机上现有的签名和反映，也并到找回的名下（两边都签过名的，保留早的一个）", "Also merge the signature and reports already on this phone into the restored ones (if both have signed, the earlier signature is kept)")}</span>
                        </label>
                        {field_error("merge", form.error("merge"))}
                    </div>
                    <p class="page-action"><button class="weui-btn weui-btn_primary" type="submit">{lang.say("找回我的签名和反映", "Restore my signature and reports")}</button></p>
                </form>
                <p class="hint">{lang.say("口令是以前在“我的签名”或反映页面上生成、由您自己抄下的。没有口令就无法找回，您可以重新签名。", "You created the recovery code earlier on “My signature” or a report’s page and wrote it down yourself. Nothing can be restored without it, but you can sign again.")}</p>
                <NewPhrase />
            })
        }
    };
    view! {
        <PageTitle text=lang.say("找回", "Restore") />
        <Personal />
        <main id="main" class="recovery-page">{content}</main>
    }
}

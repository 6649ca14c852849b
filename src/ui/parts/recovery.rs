//! Form to create a recovery code, on pages with something to recover.

use leptos::prelude::*;

use super::form::owner::OwnerField;
use crate::context::Page;

/// The collapsed form that creates a recovery code.
#[component]
pub fn NewPhrase() -> impl IntoView {
    let lang = Page::current().lang;
    view! {
        <details class="fold">
            <summary>{lang.say("换手机或清理微信前，留个找回口令", "Before changing phones or clearing WeChat, get a recovery code")}</summary>
            <p class="hint">{lang.say("我们不问您的手机号，只靠这台手机认出您。抄下一个口令，以后就能在别的手机上找回。", "We do not ask for your phone number and recognise you only by this phone. Write down a recovery code, and you can restore your signature and reports on another phone.")}</p>
            <form method="post" action="/recovery/new">
                <OwnerField />
                <button class="weui-btn weui-btn_default" type="submit">{lang.say("生成口令", "Create a recovery code")}</button>
            </form>
        </details>
    }
}

//! A phrase for later, where there is something to come back to.

use leptos::prelude::*;

/// The way to a phrase, folded.
#[component]
pub fn NewPhrase() -> impl IntoView {
    view! {
        <details class="fold">
            <summary>"换手机或清理微信前，留个找回口令"</summary>
            <p class="hint">"我们不问您的手机号，只靠这台手机认出您。抄下一个口令，以后就能在别的手机上找回。"</p>
            <form method="post" action="/recovery/new">
                <button class="weui-btn weui-btn_default" type="submit">"生成口令"</button>
            </form>
        </details>
    }
}

//! Taking a signature back.

use leptos::prelude::*;

/// Taking the signature back, as easy as giving it; folded, so that nobody does it
/// by a slip of the thumb.
#[component]
pub fn Withdraw() -> impl IntoView {
    view! {
        <details class="fold withdraw">
            <summary>"撤回签名"</summary>
            <p class="hint">"撤回后，您的姓名和寄语立即删除，总数减少一位。以后还可以再签。"</p>
            <form method="post" action="/sign/withdraw">
                <button class="weui-btn weui-btn_warn" type="submit">"确认撤回"</button>
            </form>
        </details>
    }
}

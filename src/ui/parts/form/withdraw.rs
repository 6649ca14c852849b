//! Form to withdraw a signature.

use domain::signature::Ordinal;
use leptos::prelude::*;

use super::owner::OwnerField;
use crate::context::Page;

/// Form to withdraw the signature; collapsed, so that nobody withdraws by accident.
#[component]
pub fn Withdraw(
    /// Number of the signature.
    ordinal: Ordinal,
) -> impl IntoView {
    let lang = Page::current().lang;
    view! {
        <details class="fold withdraw">
            <summary>{lang.say("撤回签名", "Withdraw my signature")}</summary>
            <p class="hint">{lang.say("撤回后，您的姓名和寄语立即删除，总数减少一位。以后还可以再签。", "Once withdrawn, your name and message are deleted at once and the count goes down by one. You can sign again later.")}</p>
            <form method="post" action="/sign/withdraw">
                <OwnerField />
                <input type="hidden" name="ordinal" value=ordinal.to_string() />
                <button class="weui-btn weui-btn_warn" type="submit">{lang.say("确认撤回", "Confirm withdrawal")}</button>
            </form>
        </details>
    }
}

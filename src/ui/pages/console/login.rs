//! `/console/login`: login of staff.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    context::{Page, PageOutcome},
    parts::{
        form::{
            fields::{TextInput, text_field},
            owner::Personal,
        },
        frame::title::PageTitle,
    },
};

/// The login page.
#[component]
pub fn LoginPage() -> impl IntoView {
    let page = Page::current();
    if page.staff.is_some() && page.form_state.is_none() {
        page.set_outcome(PageOutcome::Redirect("/console"));
    }
    let form = page.form("login");
    let next = match form.is_fresh() {
        true => use_query_map().read_untracked().get("next").unwrap_or_default(),
        false => form.value("next"),
    };
    let summary = form.summary("没有登录：");
    let login = text_field("login", "登录名", None, TextInput::Line("text"), &form);
    let password = text_field("password", "密码", None, TextInput::Line("password"), &form);
    view! {
        <PageTitle text="工作台登录" />
        <Personal />
        <main id="main" class="login-page">
            <h1 class="page-title">"工作台登录"</h1>
            {summary}
            <form method="post" action="/console/login">
                <input type="hidden" name="next" value=next />
                <div class="weui-cells form-cells">{login} {password}</div>
                <p class="page-action"><button class="weui-btn weui-btn_primary" type="submit">"登录"</button></p>
            </form>
            <p class="hint">"供网格员、支部和街道工作人员使用。忘记密码，请找街道的管理员重设。"</p>
        </main>
    }
}

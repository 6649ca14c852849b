//! `/console/account`: the staff member's own account: password and sessions.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use service::staff::password;

use super::{console_frame, signed_in_staff};
use crate::{
    context::Page,
    parts::form::{
        fields::{TextInput, text_field},
        owner::OwnerField,
    },
};

/// The account page.
#[component]
pub fn AccountPage() -> impl IntoView {
    let page = Page::current();
    let query = use_query_map();
    let said = |name| query.read_untracked().get(name).is_some();
    let (done, weak) = (said("done"), said("weak"));
    let staff = signed_in_staff(&page)?;
    let form = page.form("password");
    let grids: Vec<String> = staff.grids.iter().map(ToString::to_string).collect();
    let hint = format!("至少{}个字符，可以用一句话", password::MIN);
    let old = text_field("old", "原来的密码", None, TextInput::Line("password"), &form);
    let new = text_field("new", "新密码", Some(hint), TextInput::Line("password"), &form);
    let content = view! {
        <h1 class="page-title">{staff.name.clone()}</h1>
        <p class="hint">{staff.role.title()} " " {grids.join("、")}</p>
        {done.then(|| view! { <p class="notice" role="status">"密码已更换，其他设备上的登录已退出。"</p> })}
        {weak.then(|| view! { <p class="notice" role="status">"您的密码太容易被猜到，请现在更换。"</p> })}
        <form class="page-action" method="post" action="/console/logout">
            <OwnerField />
            <button class="weui-btn weui-btn_default" type="submit">"退出登录"</button>
        </form>
        <form class="page-action" method="post" action="/console/logout">
            <OwnerField />
            <button class="weui-btn weui-btn_warn" type="submit" name="everywhere" value="on">"退出所有设备"</button>
        </form>
        <p class="page-action"><a class="weui-btn weui-btn_default" href="/console/account/factor">"手机动态码"</a></p>
        {form.summary("密码没有更换：")}
        <form method="post" action="/console/account">
            <OwnerField />
            <h2 class="section-title">"更换密码"</h2>
            <div class="weui-cells form-cells">{old} {new}</div>
            <p class="page-action"><button class="weui-btn weui-btn_primary" type="submit">"更换密码"</button></p>
        </form>
    };
    Some(console_frame(&page, &staff, "我的账号", content.into_any()))
}

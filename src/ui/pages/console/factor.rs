//! The second factor: the code that a login waits for, setting it up, and the code before a deed that
//! can't be undone.

use domain::{
    lang::Lang,
    staff::{Role, Staff, Stage},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use service::staff::{FactorSummary, OfferedFactor};

use super::{console_frame, signed_in_staff};
use crate::{
    context::{Page, PageOutcome},
    form_state::FormState,
    parts::{
        form::{
            fields::field_error,
            owner::{OwnerField, Personal},
        },
        frame::title::PageTitle,
        qr,
    },
};

/// `/console/login/code`.
#[component]
pub fn LoginCodePage() -> impl IntoView {
    let page = Page::current();
    if page.pending.as_ref().is_none_or(|session| session.stage != Stage::Code) {
        page.set_outcome(PageOutcome::Redirect("/console"));
    }
    let form = page.form("code");
    let content = view! {
        <h1 class="page-title">"请输入动态码"</h1>
        {form.summary("没有登录：")}
        <form method="post" action="/console/login/code">
            <OwnerField />
            <input type="hidden" name="next" value=next_of(&form) />
            <div class="weui-cells form-cells">{code_field(&form)}</div>
            <p class="page-action"><button class="weui-btn weui-btn_primary" type="submit">"登录"</button></p>
        </form>
        <p class="hint">"打开手机上的验证器，输入6位数字。手机不在身边，可以输入一个备用码。手机丢了，请另一位管理员重设。"</p>
        <LogOut />
    };
    bare_frame("请输入动态码", content.into_any())
}

/// `/console/confirm`.
#[component]
pub fn ConfirmPage() -> impl IntoView {
    let page = Page::current();
    let staff = signed_in_staff(&page)?;
    let form = page.form("code");
    let content = view! {
        <h1 class="page-title">"请再输入一次动态码"</h1>
        {form.summary("还没有办：")}
        <form method="post" action="/console/confirm">
            <OwnerField />
            <input type="hidden" name="next" value=next_of(&form) />
            <div class="weui-cells form-cells">{code_field(&form)}</div>
            <p class="page-action"><button class="weui-btn weui-btn_primary" type="submit">"确定"</button></p>
        </form>
        <p class="hint">"这一步不能撤销。十分钟内不再问。"</p>
    };
    Some(console_frame(&page, &staff, "动态码", content.into_any()))
}

/// `/console/account/factor`.
#[component]
pub fn FactorPage() -> impl IntoView {
    let page = Page::current();
    Suspend::new(async move {
        let pending = page.pending.as_ref().filter(|session| session.stage == Stage::SetUp);
        let session = page.session.as_ref().or(pending);
        let Some(session) = session.cloned() else {
            page.set_outcome(PageOutcome::Redirect("/console"));
            return None;
        };
        let staff = session.staff.clone();
        let summary = page.or_refuse(page.service.factor_summary(&staff).await)?;
        if page.or_refuse(page.service.needs_code(&session).await)? {
            page.set_outcome(PageOutcome::Redirect(
                "/console/confirm?next=/console/account/factor",
            ));
            return None;
        }
        let form = page.form("code");
        let content = match page.submitted_form("codes-made") {
            Some(made) => one_time_codes(&made.values("codes")),
            None => {
                let offered = page.or_refuse(page.service.offered_factor(&session).await)?;
                let more = summary.is_set_up.then(|| more(summary, staff.role));
                view! {
                    {form.summary("没有设置好：")}
                    {set_up_form(&form, &offered, summary.is_set_up)}
                    {more}
                }
                .into_any()
            }
        };
        Some(match &page.staff {
            Some(staff) => console_frame(&page, staff, "动态码", content),
            None => bare_frame("设置动态码", view! { {content} <LogOut /> }.into_any()).into_any(),
        })
    })
}

/// What a manager without a second factor is told.
pub async fn missing_factor_notice(page: &Page, staff: &Staff) -> Option<AnyView> {
    if staff.role != Role::Manager {
        return None;
    }
    let due = page.or_refuse(page.service.factor_summary(staff).await)?.due_at?;
    let day = page.service.day(due).map(|day| day.format(Lang::Zh)).unwrap_or_default();
    let view = view! {
        <p class="notice" role="status">
            "管理员登录要有手机上的动态码。请在" {day} "前" <a href="/console/account/factor">"设置动态码"</a> "，过后不设置就不能办事。"
        </p>
    };
    Some(view.into_any())
}

/// A field for a code.
pub fn code_field(form: &FormState) -> AnyView {
    let error = form.error("code");
    let invalid = error.is_some().then_some("true");
    let described = error.is_some().then_some("error-code");
    view! {
        <div class="weui-cell field">
            <label class="field__label" for="field-code">"动态码"</label>
            <input
                class="field__input"
                id="field-code"
                name="code"
                inputmode="numeric"
                autocomplete="one-time-code"
                aria-invalid=invalid
                aria-describedby=described
            />
            {field_error("code", error)}
        </div>
    }
    .into_any()
}

fn set_up_form(form: &FormState, offered: &OfferedFactor, again: bool) -> AnyView {
    let groups = offered.secret.as_bytes().chunks(4).map(String::from_utf8_lossy);
    let secret = groups.collect::<Vec<_>>().join(" ");
    let title = if again { "换一部手机" } else { "设置动态码" };
    view! {
        <h1 class="page-title">{title}</h1>
        <ol class="factor-steps">
            <li>"在手机上装一个验证器，支持TOTP的都可以。"</li>
            <li>
                "用它扫这个码，或输入密钥："
                <div class="factor-code" role="img" aria-label="密钥的二维码" inner_html=qr::qr_svg(&offered.url, 200)></div>
                <code id="factor-secret">{secret}</code>
            </li>
            <li>"输入它显示的6位数字。"</li>
        </ol>
        <form method="post" action="/console/account/factor/enrol">
            <OwnerField />
            <div class="weui-cells form-cells">{code_field(form)}</div>
            <p class="page-action"><button class="weui-btn weui-btn_primary" type="submit">"完成设置"</button></p>
        </form>
    }
    .into_any()
}

/// What one may do who has a second factor.
fn more(summary: FactorSummary, role: Role) -> AnyView {
    let remove = (role != Role::Manager).then(|| {
        view! {
            <form class="page-action" method="post" action="/console/account/factor/remove">
                <OwnerField />
                <button class="weui-btn weui-btn_warn" type="submit">"不再用动态码"</button>
            </form>
        }
    });
    view! {
        <h2 class="section-title">"备用码"</h2>
        <p class="hint codes-left">{format!("还有{}个备用码。重新生成后，旧的作废。", summary.codes_left)}</p>
        <form class="page-action" method="post" action="/console/account/factor/codes">
            <OwnerField />
            <button class="weui-btn weui-btn_default" type="submit">"重新生成备用码"</button>
        </form>
        {remove}
    }
    .into_any()
}

/// A form that asks for a code before what the page changes.
pub fn confirm_form(form: &FormState, next: &'static str) -> AnyView {
    view! {
        <form method="post" action="/console/confirm">
            <OwnerField />
            <input type="hidden" name="next" value=next />
            <p class="hint">"这一页的改动不能撤销，请先输入动态码，十分钟内不再问。"</p>
            <div class="weui-cells form-cells">{code_field(form)}</div>
            <p class="page-action"><button class="weui-btn weui-btn_primary" type="submit">"确定"</button></p>
        </form>
    }
    .into_any()
}

/// Codes that are shown once.
fn one_time_codes(codes: &[String]) -> AnyView {
    let codes = codes.iter().map(|code| view! { <li><code>{code.clone()}</code></li> });
    view! {
        <h1 class="page-title">"动态码已设置"</h1>
        <p class="notice" role="status">"备用码，每个只能用一次。请抄下或打印，和手机分开放；这里只显示这一次。"</p>
        <ul class="one-time-codes">{codes.collect_view()}</ul>
        <p class="page-action"><a class="weui-btn weui-btn_primary" href="/console">"抄好了，去工作台"</a></p>
    }
    .into_any()
}

fn next_of(form: &FormState) -> String {
    match form.is_fresh() {
        true => use_query_map().read_untracked().get("next").unwrap_or_default(),
        false => form.value("next"),
    }
}

#[component]
fn LogOut() -> impl IntoView {
    view! {
        <form class="page-action" method="post" action="/console/logout">
            <OwnerField />
            <button class="weui-btn weui-btn_default" type="submit">"退出登录"</button>
        </form>
    }
}

/// Who is not logged in yet has nowhere to go.
fn bare_frame(title: &'static str, content: AnyView) -> impl IntoView {
    view! {
        <PageTitle text=title />
        <Personal />
        <main id="main" class="login-page">{content}</main>
    }
}

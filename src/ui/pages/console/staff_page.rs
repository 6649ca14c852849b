//! `/console/staff`: accounts of staff, for managers.

use domain::{
    campaign::Campaign,
    lang::Lang,
    report::words::short_day,
    staff::{Role, Staff},
};
use leptos::prelude::*;
use service::staff::{BACK_TO_GRID, password};

use super::{console_frame, factor::confirm_form, signed_in_staff};
use crate::{
    context::{Page, PageOutcome},
    error::Refusal,
    form_state::FormState,
    parts::form::{
        fields::{TextInput, field_error, select_field, text_field},
        owner::OwnerField,
    },
};

/// The page of staff accounts; only for managers.
#[component]
pub fn StaffPage() -> impl IntoView {
    let page = Page::current();
    Suspend::new(async move {
        let staff = signed_in_staff(&page)?;
        if staff.role != Role::Manager {
            page.set_outcome(PageOutcome::Refuse(Refusal::NotPermitted("人员由管理员管理")));
            return None;
        }
        let everyone = page.or_refuse(page.service.staff().await)?;
        let claims = page.or_refuse(page.service.claims().await)?;
        let session = page.session.clone()?;
        let asks = page.or_refuse(page.service.needs_code(&session).await)?;
        let manage = page.form("manage");
        let code = asks.then(|| confirm_form(&FormState::default(), "/console/staff"));
        let rows = everyone.iter().map(|one| {
            let n = claims.get(&one.id).copied().unwrap_or_default();
            staff_row(&page, one, &everyone, n)
        });
        let rows = rows.collect_view();
        let done = page.submitted_form("password-made");
        let done = done.map(|post| {
            view! {
                <p class="notice" role="status">
                    {post.value("login")} " 的新密码：" <code>{post.value("password")}</code> "。只显示这一次，请当面告诉本人。"
                </p>
            }
        });
        let content = view! {
            <h1 class="page-title">"人员"</h1>
            {done}
            {manage.summary("没有改成：")}
            {code}
            <ul class="staff-list">{rows}</ul>
            <h2 class="section-title" id="add">"添加"</h2>
            {add_form(&page, page.service.campaign())}
        };
        Some(console_frame(&page, &staff, "人员", content.into_any()))
    })
}

/// Checkboxes of (value, label), those in `chosen` checked.
fn checkboxes(name: &'static str, list: Vec<(String, String)>, chosen: &[String]) -> AnyView {
    let boxes = list.into_iter().map(|(value, label)| {
        let checked = chosen.contains(&value);
        view! {
            <label class="chip"><input type="checkbox" name=name value=value checked=checked /><span class="chip__text">{label}</span></label>
        }
    });
    view! { <div class="chips">{boxes.collect_view()}</div> }.into_any()
}

fn grid_options(campaign: &Campaign) -> Vec<(String, String)> {
    campaign.grids.iter().map(|grid| (grid.slug.to_string(), grid.label())).collect()
}

fn branch_options(campaign: &Campaign) -> Vec<(String, String)> {
    campaign.branches.iter().map(|b| (b.slug.to_string(), b.title.clone())).collect()
}

/// Who has the cases of `one` when they leave or move, as the form was sent if it was refused.
fn cases_field(label: String, one: &Staff, everyone: &[Staff], sent: &FormState) -> AnyView {
    let chosen = sent.value("cases");
    let grid = (BACK_TO_GRID.to_owned(), "放回网格".to_owned());
    let others = everyone.iter().filter(|other| other.active && other.id != one.id);
    let others = others.map(|other| (other.login.clone(), other.name.clone()));
    let options = [grid].into_iter().chain(others).map(|(value, label)| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{label}</option> }
    });
    view! {
        <label class="field">
            <span class="field__label">{label}</span>
            <select class="field__input" name="cases"><option value="">"请选择"</option>{options.collect_view()}</select>
        </label>
    }
    .into_any()
}

/// Form to change the grids or branches of a staff member; `None` for managers.
fn scope_form(
    campaign: &Campaign,
    one: &Staff,
    sent: &FormState,
    cases: Option<AnyView>,
) -> Option<AnyView> {
    let slugs = |list: &[domain::slug::Slug]| {
        let known = list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let typed = sent.values(if one.role == Role::GridWorker { "grids" } else { "branches" });
        if sent.value("what") == "scope" { typed } else { known }
    };
    let (title, boxes) = match one.role {
        Role::GridWorker => {
            ("负责的网格", checkboxes("grids", grid_options(campaign), &slugs(&one.grids)))
        }
        Role::BranchLead => {
            ("负责的支部", checkboxes("branches", branch_options(campaign), &slugs(&one.branches)))
        }
        Role::Manager => return None,
    };
    let action = format!("/console/staff/{}/scope", one.login);
    Some(view! {
        <form method="post" action=action>
            <OwnerField />
            <fieldset class="choice"><legend class="field__label">{title}</legend>{boxes}</fieldset>
            {cases}
            <button class="weui-btn weui-btn_default" type="submit">"保存范围"</button>
        </form>
    }
    .into_any())
}

fn staff_row(page: &Page, one: &Staff, everyone: &[Staff], claims: u64) -> AnyView {
    let campaign = page.service.campaign();
    let sent = Some(page.form("manage")).filter(|form| form.value("login") == one.login);
    let is_refused = sent.is_some();
    let sent = sent.unwrap_or_default();
    let cases = |label: String| (claims > 0).then(|| cases_field(label, one, everyone, &sent));
    let path = |what: &str| format!("/console/staff/{}/{what}", one.login);
    let scope: Vec<&str> =
        one.grids.iter().chain(&one.branches).map(|slug| slug.as_str()).collect();
    let state = if one.active { "在岗" } else { "已停用" };
    let others = everyone
        .iter()
        .filter(|other| other.active && other.id != one.id && other.role == one.role);
    let others = others.map(|other| (other.login.clone(), other.name.clone())).collect::<Vec<_>>();
    let chosen = everyone.iter().find(|other| Some(other.id) == one.stand_in);
    let chosen = chosen.map(|other| other.login.clone()).unwrap_or_default();
    let (button, value) = if one.active { ("停用", "off") } else { ("恢复", "on") };
    let until = one.stand_in_until.filter(|_| !chosen.is_empty());
    let until = until.map(|at| page.service.calendar().civil(at).date());
    let is_away = !chosen.is_empty() && one.stand_in_until.is_none_or(|at| at > page.service.now());
    let away = match until.filter(|_| is_away) {
        Some(day) => format!("，请假中，由同事代办到{}", short_day(day.into(), Lang::Zh)),
        None if is_away => "，请假中，由同事代办".to_owned(),
        None => String::new(),
    };
    let until = until.filter(|_| is_away).map(|day| day.to_string()).unwrap_or_default();
    let chosen = if is_away { chosen } else { String::new() };
    view! {
        <li class="staff-list__item">
            <p><strong>{one.name.clone()}</strong> " " {one.login.clone()} " · " {one.role.title()} " · " {state} {away}</p>
            <p class="hint">{scope.join("、")}</p>
            <details class="fold" open=is_refused>
                <summary>{format!("管理{}", one.name)}</summary>
                <form method="post" action=path("active")>
                    <OwnerField />
                    {one.active.then(|| cases(format!("手上认领的{claims}件交给"))).flatten()}
                    <button class="weui-btn weui-btn_default" type="submit" name="active" value=value>{button}</button>
                </form>
                <form method="post" action=path("password")>
                    <OwnerField />
                    <button class="weui-btn weui-btn_default" type="submit">"重设密码"</button>
                </form>
                <form method="post" action=path("second-factor")>
                    <OwnerField />
                    <button class="weui-btn weui-btn_default" type="submit">"手机丢了：重设动态码和密码"</button>
                </form>
                {scope_form(campaign, one, &sent, cases("认领了、不再归其管的件交给".to_owned()))}
                <form class="narrow-form" method="post" action=path("stand-in")>
                    <OwnerField />
                    {select_field("stand_in", "请假时由谁代办", Some("没有请假"), others, &chosen, None)}
                    <label class="field">
                        <span class="field__label">"代办到哪天（不写为30天）"</span>
                        <input class="field__input" type="date" name="until" value=until />
                    </label>
                    <button class="weui-btn weui-btn_default" type="submit">"保存代办"</button>
                </form>
            </details>
        </li>
    }
    .into_any()
}

fn add_form(page: &Page, campaign: &Campaign) -> AnyView {
    let form = page.form("add-staff");
    let roles = Role::ALL.iter().map(|r| (r.as_str().to_owned(), r.title().to_owned())).collect();
    let fold = |name: &'static str, title: &'static str, list: Vec<(String, String)>| {
        let chosen = form.values(name);
        let open = form.error(name).is_some() || !chosen.is_empty();
        let boxes = checkboxes(name, list, &chosen);
        view! {
            <details class="fold" open=open>
                <summary>{title}</summary>
                <fieldset class="choice" id=format!("field-{name}")><legend class="unseen">{title}</legend>{boxes}</fieldset>
            </details>
            {field_error(name, form.error(name))}
        }
    };
    let hint = format!("至少{}个字符，请本人登录后更换", password::MIN);
    view! {
        {form.summary("没有添加，请看一下：")}
        <form method="post" action="/console/staff">
            <OwnerField />
            <div class="weui-cells form-cells">
                {text_field("login", "登录名", Some("小写字母、数字、. _ -".into()), TextInput::Line("text"), &form)}
                {text_field("name", "姓名", None, TextInput::Line("text"), &form)}
                {select_field("role", "角色", None, roles, &form.value("role"), form.error("role"))}
                {text_field("password", "初始密码", Some(hint), TextInput::Line("password"), &form)}
            </div>
            {fold("grids", "负责的网格（网格员）", grid_options(campaign))}
            {fold("branches", "负责的支部（支部负责人）", branch_options(campaign))}
            <p class="page-action"><button class="weui-btn weui-btn_primary" type="submit">"添加"</button></p>
        </form>
    }
    .into_any()
}

//! `/console/check`: 批量核查, before and after side by side.

use domain::{
    lang::Lang,
    report::{Photo, Report, filter::Filter, words::day_and_time},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{framed, staff};
use crate::{
    context::Page,
    form_state::FormState,
    pages::report::list::pager,
    parts::{
        form::{
            fields::{Text, field_error, text_field},
            owner::OwnerField,
        },
        report::photo_pair,
    },
};

/// The page of what waits to be checked.
#[component]
pub fn CheckPage() -> impl IntoView {
    let page = Page::current();
    let query = use_query_map().read_untracked().clone();
    let at = Filter::read(|name| query.get(name).filter(|_| name == "page"));
    Suspend::new(async move {
        let staff = staff(&page)?;
        let found = page.or_refuse(page.service.to_check(&staff, at.page).await)?;
        let form = page.form("bulk");
        let items = found.reports.iter().map(|report| {
            let photos: Vec<Photo> =
                found.photos.iter().filter(|p| p.serial == Some(report.serial)).cloned().collect();
            let own = report.was_moved_by(staff.id);
            let same = found.before_and_after_alike.contains(&report.serial);
            item(&page, report, &photos, (own, same), &form)
        });
        let items = items.collect_view();
        let empty = items.is_empty();
        let content = view! {
            <h1 class="page-title">"核查"</h1>
            {form.summary("没有全部办成：")}
            {empty.then(|| view! { <p class="empty">"没有等待核查的件。"</p> })}
            <form method="post" action="/console/reports/bulk">
                <OwnerField />
                <input type="hidden" name="action" value="check" />
                <ol class="check-list">{items}</ol>
                {(!empty).then(|| view! {
                    <div class="check-do">
                        {field_error("codes", form.error("codes"))}
                        {text_field("reason", "说明（退回或没有处理后照片时必填）", None, Text::Area, &form)}
                        <button class="weui-btn weui-btn_primary" type="submit" name="result" value="yes">"所选通过"</button>
                        <button class="weui-btn weui-btn_warn" type="submit" name="result" value="no">"所选退回"</button>
                    </div>
                })}
            </form>
            {pager("/console/check", &at, found.more)}
        };
        Some(framed(&page, &staff, "核查", content.into_any()))
    })
}

/// Said to the checker where the picture from after handling is hardly another one.
#[must_use]
pub fn before_and_after_alike(is_so: bool) -> Option<AnyView> {
    is_so.then(|| {
        view! { <p class="notice notice_warn" role="note">"处理后的照片和处理前的几乎一样，请仔细看，或到现场核实。"</p> }
            .into_any()
    })
}

/// Said to the checker where nothing was handled: to whom it is to be passed on.
#[must_use]
pub fn to_be_referred(report: &Report) -> Option<AnyView> {
    let to = report.referred_to.clone().filter(|_| report.is_to_be_referred())?;
    Some(view! { <p class="notice" role="note">"拟转给" {to} "。通过后转办；退回后由原处继续办理。"</p> }.into_any())
}

fn item(
    page: &Page,
    report: &Report,
    photos: &[Photo],
    (own, same): (bool, bool),
    form: &FormState,
) -> AnyView {
    let campaign = page.service.campaign();
    let category = campaign.category(report.category.as_str());
    let category = category.map(|category| category.title.clone()).unwrap_or_default();
    let number = report.number().to_string();
    let place = match report.place.is_empty() {
        true => report.plain_summary(page.campaign()),
        false => report.place.clone(),
    };
    let finished =
        report.finished_at.map(|at| day_and_time(page.service.calendar().civil(at), Lang::Zh));
    let value = format!("{}:{}", report.code, report.version);
    let checked =
        form.values("codes").iter().any(|chosen| chosen.starts_with(report.code.as_str()));
    let tick = match own {
        true => view! { <span class="hint">"您经办的，请同事核查"</span> }.into_any(),
        false => view! {
            <input type="checkbox" class="tick" name="codes" value=value checked=checked />
        }
        .into_any(),
    };
    let href = format!("/console/reports/{}", report.code);
    view! {
        <li class="check-item">
            <label class="check-item__head">
                {tick}
                <span class="check-item__title">{place} " · " {category}</span>
            </label>
            <p class="hint"><a href=href>{number}</a> " 处理于 " {finished}</p>
            {to_be_referred(report)}
            {photo_pair(Lang::Zh, photos)}
            {before_and_after_alike(same)}
        </li>
    }
    .into_any()
}

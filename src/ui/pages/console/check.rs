//! `/console/check`: bulk check (批量核查) of handled reports, photos side by side.

use domain::{
    campaign::Campaign,
    lang::Lang,
    report::{Photo, Report, filter::ReportFilter, words::day_and_time},
    slug::Slug,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{console_frame, signed_in_staff};
use crate::{
    context::Page,
    form_state::FormState,
    pages::report::list::queue_pager,
    parts::{
        form::{
            fields::{TextInput, field_error, text_field},
            owner::OwnerField,
        },
        report::photo_pair,
    },
};

/// The reports that wait for a check.
#[component]
pub fn CheckPage() -> impl IntoView {
    let page = Page::current();
    let query = use_query_map().read_untracked().clone();
    let at = ReportFilter::from_query(|name| query.get(name).filter(|_| name == "after"));
    Suspend::new(async move {
        let staff = signed_in_staff(&page)?;
        let found = page.or_refuse(page.service.to_check(&staff, at.after).await)?;
        let form = page.form("bulk");
        let items = found.reports.iter().map(|report| {
            let photos: Vec<Photo> =
                found.photos.iter().filter(|p| p.serial == Some(report.serial)).cloned().collect();
            let own = report.was_handled_by(staff.id);
            let same = found.before_and_after_alike.contains(&report.serial);
            check_item(&page, report, &photos, (own, same), &form)
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
                        {text_field("reason", "说明（退回或没有处理后照片时必填）", None, TextInput::Area, &form)}
                        <button class="weui-btn weui-btn_primary" type="submit" name="result" value="yes">"所选通过"</button>
                        <button class="weui-btn weui-btn_warn" type="submit" name="result" value="no">"所选退回"</button>
                    </div>
                })}
            </form>
            {queue_pager("/console/check", &at, found.end)}
        };
        Some(console_frame(&page, &staff, "核查", content.into_any()))
    })
}

/// Warning to the checker that the photos before and after handling look almost the same.
#[must_use]
pub fn similar_photos_warning(is_so: bool) -> Option<AnyView> {
    is_so.then(|| {
        view! { <p class="notice notice_warn" role="note">"处理后的照片和处理前的几乎一样，请仔细看，或到现场核实。"</p> }
            .into_any()
    })
}

/// Notice to the checker that the report was not handled: it is to be referred elsewhere, or was put
/// right as something that is not handled.
#[must_use]
pub fn unhandled_notice(campaign: &Campaign, report: &Report) -> Option<AnyView> {
    let title = |slug: &Slug| campaign.category(slug.as_str()).map(|found| found.title.clone());
    let referred = report.referred_to.as_ref().filter(|_| report.has_pending_referral());
    let referred = referred.map(|to| format!("拟转给{to}。通过后转办；退回后由原处继续办理。"));
    let corrected = report.corrected_from.as_ref().map(|was| {
        let (was, now) =
            (title(was).unwrap_or_default(), title(&report.category).unwrap_or_default());
        format!("分类由{was}更正为{now}，不需要处理。通过后办结；退回后改回{was}，继续办理。")
    });
    let sentence = referred.or(corrected)?;
    Some(view! { <p class="notice" role="note">{sentence}</p> }.into_any())
}

fn check_item(
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
        true => report.default_summary(page.campaign()),
        false => report.place.clone(),
    };
    let time = |at| day_and_time(page.service.calendar().civil(at), Lang::Zh);
    let finished = report.finished_at.map(|at| format!(" 处理于 {}", time(at)));
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
            <p class="hint"><a href=href>{number}</a> {finished}</p>
            {unhandled_notice(campaign, report)}
            {photo_pair(Lang::Zh, photos)}
            {similar_photos_warning(same)}
        </li>
    }
    .into_any()
}

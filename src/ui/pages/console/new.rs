//! `/console/new`: form for reports entered by staff, or settled on the spot (现场办结).

use domain::{
    campaign::{Campaign, CategoryKind},
    report::{
        Source,
        form::{DESCRIPTION_MAX, PLACE_MAX},
    },
    staff::{Role, Staff},
};
use islands::forms::locate::Locate;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{console_frame, signed_in_staff};
use crate::{
    context::Page,
    form_state::FormState,
    parts::form::{
        action_form::photo_input,
        fields::{TextInput, select_field, text_field},
        owner::OwnerField,
    },
};

/// The page of the form.
#[component]
pub fn NewPage() -> impl IntoView {
    let page = Page::current();
    let staff = signed_in_staff(&page)?;
    let asked = use_query_map().read_untracked().get("settle").is_some();
    let (new, settle) = (page.form("new"), page.form("settle"));
    let settles = !settle.is_fresh() || (asked && new.is_fresh());
    let form = if settles { settle } else { new };
    let content = entry_form(&page, &staff, settles, &form);
    Some(console_frame(&page, &staff, if settles { "现场办结" } else { "登记" }, content))
}

fn entry_form(page: &Page, staff: &Staff, settles: bool, form: &FormState) -> AnyView {
    let campaign = page.service.campaign();
    let key = match form.value("form_key") {
        key if key.is_empty() => page.service.form_key(),
        key => key,
    };
    let hints = (format!("最多{PLACE_MAX}个字"), format!("最多{DESCRIPTION_MAX}个字"));
    let place = text_field("place", "在哪里", Some(hints.0), TextInput::Line("text"), form);
    let words = text_field("description", "是什么情况", Some(hints.1), TextInput::Area, form);
    let before = photo_input("before", "处理前照片", form);
    let (lat, lon, accuracy) = (form.value("lat"), form.value("lon"), form.value("accuracy"));
    let tabs = [("/console/new", "登记", !settles), ("/console/new?settle=1", "现场办结", settles)];
    let tabs = tabs.map(|(href, word, here)| {
        let current = here.then_some("page");
        view! { <a class="count-chip" href=href aria-current=current>{word}</a> }
    });
    let mut first = None;
    let rest = if settles {
        let after = photo_input("photos", "处理后照片", form);
        let text = text_field("text", "怎样处理的", None, TextInput::Area, form);
        view! { <input type="hidden" name="settle" value="on" /> {after} {text} }.into_any()
    } else {
        let sources = Source::ALL.into_iter().filter(|source| *source != Source::Resident);
        let sources = sources.map(|s| (s.as_str().to_owned(), s.label().to_owned())).collect();
        let source = select_field(
            "source",
            "来源",
            Some("请选择"),
            sources,
            &form.value("source"),
            form.error("source"),
        );
        let number =
            text_field("number", "来源编号（12345必填）", None, TextInput::Line("text"), form);
        first = Some(view! { {source} {number} {same_number(form)} }.into_any());
        view! {
            {text_field("contact_name", "联系人（可不填）", None, TextInput::Line("text"), form)}
            {text_field("contact_phone", "电话（可不填）", Some("例如021-60000000转801（女儿）、13800000000".into()), TextInput::Line("text"), form)}
        }
        .into_any()
    };
    view! {
        <h1 class="page-title">{if settles { "现场办结" } else { "登记一件" }}</h1>
        <nav class="count-chips" aria-label="登记方式">{tabs.into_iter().collect_view()}</nav>
        {form.summary("没有提交，请看一下：")}
        <form class="entry" method="post" action="/console/new" enctype="multipart/form-data">
            <OwnerField />
            <input type="hidden" name="form_key" value=key />
            <div class="weui-cells form-cells">
                {first}
                {before}
                {category_field(campaign, settles, form)}
                {grid_field(campaign, staff, form)}
                {place}
                <Locate lat lon accuracy error=form.error("lat") />
                {words}
                {rest}
            </div>
            <div class="sticky-action"><button class="weui-btn weui-btn_primary" type="submit">{if settles { "办结，提交核查" } else { "登记" }}</button></div>
        </form>
    }
    .into_any()
}

/// Where the number was entered before: a box for those who mean another report.
fn same_number(form: &FormState) -> Option<AnyView> {
    let refused = form.error("number").is_some() && !form.value("number").is_empty();
    let ticked = !form.value("same_number").is_empty();
    (refused || ticked).then(|| {
        view! {
            <label class="weui-cell weui-check__label">
                <input type="checkbox" class="tick" name="same_number" value="on" checked=ticked />"仍要登记：同一编号的另一件"
            </label>
        }
        .into_any()
    })
}

fn category_field(campaign: &Campaign, settles: bool, form: &FormState) -> AnyView {
    let list = campaign.categories.iter();
    let list = list.filter(|category| !settles || category.kind == CategoryKind::Casework);
    let list = list.map(|category| (category.slug.to_string(), category.title.clone())).collect();
    select_field(
        "category",
        "分类",
        Some("请选择"),
        list,
        &form.value("category"),
        form.error("category"),
    )
}

/// The grid field: for grid workers only their grids, preselected if there is only one.
fn grid_field(campaign: &Campaign, staff: &Staff, form: &FormState) -> AnyView {
    let own = |slug: &_| staff.role != Role::GridWorker || staff.grids.contains(slug);
    let list: Vec<(String, String)> = campaign
        .grids
        .iter()
        .filter(|grid| own(&grid.slug))
        .map(|grid| (grid.slug.to_string(), grid.label()))
        .collect();
    let chosen = match (form.value("grid"), list.as_slice()) {
        (value, [(only, _)]) if value.is_empty() => only.clone(),
        (value, _) => value,
    };
    select_field("grid", "网格", Some("请选择"), list, &chosen, form.error("grid"))
}

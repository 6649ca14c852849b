//! `/report`: form to report a problem (随手拍): photos, category, location, description.

pub mod list;
pub mod status;
mod verdict;

use domain::{
    campaign::{Campaign, Category, CategoryKind, Phase},
    lang::Lang,
    report::{
        Report,
        form::{DESCRIPTION_MAX, PLACE_MAX},
        photo::PHOTOS_MAX,
    },
};
use islands::forms::{
    grid_picker::{GridChoice, GridPicker},
    locate::Locate,
    photo_picker::{HeldPhoto, PhotoPicker},
    report_form::ReportFormIsland,
    similar::{Similar, SimilarReport},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::refusal::RefusalPage;
use crate::{
    context::Page,
    error::Refusal,
    form_state::FormState,
    parts::{
        form::fields::{TextInput, field_error, text_field},
        frame::title::PageTitle,
    },
};

/// The reporting page.
#[component]
pub fn ReportPage() -> impl IntoView {
    let page = Page::current();
    let lang = page.lang;
    let asked = use_query_map().read_untracked().get("category").unwrap_or_default();
    Suspend::new(async move {
        let phase = page.service.phase();
        if phase != Phase::Open {
            return Some(view! { <RefusalPage refusal=Refusal::Closed(phase) /> }.into_any());
        }
        let form = page.form("report");
        let held = match page.service.held_photos(&page.visitor).await {
            // A submitted form must be shown again even if the database cannot be reached.
            Err(_) if !form.is_fresh() => form.values("held"),
            held => page.or_refuse(held)?.into_iter().map(|photo| photo.id.to_string()).collect(),
        };
        let similar = find_similar(&page, &form).await;
        let campaign = page.campaign();
        let chosen = if form.is_fresh() { asked } else { form.value("category") };
        let grid = match form.is_fresh() {
            true => page.poster_grid.clone().filter(|slug| campaign.grid(slug).is_some()),
            false => Some(form.value("grid")),
        };
        let fresh = form.is_fresh();
        let key = match form.value("form_key") {
            key if key.is_empty() => page.service.form_key(),
            key => key,
        };
        let looked = form.value("look") == "on";
        let summary = (!looked).then(|| {
            form.summary(lang.say("还没有提交，请看一下：", "Not sent yet, please look at:"))
        });
        let photos = photo_field(lang, &form, held);
        let similar = similar_list(&page, similar, looked);
        let urgent = urgent_hints(campaign, &chosen);
        let categories = category_field(campaign, &chosen, &form);
        let place = place_fields(campaign, grid.unwrap_or_default(), &form);
        let contact = contact_fields(lang, &form);
        let consent = consent_field(campaign, &form);
        Some(
            view! {
                <PageTitle text=lang.say("随手拍", "Report") />
                <main id="main" class="report-page">
                    <h1 class="page-title">{lang.say("随手拍", "Report")}</h1>
                    {summary}
                    <ReportFormIsland fresh owner=page.owner.clone()>
                        <input type="hidden" name="form_key" value=key />
                        {urgent} {photos} {categories} {place} {similar} {contact} {consent}
                    </ReportFormIsland>
                </main>
            }
            .into_any(),
        )
    })
}

/// Fields of location and description.
fn place_fields(campaign: &Campaign, grid: String, form: &FormState) -> AnyView {
    let lang = campaign.lang;
    let place_hint = lang.say(
        format!("最多{PLACE_MAX}个字，比如小区名、楼号、店名，不用写几室"),
        format!("At most {PLACE_MAX} characters, such as the compound, building or shop; no need for a flat number"),
    );
    let words_hint = lang.say(
        format!("最多{DESCRIPTION_MAX}个字，可点键盘上的话筒说；只有工作人员看得到"),
        format!("At most {DESCRIPTION_MAX} characters; only staff see it"),
    );
    let place = text_field(
        "place",
        lang.say("在哪里", "Where is it"),
        Some(place_hint),
        TextInput::Line("text"),
        form,
    );
    let words = text_field(
        "description",
        lang.say("看到了什么", "What did you see"),
        Some(words_hint),
        TextInput::Area,
        form,
    );
    let (grids, grid_error) = (grid_choices(campaign), form.error("grid"));
    let (lat, lon, accuracy) = (form.value("lat"), form.value("lon"), form.value("accuracy"));
    view! {
        <div class="weui-cells form-cells">
            {place}
            <GridPicker label=lang.say("小区或附近路段", "Compound or nearby street") grids chosen=grid error=grid_error />
            <Locate lat lon accuracy error=form.error("lat") />
            {words}
        </div>
    }
    .into_any()
}

/// All grids as options of the grid picker.
pub fn grid_choices(campaign: &Campaign) -> Vec<GridChoice> {
    let grids = campaign.grids.iter();
    grids.map(|grid| GridChoice { slug: grid.slug.clone(), label: grid.label() }).collect()
}

/// Similar open reports of neighbours, if the form was submitted to look for them.
async fn find_similar(page: &Page, form: &FormState) -> Vec<Report> {
    if form.is_fresh() {
        return Vec::new();
    }
    let (category, grid, place) = (form.value("category"), form.value("grid"), form.value("place"));
    page.service.similar_reports(&category, &grid, &place).await.unwrap_or_default()
}

/// Photo upload, with the photos that the server already holds.
fn photo_field(lang: Lang, form: &FormState, held: Vec<String>) -> AnyView {
    let chosen = form.values("held");
    let first = form.is_fresh();
    let held = held.into_iter().map(|id| HeldPhoto { chosen: first || chosen.contains(&id), id });
    let held = held.collect::<Vec<_>>();
    let error = form.error("photos");
    view! {
        <fieldset class="photo-field" id="field-photos">
            <legend class="section-title">{lang.say("照片", "Photos")} <span class="optional">{lang.say(
                format!("（可不拍，最多{PHOTOS_MAX}张）"),
                format!(" (optional, at most {PHOTOS_MAX})"),
            )}</span></legend>
            <PhotoPicker held name="held" field="photos" error=error.clone() />
            <p class="photo-field__hint">{lang.say("请尽量不要拍到人脸、车牌、门牌号", "Please leave out faces, number plates and door numbers")}</p>
            {field_error("photos", error)}
        </fieldset>
    }
    .into_any()
}

/// Safety hints of dangerous categories, at the top of the form; visible if chosen.
fn urgent_hints(campaign: &Campaign, chosen: &str) -> AnyView {
    let urgent = campaign.categories.iter().filter(|category| category.urgent_hint.is_some());
    let urgent = urgent.map(|category| {
        let shown = category.slug.as_str() == chosen;
        view! {
            <p class="urgent" class:urgent_shown=shown data-category=category.slug.to_string() role="status">
                {category.urgent_hint.clone()}
            </p>
        }
    });
    urgent.collect_view().into_any()
}

/// Radio buttons: at most six frequent categories, then the others grouped by pledge.
fn category_field(campaign: &Campaign, chosen: &str, form: &FormState) -> AnyView {
    let lang = campaign.lang;
    let error = form.error("category");
    let described = error.is_some().then_some("error-category");
    let invalid = error.is_some().then_some("true");
    let choice = |category: &Category, first: bool| {
        let note = match category.kind {
            CategoryKind::Casework => None,
            CategoryKind::Reminder => {
                Some(lang.say("只记地点和时间，不用照片", "place and time only, no photo"))
            }
            CategoryKind::Private => Some(lang.say("不公开", "not public")),
            CategoryKind::Praise => Some(lang.say("夸一夸", "praise")),
        };
        let id =
            if first { "field-category".to_owned() } else { format!("category-{}", category.slug) };
        let checked = category.slug.as_str() == chosen;
        view! {
            <label class="chip">
                <input
                    type="radio"
                    name="category"
                    id=id
                    value=category.slug.to_string()
                    checked=checked
                />
                <span class="chip__text">
                    {category.title.clone()}
                    {note.map(|note| view! { <span class="chip__note">{note}</span> })}
                    {category.urgent_hint.clone().map(|hint| view! { <span class="chip__urgent">{hint}</span> })}
                </span>
            </label>
        }
        .into_any()
    };
    let frequent: Vec<&Category> =
        campaign.categories.iter().filter(|category| category.frequent).take(6).collect();
    let is_frequent =
        |category: &Category| frequent.iter().any(|other| other.slug == category.slug);
    let others = campaign.pledges.iter().map(|pledge| {
        let list = campaign.categories_of(&pledge.slug).filter(|category| !is_frequent(category));
        let list = list.map(|category| choice(category, false)).collect_view();
        view! {
            <div class="chips-of" role="group" aria-label=pledge.short.clone()>
                <p class="chips-of__title">{pledge.short.clone()}</p>
                <div class="chips">{list}</div>
            </div>
        }
    });
    let others = others.collect_view();
    let among_others = campaign.category(chosen).is_some_and(|category| !is_frequent(category));
    let frequent = frequent.iter().enumerate().map(|(i, c)| choice(c, i == 0)).collect_view();
    view! {
        <fieldset class="category-field" role="radiogroup" aria-invalid=invalid aria-describedby=described>
            <legend class="section-title">{lang.say("哪一类", "What is it about")}</legend>
            <div class="chips">{frequent}</div>
            <details class="fold" open=among_others>
                <summary>{lang.say("其他分类", "Other categories")}</summary>
                {others}
            </details>
            {field_error("category", error)}
        </fieldset>
    }
    .into_any()
}

/// The list of similar reports, as an island.
fn similar_list(page: &Page, found: Vec<Report>, looked: bool) -> AnyView {
    let service = &page.service;
    let item = |report: &Report| SimilarReport {
        code: report.code.to_string(),
        summary: report.summary.clone().unwrap_or_else(|| report.default_summary(page.campaign())),
        state: report.sentence(page.campaign(), service.calendar(), service.now()),
        supporters: report.supporters,
    };
    let found = found.iter().map(item).collect::<Vec<_>>();
    view! { <Similar found looked /> }.into_any()
}

/// Optional contact details, collapsed; says who will see them.
fn contact_fields(lang: Lang, form: &FormState) -> AnyView {
    let open = ["contact_name", "contact_phone"]
        .iter()
        .any(|name| !form.value(name).is_empty() || form.error(name).is_some());
    view! {
        <details class="fold" open=open>
            <summary>{lang.say("留个联系方式（可不留）", "Leave contact details (optional)")}</summary>
            <div class="weui-cells form-cells">
                <p class="hint">{lang.say("您的联系方式不会告诉被反映人，只有承办这件事的工作人员看得到。", "Your contact details are never given to the person reported; only the staff handling this report can see them.")}</p>
                {text_field("contact_name", lang.say("怎么称呼您", "What to call you"), None, TextInput::Line("text"), form)}
                {text_field("contact_phone", lang.say("电话", "Phone"), Some(lang.say("例如13800000000，或021-60000000#801", "Such as 13800000000, or 021-60000000#801").into()), TextInput::Line("tel"), form)}
            </div>
        </details>
    }
    .into_any()
}

fn consent_field(campaign: &Campaign, form: &FormState) -> AnyView {
    let lang = campaign.lang;
    let error = form.error("consent");
    let invalid = error.is_some().then_some("true");
    let described = error.is_some().then_some("error-consent");
    let checked = form.value("consent") == "on";
    view! {
        <div class="weui-cells permissions">
            <label class="weui-cell weui-check__label">
                <span class="weui-cell__hd">
                    <input
                        type="checkbox"
                        class="tick"
                        id="field-consent"
                        name="consent"
                        checked=checked
                        aria-invalid=invalid
                        aria-describedby=described
                    />
                </span>
                <span class="weui-cell__bd">{campaign.privacy.consent.clone()}</span>
            </label>
            <p class="permissions__link"><a href="/privacy">{lang.say("看个人信息说明", "Read the Personal information notice")}</a></p>
            {field_error("consent", error)}
        </div>
    }
    .into_any()
}

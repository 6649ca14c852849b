//! `/console/reports/{code}`: one report with all its staff actions.

use std::collections::HashMap;

use domain::{
    lang::Lang,
    report::{Code, Event, EventKind, Report, words::day_and_time},
    staff::{Staff, StaffId},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use service::{Timeline, report::case::Case};

mod actions;
mod facts;
mod merged;

use self::{
    actions::{CaseQuery, action_sections, thumb_bar},
    facts::{badges, facts, may_have_link},
    merged::merged_reports,
};
use super::{
    check::{similar_photos_warning, unhandled_notice},
    console_frame, signed_in_staff,
};
use crate::{
    context::{Page, PageOutcome},
    error::Refusal,
    pages::report::list::percent_encoded,
    parts::{
        report::{photo_pair, steps},
        timeline::{Line, timeline},
    },
};

/// The page of one report.
#[component]
pub fn CasePage() -> impl IntoView {
    let page = Page::current();
    let code = use_params_map().read_untracked().get("code").unwrap_or_default();
    let query = use_query_map().read_untracked().clone();
    let way = CaseQuery {
        queue_query: query.get("from").unwrap_or_else(|| sent_from(&page)),
        open_action: query.get("do"),
    };
    let before = query.get("before").and_then(|version| version.parse().ok());
    Suspend::new(async move {
        let staff = signed_in_staff(&page)?;
        let missing = || {
            page.set_outcome(PageOutcome::Refuse(Refusal::NotFound));
            None
        };
        let Ok(code) = Code::parse(&code) else { return missing() };
        let case = page.or_refuse(page.service.case(&staff, &code, before).await)?;
        let Some(case) = case else { return missing() };
        let names = page.or_refuse(page.service.names().await)?;
        Some(console_frame(&page, &staff, "办件", case_view(&page, &staff, case, &names, &way)))
    })
}

/// The list of a form that was refused: its address has no query.
fn sent_from(page: &Page) -> String {
    page.form_state.as_ref().map(|form| form.value("from")).unwrap_or_default()
}

fn case_view(
    page: &Page,
    staff: &Staff,
    case: Case,
    names: &HashMap<StaffId, String>,
    way: &CaseQuery,
) -> AnyView {
    let Case {
        report,
        timeline: Timeline { events, earlier },
        photos,
        similar,
        merged_into,
        merged,
        before_and_after_alike: same,
        actions,
    } = case;
    let heading = if report.place.is_empty() {
        report.default_summary(page.campaign())
    } else {
        report.place.clone()
    };
    let earlier = earlier.map(|version| {
        let (code, from) = (&report.code, percent_encoded(&way.queue_query));
        format!("/console/reports/{code}?from={from}&before={version}")
    });
    let has_link = events
        .iter()
        .any(|event| event.staff.is_none() && event.text.as_deref().is_some_and(may_have_link));
    let lines = events.into_iter().map(|event| history_line(page, event, names));
    let similar = report_links("同网格同类在办", &similar);
    let merged = merged_reports(&merged);
    let under = merged_into.map(|other| {
        let href = format!("/console/reports/{}", other.code);
        view! { <p><a class="weui-btn weui-btn_default" href=href>"看合并后的 " {other.number().to_string()}</a></p> }
    });
    let thumbs = thumb_bar(&report, &actions, way);
    let back = match way.queue_query.is_empty() {
        true => "/console".to_owned(),
        false => format!("/console?{}", way.queue_query),
    };
    let (main, more) = action_sections(page, &report, &photos, &actions, way);
    view! {
        <div class="case">
            <div class="case__what">
                <p class="case__back"><a href=back>"‹ 回到队列"</a></p>
                <h1 class="case__title">{heading}</h1>
                {badges(page, &report, has_link)}
                {steps(Lang::Zh, report.state)}
                {under}
                {photo_pair(Lang::Zh, &photos)}
                {similar_photos_warning(same)}
                {unhandled_notice(page.campaign(), &report)}
                {facts(page, staff, &report, names)}
                {merged}
                {similar}
            </div>
            <div class="case__do">
                {main}
                {more}
                <h2 class="section-title">"经过"</h2>
                {timeline(Lang::Zh, lines, earlier)}
            </div>
        </div>
        {thumbs}
    }
    .into_any()
}

/// Links to other reports with place and state; `None` if the list is empty.
fn report_links(title: &'static str, list: &[Report]) -> Option<AnyView> {
    let items = list.iter().map(|other| {
        let href = format!("/console/reports/{}", other.code);
        view! {
            <li><a href=href>{other.number().to_string()} " " {other.place.clone()}</a> " " {other.state.staff_label()}</li>
        }
    });
    let items = items.collect_view();
    (!list.is_empty()).then(|| {
        view! {
            <h2 class="section-title">{title}</h2>
            <ul class="plain-list">{items}</ul>
        }
        .into_any()
    })
}

/// A line of the timeline, with the person who acted.
fn history_line(page: &Page, event: Event, names: &HashMap<StaffId, String>) -> Line {
    let who = match (event.staff, event.what) {
        (Some(id), _) => names.get(&id).map_or("同事", String::as_str),
        (
            None,
            EventKind::Escalated
            | EventKind::Unanswered
            | EventKind::Erased
            | EventKind::HandedOver
            | EventKind::Merged
            | EventKind::Parted
            | EventKind::Rescheduled
            | EventKind::Staff(_),
        ) => "系统",
        (None, _) => "居民",
    };
    Line {
        time: day_and_time(page.service.calendar().civil(event.at), Lang::Zh),
        words: format!("{who}：{}", event.staff_label(page.service.campaign())),
        text: event.text.map(|text| (text, None)),
    }
}

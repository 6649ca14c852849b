//! `/reports/{code}`: how far a report has come, in plain words.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::refusal::Refusal;
use crate::{
    domain::report::{
        Audience, Code, Event, Report, Satisfaction, State, What, action::Action,
        words::day_and_time,
    },
    islands::forms::report_form::ForgetReportDraft,
    service::public::{Status, grid_label},
    ui::{
        context::{Instead, Page},
        parts::{
            fields::{Kept, Text, field_error, text_field},
            recovery::NewPhrase,
            report::{photo_pair, state_mark, steps},
        },
    },
};

/// The status page.
#[component]
pub fn StatusPage() -> impl IntoView {
    let page = Page::current();
    let code = use_params_map().read_untracked().get("code").unwrap_or_default();
    Suspend::new(async move {
        let missing = || {
            page.answer(Instead::Refuse(Refusal::NotFound));
            None
        };
        let Ok(code) = Code::parse(&code) else { return missing() };
        let status = page.service.status(&page.visitor, &code).await;
        let Some(status) = page.or_refuse(status)? else { return missing() };
        Some(shown(&page, status))
    })
}

fn shown(page: &Page, status: Status) -> AnyView {
    let (campaign, now) = (page.service.campaign(), page.service.now());
    let Status { report, own, supports, events, photos, goes_on_under } = status;
    let category = campaign.category(report.category.as_str());
    let category = category.map(|category| category.title.clone()).unwrap_or_default();
    let place = grid_label(campaign, report.grid.as_ref());
    let sentence = report.sentence(campaign, page.service.calendar(), now);
    let refused = last_words(&events, report.state);
    let goes_on = goes_on_under.map(|code| {
        view! { <p><a class="weui-btn weui-btn_default" href=format!("/reports/{code}")>"看合并后的那一件"</a></p> }
    });
    let filed = events.iter().any(|event| event.what == What::Filed);
    let just_filed = own && filed && report.version == 1;
    view! {
        <Title text="办理进度" />
        <main id="main" class="status-page">
            {just_filed.then(|| view! { <ForgetReportDraft /> })}
            <h1 class="status-page__sentence">{sentence}</h1>
            {refused.map(|text| view! { <p class="notice">{text}</p> })}
            {steps(report.state)}
            <p class="status-page__number">
                "办件编号 " <strong>{report.number().to_string()}</strong> <span class="hint">"打电话询问时报这个号"</span>
            </p>
            {goes_on}
            {photo_pair(&photos)}
            {questions(page, &report, own)}
            {about(&report, category, place, own)}
            {(!own).then(|| support(&report, supports))}
            {own.then(|| own_forms(page, &report))}
            <section aria-labelledby="timeline-title">
                <h2 id="timeline-title" class="section-title">"办理经过"</h2>
                {timeline(page, events)}
            </section>
        </main>
    }
    .into_any()
}

/// What staff wrote to the reporter last, where it explains the state.
fn last_words(events: &[Event], state: State) -> Option<String> {
    let explains = match state {
        State::Rejected => Action::Reject,
        State::NeedsInfo => Action::Ask,
        _ => return None,
    };
    let last = events.iter().rev().find(|event| event.what == What::Staff(explains))?;
    last.text.clone()
}

fn about(report: &Report, category: String, place: String, own: bool) -> AnyView {
    let row = |title: &'static str, text: String| {
        (!text.is_empty())
            .then(|| view! { <div class="facts__row"><dt>{title}</dt><dd>{text}</dd></div> })
    };
    let summary = report.summary.clone().unwrap_or_default();
    let words = own.then(|| {
        view! {
            {row("您写的地点", report.place.clone())}
            {row("您的描述", report.description.clone())}
        }
    });
    view! {
        <dl class="facts weui-cells">
            {row("分类", category)} {row("小区或路段", place)} {row("公开摘要", summary)} {words}
            {row("也遇到过", if report.supporters > 0 { format!("{}人", report.supporters) } else { String::new() })}
        </dl>
    }
    .into_any()
}

/// The two questions, one after the other; silence is 未评价.
fn questions(page: &Page, report: &Report, own: bool) -> Option<AnyView> {
    let days = page.service.campaign().deadlines.reopen;
    if !own || !report.may_rate(page.service.now(), days) || !report.kind.is_casework() {
        let said = own.then_some(report.solved?)?;
        let satisfied = report.satisfied.map(|satisfied| format!("，{}", satisfied.word()));
        let said = if said { "您说：已解决" } else { "您说：没解决，已重新办理" };
        return Some(view! { <p class="notice">{said} {satisfied}</p> }.into_any());
    }
    let kept = Kept::of(page.refused("rate"));
    let action = format!("/reports/{}/rate", report.code);
    let form = if report.solved == Some(true) {
        let buttons = Satisfaction::ALL.into_iter().map(|(satisfied, value)| {
            view! {
                <button class="weui-btn weui-btn_default" type="submit" name="satisfied" value=value>
                    {satisfied.word()}
                </button>
            }
        });
        let buttons = buttons.collect_view();
        view! {
            <p class="question__text" id="question">"对办理满意吗？"</p>
            <div class="question__answers question__answers_three" id="field-satisfied">{buttons}</div>
        }
        .into_any()
    } else {
        view! {
            <p class="question__text" id="question">"问题解决了吗？"</p>
            <div class="question__answers" id="field-solved">
                <button class="weui-btn weui-btn_primary" type="submit" name="solved" value="yes">"已解决"</button>
                <button class="weui-btn weui-btn_default" type="submit" name="solved" value="no">"没解决"</button>
            </div>
            <details class="fold" open=kept.error("comment").is_some()>
                <summary>"想说几句（可不写）"</summary>
                {text_field("comment", "您的意见", Some("只有工作人员看得到".into()), Text::Area, &kept)}
            </details>
        }
        .into_any()
    };
    Some(
        view! {
            <form class="question" method="post" action=action aria-labelledby="question">
                {kept.summary("还没有提交，请看一下：")}
                {form}
                {field_error("solved", kept.error("solved"))}
            </form>
        }
        .into_any(),
    )
}

fn support(report: &Report, supports: bool) -> Option<AnyView> {
    if supports {
        let text = "您也遇到过，办理结果会出现在“我的”里";
        return Some(view! { <p class="notice">{text}</p> }.into_any());
    }
    report.state.is_open().then(|| {
        let action = format!("/reports/{}/support", report.code);
        view! {
            <form class="page-action" method="post" action=action>
                <button class="weui-btn weui-btn_primary" type="submit">"我也遇到过"</button>
            </form>
        }
        .into_any()
    })
}

/// What the reporter can do: add, urge, take back.
fn own_forms(page: &Page, report: &Report) -> AnyView {
    let post = |wish: &str| format!("/reports/{}/{wish}", report.code);
    let now = page.service.now();
    let urged_today = page.service.same_day(report.urged_at);
    let urge = report.may_urge(now, urged_today).then(|| {
        view! {
            <form class="page-action" method="post" action=post("urge")>
                <button class="weui-btn weui-btn_primary" type="submit">"催一催"</button>
            </form>
        }
    });
    let urged = (urged_today && report.state.is_open())
        .then(|| view! { <p class="notice">"今天已经催过，工作人员看得到"</p> });
    let kept = Kept::of(page.refused("add"));
    let open = report.state == State::NeedsInfo || !kept.is_fresh();
    let add = report.may_add().then(|| {
        view! {
            <details class="fold" open=open>
                <summary>"补充文字或照片"</summary>
                <form method="post" action=post("add") enctype="multipart/form-data">
                    {kept.summary("还没有提交，请看一下：")}
                    <div class="weui-cells form-cells">
                        {text_field("text", "补充说明", None, Text::Area, &kept)}
                        <div class="weui-cell field">
                            <label class="field__label" for="field-photos">"照片（最多3张）"</label>
                            <input
                                class="field__input"
                                type="file"
                                id="field-photos"
                                name="photos"
                                accept="image/jpeg,image/png,image/webp"
                                multiple
                                aria-invalid=kept.error("photos").is_some().then_some("true")
                                aria-describedby=kept.error("photos").is_some().then_some("error-photos")
                            />
                            {field_error("photos", kept.error("photos"))}
                            <div class="tiles">{held_tiles(&kept)}</div>
                        </div>
                        <div class="weui-cell"><button class="weui-btn weui-btn_primary" type="submit">"提交补充"</button></div>
                    </div>
                </form>
            </details>
        }
    });
    let withdraw = report.may_withdraw().then(|| {
        view! {
            <details class="fold withdraw">
                <summary>"撤回这件反映"</summary>
                <p class="hint">"撤回后停止办理，您写的内容和照片立即删除。"</p>
                <form method="post" action=post("withdraw")>
                    <button class="weui-btn weui-btn_warn" type="submit">"确认撤回"</button>
                </form>
            </details>
        }
    });
    view! { {urge} {urged} {add} <NewPhrase /> {withdraw} }.into_any()
}

/// Photos of a refused try.
fn held_tiles(kept: &Kept) -> AnyView {
    let tiles = kept.values("held").into_iter().enumerate().map(|(i, id)| {
        let src = format!("/photos/{id}?size=thumb");
        view! {
            <label class="tile">
                <img src=src alt=format!("已选的照片{}", i + 1) width="104" height="104" />
                <span class="tile__keep"><input type="checkbox" name="held" value=id checked />"用这张"</span>
            </label>
        }
    });
    tiles.collect_view().into_any()
}

/// What happened, newest first.
fn timeline(page: &Page, events: Vec<Event>) -> AnyView {
    let campaign = page.service.campaign();
    let items = events.into_iter().rev().map(|event| {
        let time = day_and_time(page.service.calendar().civil(event.at));
        let words = event.words(campaign);
        let readable = event.audience != Audience::Staff;
        let text = event.text.filter(|_| readable);
        view! {
            <li class="timeline__item">
                <time class="timeline__time">{time}</time>
                <p class="timeline__words">{words}</p>
                {text.map(|text| view! { <p class="timeline__text">{text}</p> })}
            </li>
        }
    });
    view! { <ol class="timeline">{items.collect_view()}</ol> }.into_any()
}

/// One report in a list, with where it leads.
#[must_use]
pub fn report_row(page: &Page, report: &Report, thumb: Option<&str>) -> AnyView {
    let campaign = page.service.campaign();
    let category = campaign.category(report.category.as_str());
    let category = category.map(|category| category.title.clone()).unwrap_or_default();
    let title = report.summary.clone().unwrap_or_else(|| match report.place.is_empty() {
        true => page.service.plain_summary(report),
        false => report.place.clone(),
    });
    let again = if report.reopened > 0 && report.state.is_open() { "重新办理 · " } else { "" };
    let word = format!("{again}{}", report.resident_word(campaign));
    let picture = thumb.map(|id| {
        let src = format!("/photos/{id}?size=thumb");
        view! { <img class="report-row__thumb" src=src alt="" loading="lazy" width="60" height="60" /> }
    });
    let date = page.service.calendar().civil(report.submitted_at);
    let date = format!("{}月{}日", date.month(), date.day());
    view! {
        <li>
            <a class="weui-cell weui-cell_access report-row" href=format!("/reports/{}", report.code)>
                {picture}
                <span class="weui-cell__bd">
                    <span class="report-row__title">{title}</span>
                    <span class="report-row__line">{category} " · " {date}</span>
                    {state_mark(report.state, word)}
                </span>
                <span class="weui-cell__ft"></span>
            </a>
        </li>
    }
    .into_any()
}

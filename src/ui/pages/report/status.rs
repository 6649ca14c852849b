//! `/reports/{code}`: progress of one report in plain words.

use domain::{
    lang::Lang,
    report::{
        Code, Event, EventKind, Report, State,
        action::Action,
        quarantine::dismissal_words,
        words::{day_and_time, short_day},
    },
};
use islands::forms::REPORT_DRAFT;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use service::{
    Timeline,
    report::public::{Progress, ReportView},
};

use super::verdict::{rating_form, support_form};
use crate::{
    context::{Page, PageOutcome},
    error::Refusal,
    form_state::FormState,
    parts::{
        form::{
            draft::ForgetDraft,
            fields::{TextInput, field_error, text_field},
            owner::{OwnerField, Personal},
        },
        frame::title::PageTitle,
        recovery::NewPhrase,
        report::{photo_pair, state_mark, steps},
        timeline::{Line, timeline},
    },
};

/// The status page.
#[component]
pub fn StatusPage() -> impl IntoView {
    let page = Page::current();
    let code = use_params_map().read_untracked().get("code").unwrap_or_default();
    let query = use_query_map().read_untracked().clone();
    let before = query.get("before").and_then(|version| version.parse().ok());
    Suspend::new(async move {
        let missing = || {
            page.set_outcome(PageOutcome::Refuse(Refusal::NotFound));
            None
        };
        let Ok(code) = Code::parse(&code) else { return missing() };
        let status = page.service.status(&page.visitor, &code, before).await;
        let Some(status) = page.or_refuse(status)? else { return missing() };
        Some(status_view(&page, status))
    })
}

fn status_view(page: &Page, status: ReportView) -> AnyView {
    let (campaign, lang, now) = (page.campaign(), page.lang, page.service.now());
    let ReportView {
        report,
        own,
        support,
        timeline: Timeline { events, earlier },
        explained,
        photos,
        merged_into,
        progress,
    } = status;
    let category = campaign.category(report.category.as_str());
    let category = category.map(|category| category.title.clone()).unwrap_or_default();
    let place = campaign.grid_label(report.grid.as_ref());
    let sentence = report.sentence(campaign, page.service.calendar(), now);
    let refused = explained.and_then(|event| explanation(page, event));
    let goes_on = merged_into.map(|code| {
        view! { <p class="page-action"><a class="weui-btn weui-btn_default" href=format!("/reports/{code}")>{lang.say("看合并后的那一件", "See the merged report")}</a></p> }
    });
    let under = progress.as_ref().map(|progress| progress.report.clone());
    let progress = progress.map(|progress| merged_progress(page, progress));
    let filed = events.iter().any(|event| event.what == EventKind::Filed);
    let earlier = earlier.map(|version| format!("{}?before={version}", page.path));
    let lines = events.into_iter().map(|event| timeline_line(page, event));
    let just_filed = own && filed && report.version == 1;
    view! {
        <PageTitle text=lang.say("办理进度", "Progress") />
        {(own || support.is_some()).then(|| view! { <Personal /> })}
        <main id="main" class="status-page">
            {just_filed.then(|| view! { <ForgetDraft of=REPORT_DRAFT /> })}
            <h1 class="status-page__sentence">{sentence}</h1>
            {refused.map(|(text, text_lang)| view! { <p class="notice" lang=text_lang>{text}</p> })}
            {steps(lang, under.as_ref().map_or(report.state, |under| under.state))}
            <p class="status-page__number">
                {lang.say("办件编号 ", "Report number ")} <strong>{report.number().to_string()}</strong> <span class="hint">{lang.say("打电话询问时报这个号", "quote this when you call")}</span>
            </p>
            {progress}
            {goes_on}
            {photo_pair(lang, &photos)}
            {own.then(|| rating_form(page, &report, under.as_ref())).flatten()}
            {facts(lang, &report, category, place, own)}
            {(!own).then(|| support_form(page, &report, support))}
            {own.then(|| reporter_forms(page, &report, under.as_ref()))}
            <section aria-labelledby="timeline-title">
                <h2 id="timeline-title" class="section-title">{lang.say("办理经过", "What happened")}</h2>
                {timeline(lang, lines, earlier)}
            </section>
        </main>
    }
    .into_any()
}

/// A row of a fact list; `lang` is set if the text is in another language than the page.
fn fact_row(title: &'static str, text: String, lang: Option<&'static str>) -> Option<AnyView> {
    (!text.is_empty()).then(|| {
        view! { <div class="facts__row"><dt>{title}</dt><dd lang=lang>{text}</dd></div> }.into_any()
    })
}

fn facts(lang: Lang, report: &Report, category: String, place: String, own: bool) -> AnyView {
    let row = |title: &'static str, text: String| fact_row(title, text, None);
    let summary = report.summary.clone().unwrap_or_default();
    let words = own.then(|| {
        view! {
            {row(lang.say("您写的地点", "Place, in your words"), report.place.clone())}
            {row(lang.say("您的描述", "Your description"), report.description.clone())}
        }
    });
    view! {
        <dl class="facts weui-cells">
            {row(lang.say("分类", "Category"), category)} {row(lang.say("小区或路段", "Compound or street"), place)} {fact_row(lang.say("公开摘要", "Public summary"), summary, lang.staff_text_lang())} {words}
            {row(lang.say("也遇到过", "Also seen by"), if report.supporters > 0 { lang.say(format!("{}人", report.supporters), report.supporters.to_string()) } else { String::new() })}
        </dl>
    }
    .into_any()
}

/// Forms of the reporter: urge, add text or photos, withdraw.
fn reporter_forms(page: &Page, report: &Report, under: Option<&Report>) -> AnyView {
    let lang = page.lang;
    let post = |wish: &str| format!("/reports/{}/{wish}", report.code);
    let now = page.service.now();
    let urged_today = page.service.same_day(report.urged_at);
    let urge = report.may_urge(now, urged_today).then(|| {
        view! {
            <form class="page-action" method="post" action=post("urge")>
                <OwnerField />
                <button class="weui-btn weui-btn_primary" type="submit">{lang.say("催一催", "Ask for faster handling")}</button>
            </form>
        }
    });
    let urged = (urged_today && report.state.is_open())
        .then(|| view! { <p class="notice">{lang.say("今天已经催过，工作人员看得到", "You have already asked today; staff can see it")}</p> });
    let form = page.form("add");
    let open = report.state == State::NeedsInfo || !form.is_fresh();
    let may_add = report.may_add() || report.may_add_through(under);
    let add = may_add.then(|| {
        view! {
            <details class="fold" open=open>
                <summary>{lang.say("补充文字或照片", "Add words or photos")}</summary>
                <form method="post" action=post("add") enctype="multipart/form-data">
                    <OwnerField />
                    {form.summary(lang.say("还没有提交，请看一下：", "Not sent yet, please look at:"))}
                    <div class="weui-cells form-cells">
                        {text_field("text", lang.say("补充说明", "Additional details"), None, TextInput::Area, &form)}
                        <div class="weui-cell field">
                            <label class="field__label" for="field-photos">{lang.say("照片（最多3张）", "Photos (3 at most)")}</label>
                            <input
                                class="field__input"
                                type="file"
                                id="field-photos"
                                name="photos"
                                accept="image/jpeg,image/png,image/webp"
                                multiple
                                aria-invalid=form.error("photos").is_some().then_some("true")
                                aria-describedby=form.error("photos").is_some().then_some("error-photos")
                            />
                            {field_error("photos", form.error("photos"))}
                            <div class="tiles">{held_photo_tiles(lang, &form)}</div>
                        </div>
                        <div class="weui-cell"><button class="weui-btn weui-btn_primary" type="submit">{lang.say("提交补充", "Add them")}</button></div>
                    </div>
                </form>
            </details>
        }
    });
    let withdraw = report.may_withdraw().then(|| {
        let means = match report.supporters {
            0 => lang.say(
                "撤回后停止办理，您写的内容和照片立即删除。",
                "Handling stops, and your text and photos are deleted at once.",
            ),
            _ => lang.say(
                "其他居民也遇到过，所以撤回后继续办理；您写的内容和照片立即删除，您不再收到进展。",
                "Others have seen this too, so handling goes on; your text and photos are deleted at once, and you hear no more of it.",
            ),
        };
        view! {
            <details class="fold withdraw">
                <summary>{lang.say("撤回这件反映", "Withdraw this report")}</summary>
                <p class="hint">{means}</p>
                <form method="post" action=post("withdraw")>
                    <OwnerField />
                    <button class="weui-btn weui-btn_warn" type="submit">{lang.say("确认撤回", "Confirm withdrawal")}</button>
                </form>
            </details>
        }
    });
    view! { {urge} {urged} {add} <NewPhrase /> {withdraw} }.into_any()
}

/// Photos that the server holds from a refused attempt.
fn held_photo_tiles(lang: Lang, form: &FormState) -> AnyView {
    let tiles = form.values("held").into_iter().enumerate().map(|(i, id)| {
        let src = format!("/photos/{id}?size=thumb");
        view! {
            <label class="tile">
                <img src=src alt=format!("{}{}", lang.say("已选的照片", "Chosen photo "), i + 1) width="104" height="104" />
                <span class="tile__keep"><input type="checkbox" name="held" value=id checked />{lang.say("用这张", "Use this")}</span>
            </label>
        }
    });
    tiles.collect_view().into_any()
}

/// What was written with an event, with its language if that is not the page's. Residents may write
/// in any language, so theirs is marked as unknown on English pages.
fn event_text(page: &Page, event: Event) -> Option<(String, Option<&'static str>)> {
    match event.what {
        EventKind::Staff(Action::Dismiss) => Some((dismissal_words(page.lang).to_owned(), None)),
        EventKind::Staff(_) => event.text.map(|text| (text, page.lang.staff_text_lang())),
        _ => event.text.map(|text| (text, (page.lang != Lang::Zh).then_some(""))),
    }
}

/// Why the report is in its state, in words.
fn explanation(page: &Page, event: Event) -> Option<(String, Option<&'static str>)> {
    let parted = event.what == EventKind::Parted;
    let (text, lang) = event_text(page, event)?;
    Some(match parted {
        true => (format!("{}{text}", since_merged(page.lang)), None),
        false => (text, lang),
    })
}

fn since_merged(lang: Lang) -> &'static str {
    lang.say("合并后的进展：", "Since it was merged: ")
}

/// How it goes on under another report: in one sentence, and what happened there.
fn merged_progress(page: &Page, progress: Progress) -> AnyView {
    let Progress { report, why, events } = progress;
    let lang = page.lang;
    let sentence = report.sentence(page.campaign(), page.service.calendar(), page.service.now());
    let lines = events.into_iter().map(|event| timeline_line(page, event));
    view! {
        <p class="notice">{since_merged(lang)} {sentence}</p>
        {why.map(|why| view! { <p class="notice" lang=lang.staff_text_lang()>{why}</p> })}
        <details class="fold">
            <summary>{lang.say("合并后的办理经过", "What happened since it was merged")}</summary>
            {timeline(lang, lines, None)}
        </details>
    }
    .into_any()
}

/// A line of the timeline.
fn timeline_line(page: &Page, event: Event) -> Line {
    Line {
        time: day_and_time(page.service.calendar().civil(event.at), page.lang),
        words: event.label(page.campaign()),
        text: event_text(page, event),
    }
}

/// A list item of one report, linked to its page; `thumb` is the id of a photo.
#[must_use]
pub fn report_row(page: &Page, report: &Report, thumb: Option<&str>) -> AnyView {
    let (campaign, lang) = (page.campaign(), page.lang);
    let category = campaign.category(report.category.as_str());
    let category = category.map(|category| category.title.clone()).unwrap_or_default();
    let title = report.summary.clone().unwrap_or_else(|| match report.place.is_empty() {
        true => report.default_summary(page.campaign()),
        false => report.place.clone(),
    });
    // Texts of staff are always Chinese.
    let by_staff = lang.staff_text_lang().filter(|_| report.summary.is_some());
    let again = if report.reopened > 0 && report.state.is_open() {
        lang.say("重新办理 · ", "Reopened · ")
    } else {
        ""
    };
    let word = format!("{again}{}", report.resident_label(campaign));
    let picture = thumb.map(|id| {
        let src = format!("/photos/{id}?size=thumb");
        view! { <img class="report-row__thumb" src=src alt="" loading="lazy" width="60" height="60" /> }
    });
    let date = page.service.calendar().civil(report.submitted_at);
    let date = short_day(date, lang);
    view! {
        <li>
            <a class="weui-cell weui-cell_access report-row" href=format!("/reports/{}", report.code)>
                {picture}
                <span class="weui-cell__bd">
                    <span class="report-row__title" lang=by_staff>{title}</span>
                    <span class="report-row__line">{category} " · " {date}</span>
                    {state_mark(report.state, word)}
                </span>
                <span class="weui-cell__ft"></span>
            </a>
        </li>
    }
    .into_any()
}

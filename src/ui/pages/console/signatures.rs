//! `/console/signatures`: review of suspect signatures: fraud rules, and bulk decisions of
//! managers. A decision is previewed before it is applied, and can be undone.

use domain::{
    lang::Lang,
    report::words::day_and_time,
    signature_review::{FraudRule, ReviewDecision, SignatureState},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use service::{
    BulkReview, BusyNetwork, Progress, SuspectGroup,
    signature_review::{Overview, Preview, SignatureReviewError},
};

use super::{console_frame, signed_in_staff};
use crate::{
    context::{Page, PageOutcome},
    error::Refusal,
    parts::form::owner::OwnerField,
};

/// Query parameters of a preview, or the fields of a refused form.
#[derive(Clone, Default)]
struct ReviewQuery {
    decision: String,
    rule: String,
    network_hash: String,
    since: String,
    until: String,
}

impl ReviewQuery {
    fn get(&self, name: &str) -> String {
        match name {
            "rule" => self.rule.clone(),
            "place" => self.network_hash.clone(),
            "since" => self.since.clone(),
            "until" => self.until.clone(),
            _ => String::new(),
        }
    }
}

/// The review page.
#[component]
pub fn SignaturesPage() -> impl IntoView {
    let page = Page::current();
    let query = use_query_map().get_untracked();
    let field = |name: &str| query.get(name).unwrap_or_default();
    let mut asked = ReviewQuery {
        decision: field("verdict"),
        rule: field("rule"),
        network_hash: field("place"),
        since: field("since"),
        until: field("until"),
    };
    let form = page.form("judge");
    if !form.is_fresh() {
        let sent = |name| form.value(name);
        asked = ReviewQuery {
            decision: sent("verdict"),
            rule: sent("rule"),
            network_hash: sent("place"),
            since: sent("since"),
            until: sent("until"),
        };
    }
    Suspend::new(async move {
        let staff = signed_in_staff(&page)?;
        let overview = match page.service.review_overview(&staff).await {
            Ok(overview) => overview,
            Err(SignatureReviewError::Store(error)) => page.or_refuse(Err(error))?,
            Err(_) => {
                page.set_outcome(PageOutcome::Refuse(Refusal::NotPermitted("签名由管理员核查")));
                return None;
            }
        };
        let fault = form.all_errors().next().map(|(_, sentence)| sentence);
        let verdict = ReviewDecision::parse(&asked.decision);
        let meant = page.service.parse_filter(|name| asked.get(name));
        let preview = match (verdict, &meant) {
            (Some(verdict), Some(meant)) => {
                match page.service.preview(&staff, verdict, meant).await {
                    Ok(preview) => Some((verdict, preview)),
                    Err(SignatureReviewError::Store(error)) => page.or_refuse(Err(error))?,
                    Err(_) => None,
                }
            }
            _ => None,
        };
        let odd = meant.is_none().then(|| "日期请写成2026-11-25这样".to_owned());
        let content = view! {
            <h1 class="page-title">"签名核查"</h1>
            <p class="hint">"存疑的签名对签名人不作提示，也不计数，直到规则停用或您放行。"</p>
            {preview.map(|(verdict, preview)| preview_section(&page, verdict, &asked, preview))}
            {suspect_groups(&page, &overview)}
            {busy_networks(&page, &overview)}
            {rule_list(&overview)}
            {filter_form(&asked, fault.or(odd))}
            {bulk_review_list(&page, &overview)}
            {trend_table(&overview)}
        };
        Some(console_frame(&page, &staff, "签名核查", content.into_any()))
    })
}

fn format_time(page: &Page, at: i64) -> String {
    day_and_time(page.service.calendar().civil(at), Lang::Zh)
}

/// The first characters of a network hash, enough to tell networks apart.
fn short_hash(place: &str) -> String {
    place.chars().take(6).collect()
}

/// Preview of a bulk decision, with the button that applies it.
fn preview_section(
    page: &Page,
    verdict: ReviewDecision,
    asked: &ReviewQuery,
    preview: Preview,
) -> AnyView {
    let Preview { n, upto, samples } = preview;
    let samples = samples.into_iter().map(|(ordinal, name, at)| {
        view! { <li>"第" {ordinal} "位 " {name} " " {format_time(page, at)}</li> }
    });
    let samples = samples.collect_view();
    let hidden = ["rule", "place", "since", "until"].map(|name| {
        view! { <input type="hidden" name=name value=asked.get(name) /> }
    });
    view! {
        <section class="judge-preview" aria-labelledby="preview-title">
            <h2 class="section-title" id="preview-title">{verdict.title()} "：会涉及" {n} "个"</h2>
            <ul class="judge-samples">{samples}</ul>
            <form class="judge-confirm" method="post" action="/console/signatures/judge">
                <OwnerField />
                <input type="hidden" name="verdict" value=verdict.as_str() />
                {hidden}
                <input type="hidden" name="upto" value=upto />
                <button class="weui-btn weui-btn_warn" type="submit" disabled={n == 0}>"确定，" {verdict.title()}</button>
                <a class="weui-btn weui-btn_default" href="/console/signatures">"不办"</a>
            </form>
        </section>
    }
    .into_any()
}

/// Suspect signatures, grouped by rule and client network.
fn suspect_groups(page: &Page, overview: &Overview) -> AnyView {
    if overview.suspects.is_empty() {
        return view! { <h2 class="section-title">"存疑的签名"</h2><p class="empty">"没有存疑的签名。"</p> }.into_any();
    }
    let rows = overview.suspects.iter().map(|(group, names)| {
        let SuspectGroup { rule, network_hash: place, n, first, last, newest } = group;
        let dismiss = ReviewDecision::Dismiss.as_str();
        let dismiss = format!("/console/signatures?verdict={dismiss}&rule={}&place={place}", rule.as_str());
        view! {
            <li class="judge-group">
                <p><strong>{rule.title()} " · " {*n} "个"</strong>" · 来源" {short_hash(place)}</p>
                <p class="judge-group__more">{format_time(page, *first)} "至" {format_time(page, *last)} "；如" {names.join("、")}</p>
                // One press, since it can be undone: those without scripts wait for it.
                <form class="judge-group__act release-group" method="post" action="/console/signatures/judge">
                    <OwnerField />
                    <input type="hidden" name="verdict" value=ReviewDecision::Release.as_str() />
                    <input type="hidden" name="rule" value=rule.as_str() />
                    <input type="hidden" name="place" value=place.clone() />
                    <input type="hidden" name="upto" value=*newest />
                    <button class="weui-btn weui-btn_mini weui-btn_primary" type="submit">"放行这" {*n} "个"</button>
                    <a class="weui-btn weui-btn_mini weui-btn_default" href=dismiss>"作废…"</a>
                </form>
            </li>
        }
    });
    let rows = rows.collect_view();
    view! { <h2 class="section-title">"存疑的签名"</h2><ul class="judge-list">{rows}</ul> }
        .into_any()
}

/// Client networks with the most valid signatures: a mobile network, or a patient fraudster.
fn busy_networks(page: &Page, overview: &Overview) -> AnyView {
    let rows = overview.busy.iter().map(|BusyNetwork { network_hash: place, n, first, last }| {
        let href = format!("/console/signatures?verdict=invalidate&place={place}");
        view! {
            <li class="judge-group">
                <p><strong>"来源" {short_hash(place)} " · " {*n} "个"</strong></p>
                <p class="judge-group__more">{format_time(page, *first)} "至" {format_time(page, *last)}</p>
                <p class="judge-group__act">
                    <a class="weui-btn weui-btn_mini weui-btn_default" href=href>"查看…"</a>
                </p>
            </li>
        }
    });
    let rows = rows.collect_view();
    view! {
        <h2 class="section-title">"近两天有效签名最多的来源"</h2>
        <p class="hint">"同一个手机网络的许多居民共用一个来源，数量多不等于有问题，请结合姓名和时间判断。"</p>
        <ul class="judge-list">{rows}</ul>
    }
    .into_any()
}

/// The fraud rules, each with a switch.
fn rule_list(overview: &Overview) -> AnyView {
    let rows = FraudRule::ALL.map(|rule| {
        let on = !overview.off.contains(&rule);
        let action = format!("/console/signatures/rules/{}", rule.as_str());
        let (value, word) = if on { ("no", "停用并放行") } else { ("yes", "启用") };
        view! {
            <li class="judge-group">
                <p><strong>{rule.title()}</strong> {if on { "（启用中）" } else { "（已停用）" }}</p>
                <p class="judge-group__more">{rule.explanation()}</p>
                <form method="post" action=action>
                    <OwnerField />
                    <button class="weui-btn weui-btn_mini weui-btn_default" type="submit" name="on" value=value
                        aria-label=format!("{word}：{}", rule.title())>{word}</button>
                </form>
            </li>
        }
    });
    view! { <h2 class="section-title">"规则"</h2><ul class="judge-list">{rows.collect_view()}</ul> }
        .into_any()
}

/// The form that selects signatures for a preview.
fn filter_form(asked: &ReviewQuery, fault: Option<String>) -> AnyView {
    let verdicts = ReviewDecision::ALL.map(|verdict| {
        let selected = asked.decision == verdict.as_str();
        view! { <option value=verdict.as_str() selected=selected>{verdict.title()}</option> }
    });
    let rules = FraudRule::ALL.map(|rule| {
        let selected = asked.rule == rule.as_str();
        view! { <option value=rule.as_str() selected=selected>{rule.title()}</option> }
    });
    let invalid = fault.is_some().then_some("true");
    let described = fault.is_some().then_some("error-verdict");
    view! {
        <h2 class="section-title">"查看一批签名"</h2>
        <form class="judge-choose" method="get" action="/console/signatures">
            <div class="weui-cells form-cells">
                <div class="weui-cell field">
                    <label class="field__label" for="field-verdict">"要做什么"</label>
                    <select class="field__input" id="field-verdict" name="verdict" aria-invalid=invalid aria-describedby=described>{verdicts.collect_view()}</select>
                    {fault.map(|said| view! { <p class="field-error" id="error-verdict">{said}</p> })}
                </div>
                <div class="weui-cell field">
                    <label class="field__label" for="field-rule">"规则"</label>
                    <select class="field__input" id="field-rule" name="rule"><option value="">"不限"</option>{rules.collect_view()}</select>
                </div>
                <div class="weui-cell field">
                    <label class="field__label" for="field-place">"来源（存疑签名里的编号）"</label>
                    <input class="field__input" id="field-place" name="place" value=asked.network_hash.clone() autocomplete="off" />
                </div>
                <div class="weui-cell field">
                    <label class="field__label" for="field-since">"签名日期，从"</label>
                    <input class="field__input" type="date" id="field-since" name="since" value=asked.since.clone() />
                </div>
                <div class="weui-cell field">
                    <label class="field__label" for="field-until">"到（含）"</label>
                    <input class="field__input" type="date" id="field-until" name="until" value=asked.until.clone() />
                </div>
            </div>
            <button class="weui-btn weui-btn_primary" type="submit">"先看看会涉及多少"</button>
        </form>
    }
    .into_any()
}

fn progress_label(judgement: &BulkReview) -> &'static str {
    match judgement.state {
        Progress::Running => "办理中",
        Progress::Done => "已办",
        Progress::Undoing => "撤销中",
        Progress::Undone => "已撤销",
    }
}

/// The bulk reviews so far, each with an undo button.
fn bulk_review_list(page: &Page, overview: &Overview) -> AnyView {
    if overview.bulk_reviews.is_empty() {
        return ().into_any();
    }
    let rows = overview.bulk_reviews.iter().map(|(judgement, by)| {
        let title = judgement.decision().map_or("", ReviewDecision::title);
        let meant = judgement.filter();
        let rule = meant.rule.map(|rule| format!("；{}", rule.title())).unwrap_or_default();
        let place = meant.network_hash.map(|place| format!("；来源{}", short_hash(&place))).unwrap_or_default();
        let can_undo = matches!(judgement.state, Progress::Running | Progress::Done);
        let action = format!("/console/signatures/{}/undo", judgement.id);
        let at = format_time(page, judgement.at);
        view! {
            <li class="judge-group">
                <p><strong>{title} " · " {judgement.touched} "个"</strong> " · " {progress_label(judgement)}</p>
                <p class="judge-group__more">{at.clone()} " " {by.clone()} {rule} {place}</p>
                {can_undo.then(|| view! {
                    <form method="post" action=action>
                        <OwnerField />
                        <button class="weui-btn weui-btn_mini weui-btn_default" type="submit" aria-label=format!("撤销{at}的{title}")>"撤销"</button>
                    </form>
                })}
            </li>
        }
    });
    let rows = rows.collect_view();
    view! { <h2 class="section-title">"办理记录"</h2><ul class="judge-list">{rows}</ul> }.into_any()
}

/// Numbers of signatures by day and state.
fn trend_table(overview: &Overview) -> AnyView {
    let head = SignatureState::ALL.map(|state| view! { <th scope="col">{state.title()}</th> });
    let rows = overview.days.iter().map(|(day, standings)| {
        let cells = SignatureState::ALL.map(|state| {
            let n = standings.get(&state).copied().unwrap_or_default();
            view! { <td>{n}</td> }
        });
        view! { <tr><th scope="row">{format!("{}月{}日", day.month, day.day)}</th>{cells.collect_view()}</tr> }
    });
    let rows = rows.collect_view();
    view! {
        <h2 class="section-title">"近14天，按签名日期"</h2>
        <table class="judge-trend">
            <thead><tr><th scope="col">"日期"</th>{head.collect_view()}</tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

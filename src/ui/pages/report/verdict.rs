//! What residents say of the handling: the reporter rates it, and who has met the same may say that it
//! is not solved.

use domain::{
    lang::Lang,
    report::{
        Report, Satisfaction, State,
        residents::supporter::{NETWORKS_MIN, Support, UNSOLVED_MIN},
    },
};
use leptos::prelude::*;

use crate::{
    context::Page,
    parts::form::{
        fields::{TextInput, field_error, text_field},
        owner::OwnerField,
    },
};

/// The two rating questions, one after the other. No answer counts as not rated (未评价). Of a merged
/// report, the first one is asked about `under`, the report that it goes on under.
pub(super) fn rating_form(page: &Page, report: &Report, under: Option<&Report>) -> Option<AnyView> {
    let (lang, now) = (page.lang, page.service.now());
    let days = page.campaign().deadlines.reopen;
    if let Some(under) = under {
        return match under.may_be_unsolved(now, days) {
            true => Some(unsolved_form(lang, report, None)),
            false => {
                is_over(under).then(|| report_again(lang, under, &too_late(lang, under, days)))
            }
        };
    }
    if !report.may_rate(now, days) || !report.kind.is_casework() {
        return match report.solved {
            Some(solved) => Some(what_they_said(lang, report, solved)),
            None => {
                is_over(report).then(|| report_again(lang, report, &too_late(lang, report, days)))
            }
        };
    }
    let form = page.form("rate");
    let action = format!("/reports/{}/rate", report.code);
    let question = if report.solved == Some(true) && report.rated_by.is_none() {
        let buttons = Satisfaction::ALL.into_iter().map(|(satisfied, value)| {
            view! {
                <button class="weui-btn weui-btn_default" type="submit" name="satisfied" value=value>
                    {satisfied.label(lang)}
                </button>
            }
        });
        let buttons = buttons.collect_view();
        view! {
            <p class="question__text" id="question">{lang.say("对办理满意吗？", "Are you satisfied with how it was handled?")}</p>
            <div class="question__answers question__answers_three" id="field-satisfied">{buttons}</div>
        }
        .into_any()
    } else {
        view! {
            <p class="question__text" id="question">{lang.say("问题解决了吗？", "Is it solved?")}</p>
            <div class="question__answers" id="field-solved">
                <button class="weui-btn weui-btn_primary" type="submit" name="solved" value="yes">{lang.say("已解决", "Solved")}</button>
                <button class="weui-btn weui-btn_default" type="submit" name="solved" value="no">{lang.say("没解决", "Not solved")}</button>
            </div>
            <details class="fold" open=form.error("comment").is_some()>
                <summary>{lang.say("想说几句（可不写）", "Say a few words (optional)")}</summary>
                {text_field("comment", lang.say("您的意见", "Your comments"), Some(lang.say("只有工作人员看得到", "Only staff see it").into()), TextInput::Area, &form)}
            </details>
        }
        .into_any()
    };
    Some(
        view! {
            <form class="question" method="post" action=action aria-labelledby="question">
                <OwnerField />
                {form.summary(lang.say("还没有提交，请看一下：", "Not sent yet, please look at:"))}
                {question}
                {field_error("solved", form.error("solved"))}
            </form>
        }
        .into_any(),
    )
}

/// What the reporter said, here or on the telephone.
fn what_they_said(lang: Lang, report: &Report, solved: bool) -> AnyView {
    let satisfied = report
        .satisfied
        .map(|satisfied| format!("{}{}", lang.say("，", "; "), satisfied.label(lang)));
    let said = match (solved, report.rated_by) {
        (true, None) => lang.say("您说：已解决", "You said: solved"),
        (true, Some(_)) => lang.say("社区回访时您说：已解决", "You told us when we asked: solved"),
        (false, None) => {
            lang.say("您说：没解决，已重新办理", "You said: not solved; it was reopened")
        }
        (false, Some(_)) => lang.say(
            "社区回访时您说：没解决，已重新办理",
            "You told us when we asked: not solved; it was reopened",
        ),
    };
    view! { <p class="notice">{said} {satisfied}</p> }.into_any()
}

/// Whether it is work that has been done.
fn is_over(report: &Report) -> bool {
    report.state == State::Closed && report.kind.is_casework()
}

/// 没解决, for those who did not send the report that was handled; `means` says what follows.
fn unsolved_form(lang: Lang, report: &Report, means: Option<String>) -> AnyView {
    let action = format!("/reports/{}/unsolved", report.code);
    view! {
        <form class="question" method="post" action=action aria-labelledby="question">
            <OwnerField />
            <p class="question__text" id="question">{lang.say("问题解决了吗？", "Is it solved?")}</p>
            {means.map(|means| view! { <p class="hint">{means}</p> })}
            <div class="question__answers question__answers_one">
                <button class="weui-btn weui-btn_default" type="submit">{lang.say("没解决", "Not solved")}</button>
            </div>
        </form>
    }
    .into_any()
}

/// That the days to say 没解决 are over.
fn too_late(lang: Lang, report: &Report, days: u16) -> String {
    let number = report.number();
    lang.say(
        format!("办结已经超过{days}天。还没有解决的话，请再报一次，并写上{number}。"),
        format!(
            "It was closed more than {days} days ago. If it is not solved, please report it again and mention {number}."
        ),
    )
}

/// That supporters have opened it again once.
fn reopened_once(lang: Lang, report: &Report) -> String {
    let number = report.number();
    lang.say(
        format!("也遇到过的居民已经让它重新办理过一次。还没有解决的话，请再报一次，并写上{number}。"),
        format!(
            "Residents who have seen it too have had it reopened once. If it is not solved, please report it again and mention {number}."
        ),
    )
}

/// What to do when 没解决 can no longer be said, and why it cannot.
fn report_again(lang: Lang, report: &Report, why: &str) -> AnyView {
    let grid = report.grid.as_ref().map(|grid| format!("&grid={grid}")).unwrap_or_default();
    let href = format!("/report?category={}{grid}", report.category);
    view! {
        <p class="notice">{why.to_owned()}</p>
        <p class="page-action"><a class="weui-btn weui-btn_default" href=href>{lang.say("再报一次", "Report it again")}</a></p>
    }
    .into_any()
}

/// What a resident who did not send it may say: that they have met it, too, and later that it is not
/// solved.
pub(super) fn support_form(
    page: &Page,
    report: &Report,
    support: Option<Support>,
) -> Option<AnyView> {
    let (lang, now) = (page.lang, page.service.now());
    let days = page.campaign().deadlines.reopen;
    let notice = |text: String| Some(view! { <p class="notice">{text}</p> }.into_any());
    let Some(support) = support else {
        return report.state.is_open().then(|| {
            let action = format!("/reports/{}/support", report.code);
            view! {
                <form class="page-action" method="post" action=action>
                    <button class="weui-btn weui-btn_primary" type="submit">{lang.say("我也遇到过", "I’ve seen this too")}</button>
                </form>
            }
            .into_any()
        });
    };
    let means = lang.say(
        format!("有{UNSOLVED_MIN}位也遇到过的居民（来自{NETWORKS_MIN}个以上网络）说没解决，就重新办理。"),
        format!(
            "It is reopened once {UNSOLVED_MIN} residents who have seen it too, from {NETWORKS_MIN} networks or more, say that it is not solved."
        ),
    );
    if report.may_supporter_object(support, now, days) {
        return Some(unsolved_form(lang, report, Some(means)));
    }
    if report.is_unsolved_for(support) {
        return notice(format!("{}{means}", lang.say("您说：没解决。", "You said: not solved. ")));
    }
    if is_over(report) && !report.may_be_unsolved(now, days) {
        return Some(report_again(lang, report, &too_late(lang, report, days)));
    }
    if is_over(report) && support.spent {
        return Some(report_again(lang, report, &reopened_once(lang, report)));
    }
    let text = lang.say(
        "您也遇到过，办理结果会出现在“我的”里",
        "You have seen this too; the result will appear under “Me”",
    );
    notice(text.to_owned())
}

//! `/console/weekly`: weekly report: one page to print, one paragraph to copy.

use domain::{counts::grouped, lang::Lang, report::words::day_and_time};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use service::statistics::{Share, Weekly};

use super::{
    console_frame, signed_in_staff,
    stats::{percent, period_form},
};
use crate::{context::Page, parts::form::text_area::TextArea};

/// The page of the weekly report.
#[component]
pub fn WeeklyPage() -> impl IntoView {
    let page = Page::current();
    let query = use_query_map().read_untracked().clone();
    Suspend::new(async move {
        let staff = signed_in_staff(&page)?;
        let (from, to) = (query.get("from"), query.get("to"));
        let days = page.service.days(from.as_deref(), to.as_deref(), 7);
        let weekly = page.or_refuse(page.service.weekly(days).await)?;
        let street = page.service.campaign().titles.street.clone();
        let title = page.service.campaign().titles.title.clone();
        let paragraph = paragraph(&page, &weekly);
        let content = view! {
            <div class="weekly">
                <h1 class="page-title">{street} "“" {title} "”周报"</h1>
                <div class="screen-only">{period_form("/console/weekly", days)}</div>
                {figures_table(&weekly)}
                <label class="weui-cell field" for="paragraph"><span class="field__label">"一段话（可复制）"</span></label>
                <TextArea class="weekly__text" id="paragraph" value=paragraph rows=5 readonly=true />
                <p class="hint">
                    "有效签名：核对后计入总数的签名。受理、办结：这些天里受理、办结的件数。按时：办结件里处理不晚于承诺时间的。"
                    "解决：办结件里居民评价“已解决”的，占作过评价的比例。重办：这些天里重新办理的次数。"
                </p>
            </div>
        };
        Some(console_frame(&page, &staff, "周报", content.into_any()))
    })
}

fn shares(weekly: &Weekly) -> (Share, Share) {
    let week = weekly.week;
    (Share { part: week.in_time, of: week.closed }, Share { part: week.solved, of: week.rated })
}

fn figures_table(weekly: &Weekly) -> AnyView {
    let (in_time, solved) = shares(weekly);
    let week = weekly.week;
    let rows = [
        ("有效签名累计", grouped(weekly.signatures)),
        ("新增签名", grouped(week.signed)),
        ("收到反映", grouped(week.received)),
        ("受理", grouped(week.accepted)),
        ("办结", grouped(week.closed)),
        ("按时", percent(in_time)),
        ("解决", percent(solved)),
        ("重办", grouped(week.reopened)),
    ];
    let rows = rows.into_iter().map(|(name, value)| {
        view! { <tr><th scope="row">{name}</th><td>{value}</td></tr> }
    });
    view! { <table class="counts" aria-label="本期数字"><tbody>{rows.collect_view()}</tbody></table> }
        .into_any()
}

fn paragraph(page: &Page, weekly: &Weekly) -> String {
    let (in_time, solved) = shares(weekly);
    let (days, week) = (weekly.days, weekly.week);
    let as_of = day_and_time(page.service.calendar().civil(weekly.as_of), Lang::Zh);
    let of = |share: Share, word: &str| match share.of {
        0 => format!("{word}—"),
        _ => format!("{word}{}", percent(share)),
    };
    format!(
        "{}月{}日至{}月{}日，新增有效签名{}个，累计{}个；收到居民反映{}件，受理{}件，办结{}件，{}，{}，重办{}件。（截至{}年{as_of}）",
        days.from.month(),
        days.from.day(),
        days.to.month(),
        days.to.day(),
        week.signed,
        weekly.signatures,
        week.received,
        week.accepted,
        week.closed,
        of(in_time, "按时率"),
        of(solved, "解决率"),
        week.reopened,
        page.service.calendar().civil(weekly.as_of).year(),
    )
}

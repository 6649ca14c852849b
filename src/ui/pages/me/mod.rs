//! `/me`: signature, reports and supported reports of this visitor.

pub mod data;
pub mod recovery;

use domain::{counts::grouped, report::Report};
use leptos::{either::Either, prelude::*};
use service::MySignature;

use super::report::status::report_row;
use crate::{
    context::Page,
    parts::{
        form::{owner::Personal, withdraw::Withdraw},
        frame::title::PageTitle,
    },
};

/// The visitor's own page.
#[component]
pub fn MePage() -> impl IntoView {
    let page = Page::current();
    let lang = page.lang;
    Suspend::new(async move {
        let mine = page.service.signature_of(&page.visitor).await;
        let mine = page.or_refuse(mine)?;
        let reports = page.service.my_reports(&page.visitor).await;
        let (own, supported) = page.or_refuse(reports)?;
        let list = |reports: &[Report]| {
            let rows = reports.iter().map(|report| report_row(&page, report, None));
            view! { <ul class="weui-cells report-list">{rows.collect_view()}</ul> }
        };
        let own = match own.is_empty() {
            true => Either::Left(view! {
                <div class="empty">
                    <p>{lang.say("您还没有用这台手机反映过问题。", "You have not reported anything from this phone yet.")}</p>
                    <a class="weui-btn weui-btn_default" href="/report">{lang.say("随手拍", "Report")}</a>
                </div>
            }),
            false => Either::Right(list(&own)),
        };
        let supported = (!supported.is_empty()).then(|| {
            view! {
                <section aria-labelledby="my-supports">
                    <h2 id="my-supports" class="section-title">{lang.say("我也遇到过的", "Reports I’ve also seen")}</h2>
                    {list(&supported)}
                </section>
            }
        });
        let signature = match mine {
            Some(mine) => Either::Left(view! { <Mine mine /> }),
            None => Either::Right(view! {
                <div class="empty">
                    <p>{lang.say("您还没有在这台手机上签名。", "You have not signed on this phone yet.")}</p>
                    <a class="weui-btn weui-btn_primary" href="/sign">{lang.say("我要签名", "Sign the pledge")}</a>
                </div>
            }),
        };
        Some(view! {
            <PageTitle text=lang.say("我的", "Me") />
            <Personal />
            <main id="main" class="me-page">
                <h1 class="page-title">{lang.say("我的", "Me")}</h1>
                <section aria-labelledby="my-signature">
                    <h2 id="my-signature" class="section-title">{lang.say("我的签名", "My signature")}</h2>
                    {signature}
                </section>
                <section aria-labelledby="my-reports">
                    <h2 id="my-reports" class="section-title">{lang.say("我的反映", "My reports")}</h2>
                    {own}
                </section>
                {supported}
                <div class="weui-cells">
                    <a class="weui-cell weui-cell_access" href="/recovery">
                        <span class="weui-cell__bd">{lang.say("换了手机？用口令找回", "Changed phones? Restore with a recovery code")}</span>
                        <span class="weui-cell__ft"></span>
                    </a>
                    <a class="weui-cell weui-cell_access" href="/me/data">
                        <span class="weui-cell__bd">{lang.say("我的数据：查看、下载、删除", "My data: see, download, delete")}</span>
                        <span class="weui-cell__ft"></span>
                    </a>
                    <a class="weui-cell weui-cell_access" href="/privacy">
                        <span class="weui-cell__bd">{lang.say("个人信息与无障碍说明", "Personal information notice and accessibility")}</span>
                        <span class="weui-cell__ft"></span>
                    </a>
                </div>
            </main>
        })
    })
}

#[component]
fn Mine(mine: MySignature) -> impl IntoView {
    let page = Page::current();
    let lang = page.lang;
    let pledges = page.campaign().pledges_of(&mine.pledges);
    let pledges: Vec<String> = pledges.map(|pledge| pledge.short.clone()).collect();
    view! {
        <div class="weui-cells">
            <a class="weui-cell weui-cell_access" href="/signed">
                <span class="weui-cell__bd">
                    <span class="me-page__number">{lang.say("第 ", "No. ")} {grouped(mine.ordinal)} {lang.say(" 位", "")}</span>
                    <span class="me-page__name">{mine.name} " · " {pledges.join(lang.say("、", ", "))}</span>
                </span>
                <span class="weui-cell__ft">{lang.say("承诺卡", "Card")}</span>
            </a>
        </div>
        <Withdraw ordinal=mine.ordinal />
    }
}

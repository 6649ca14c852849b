//! `/me`: what this visitor has done here.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

use super::status::report_row;
use crate::{
    domain::{counts::grouped, report::Report},
    service::MySignature,
    ui::{context::Page, parts::withdraw::Withdraw},
};

/// The page about oneself.
#[component]
pub fn MePage() -> impl IntoView {
    let page = Page::current();
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
                    <p>"您还没有用这台手机反映过问题。"</p>
                    <a class="weui-btn weui-btn_default" href="/report">"随手拍"</a>
                </div>
            }),
            false => Either::Right(list(&own)),
        };
        let supported = (!supported.is_empty()).then(|| {
            view! {
                <section aria-labelledby="my-supports">
                    <h2 id="my-supports" class="section-title">"我也遇到过的"</h2>
                    {list(&supported)}
                </section>
            }
        });
        let signature = match mine {
            Some(mine) => Either::Left(view! { <Mine mine /> }),
            None => Either::Right(view! {
                <div class="empty">
                    <p>"您还没有在这台手机上签名。"</p>
                    <a class="weui-btn weui-btn_primary" href="/sign">"我要签名"</a>
                </div>
            }),
        };
        Some(view! {
            <Title text="我的" />
            <main id="main" class="me-page">
                <h1 class="page-title">"我的"</h1>
                <section aria-labelledby="my-signature">
                    <h2 id="my-signature" class="section-title">"我的签名"</h2>
                    {signature}
                </section>
                <section aria-labelledby="my-reports">
                    <h2 id="my-reports" class="section-title">"我的反映"</h2>
                    {own}
                </section>
                {supported}
                <div class="weui-cells">
                    <a class="weui-cell weui-cell_access" href="/recovery">
                        <span class="weui-cell__bd">"换了手机？用口令找回"</span>
                        <span class="weui-cell__ft"></span>
                    </a>
                    <a class="weui-cell weui-cell_access" href="/privacy">
                        <span class="weui-cell__bd">"个人信息与无障碍说明"</span>
                        <span class="weui-cell__ft"></span>
                    </a>
                </div>
            </main>
        })
    })
}

#[component]
fn Mine(mine: MySignature) -> impl IntoView {
    let pledges: Vec<String> = mine.pledges.iter().map(|pledge| pledge.short.clone()).collect();
    view! {
        <div class="weui-cells">
            <a class="weui-cell weui-cell_access" href="/signed">
                <span class="weui-cell__bd">
                    <span class="me-page__number">"第 " {grouped(mine.ordinal)} " 位"</span>
                    <span class="me-page__name">{mine.name} " · " {pledges.join("、")}</span>
                </span>
                <span class="weui-cell__ft">"承诺卡"</span>
            </a>
        </div>
        <Withdraw />
    }
}

//! What the reporters of merged reports sent: whoever handles the one they go on under needs it.

use domain::{lang::Lang, report::Report};
use leptos::prelude::*;
use service::report::case::MergedReport;

use crate::parts::{form::owner::OwnerField, report::photo_pair};

/// The reports that go on under this one; `None` if there are none.
pub(super) fn merged_reports(list: &[MergedReport]) -> Option<AnyView> {
    let items = list.iter().map(one).collect_view();
    (!list.is_empty()).then(|| {
        view! {
            <section aria-labelledby="merged-title">
                <h2 id="merged-title" class="section-title">"合并到本件的"</h2>
                <ul class="plain-list merged">{items}</ul>
            </section>
        }
        .into_any()
    })
}

fn one(MergedReport { report, photos, added }: &MergedReport) -> AnyView {
    let href = format!("/console/reports/{}", report.code);
    let words = |text: &str| {
        (!text.is_empty()).then(|| view! { <p class="merged__words">{text.to_owned()}</p> })
    };
    let added = added.iter().map(|text| {
        view! { <p class="merged__words"><span class="badge">"补充"</span> " " {text.clone()}</p> }
    });
    view! {
        <li class="merged__item">
            <p><a href=href>{report.number().to_string()}</a> " " {report.place.clone()}</p>
            {words(&report.description)}
            {added.collect_view()}
            {photo_pair(Lang::Zh, photos)}
            {contact_button(report)}
        </li>
    }
    .into_any()
}

/// Opens the merged report with its contact details, which is logged.
fn contact_button(report: &Report) -> Option<AnyView> {
    report.has_contact().then(|| {
        let action = format!("/console/contact/{}", report.code);
        let label = format!("查看{}的联系方式（会记录）", report.number());
        view! {
            <form class="contact" method="post" action=action>
                <OwnerField />
                <button class="weui-btn weui-btn_default" type="submit" aria-label=label>
                    "查看联系方式（会记录）"
                </button>
            </form>
        }
        .into_any()
    })
}

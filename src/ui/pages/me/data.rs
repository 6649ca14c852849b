//! `/me/data`: all stored data of this visitor: read, download, erase.

use domain::{counts::grouped, lang::Lang, report::words::day_and_time, time::Millis};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;
use service::visitor::my_data::{MyData, MyReport, MySigning};

use crate::{
    context::Page,
    parts::{
        form::{
            fields::field_error,
            owner::{OwnerField, Personal},
        },
        frame::title::PageTitle,
    },
};

/// The page of the visitor's own data.
#[component]
pub fn MyDataPage() -> impl IntoView {
    let page = Page::current();
    let lang = page.lang;
    let before = use_query_map().read_untracked().get("before");
    let before = before.and_then(|before| before.parse().ok());
    Suspend::new(async move {
        let mut mine = page.or_refuse(page.service.my_data(&page.visitor).await)?;
        if let Some(before) = before {
            let part = page.service.reports_part(&page.visitor, before).await;
            (mine.reports, mine.earlier) = page.or_refuse(part)?;
        }
        let content = match mine.is_empty() {
            true => Either::Left(view! {
                <div class="empty">
                    <p>{lang.say("我们这里没有保存您的任何内容。", "We keep nothing of yours.")}</p>
                    <a class="weui-btn weui-btn_default" href="/">{lang.say("回首页", "Home")}</a>
                </div>
            }),
            false => Either::Right(data_view(&page, mine)),
        };
        Some(view! {
            <PageTitle text=lang.say("我的数据", "My data") />
            <Personal />
            <main id="main" class="data-page">
                <h1 class="page-title">{lang.say("我的数据", "My data")}</h1>
                {content}
            </main>
        })
    })
}

fn data_view(page: &Page, mine: MyData) -> AnyView {
    let lang = page.lang;
    let signatures =
        mine.signatures.into_iter().map(|mine| signature_section(page, mine)).collect_view();
    let reports =
        mine.reports.into_iter().map(|report| report_section(page, report)).collect_view();
    let earlier = mine.earlier.map(|before| {
        view! {
            <nav class="pager" aria-label=lang.say("翻页", "Pages")>
                <a class="weui-btn weui-btn_default" rel="next" href=format!("/me/data?before={before}")>
                    {lang.say("更早的反映", "Earlier reports")}
                </a>
            </nav>
        }
    });
    let objections = mine.objections.into_iter();
    let objections: Vec<String> =
        objections.map(|(n, reason)| format!("{} {reason}", grouped(n))).collect();
    let held = match mine.held_photos.len() {
        0 => String::new(),
        n => n.to_string(),
    };
    let since = |at: Option<Millis>| at.map(|at| format_time(page, at)).unwrap_or_default();
    let rest = [
        fact_row(
            lang.say("我也遇到过", "I’ve also seen"),
            mine.supported.join(lang.say("、", ", ")),
        ),
        fact_row(lang.say("对寄语的异议", "Objections to messages"), objections.join("\n")),
        fact_row(lang.say("未送出的照片", "Photos not yet sent"), held),
        fact_row(
            lang.say("找回口令生成于", "Recovery code made"),
            since(mine.recovery_code_made_at),
        ),
        fact_row(
            lang.say("与微信号关联于", "Linked to a WeChat account"),
            since(mine.wechat_linked_at),
        ),
    ];
    let rest: Vec<AnyView> = rest.into_iter().flatten().collect();
    let rest = (!rest.is_empty()).then(|| {
        view! {
            <section aria-labelledby="data-rest">
                <h2 id="data-rest" class="section-title">{lang.say("其他", "Other")}</h2>
                <dl class="facts weui-cells">{rest}</dl>
            </section>
        }
    });
    view! {
        <p class="hint">{lang.say("这台手机在我们这里的全部内容，只有您自己看得到这一页。", "Everything we keep from this phone. Only you can see this page.")}</p>
        {signatures}
        {reports}
        {earlier}
        {rest}
        <p class="page-action"><a class="weui-btn weui-btn_default" href="/me/data.json" download>{lang.say("下载一份（JSON）", "Download a copy (JSON)")}</a></p>
        {erase_form(page)}
    }
    .into_any()
}

fn erase_form(page: &Page) -> AnyView {
    let lang = page.lang;
    let form = page.form("erase");
    let error = form.error("confirm").is_some();
    view! {
        <details class="fold withdraw" open=error>
            <summary>{lang.say("全部删除", "Delete everything")}</summary>
            <p class="hint">{lang.say(
                "签名撤回，总数减少一位；没有办结的反映停止办理，其他居民也反映过的继续办理；您写的内容、联系方式、位置和照片立即删除，找不回来。工作人员写给所有人看的摘要和经过不含您的信息，会保留。",
                "Your signature is withdrawn and the count goes down by one; reports not yet closed are no longer handled, unless others have made them too; what you wrote, contact details, positions and photos are deleted at once and cannot be restored. What staff wrote for everyone to read, which says nothing about you, stays.",
            )}</p>
            <form method="post" action="/me/erase">
                <OwnerField />
                <label class="weui-cell weui-check__label">
                    <span class="weui-cell__hd"><input class="tick" type="checkbox" name="confirm" id="field-confirm" aria-invalid=error.then_some("true") aria-describedby=error.then_some("error-confirm") /></span>
                    <span class="weui-cell__bd">{lang.say("我明白删除后找不回来", "I understand that this cannot be undone")}</span>
                </label>
                {field_error("confirm", form.error("confirm"))}
                <button class="weui-btn weui-btn_warn" type="submit">{lang.say("全部删除", "Delete everything")}</button>
            </form>
        </details>
    }
    .into_any()
}

fn format_time(page: &Page, at: Millis) -> String {
    day_and_time(page.service.calendar().civil(at), page.lang)
}

/// A row of a fact list; `None` if `text` is empty.
fn fact_row(title: &'static str, text: String) -> Option<AnyView> {
    (!text.is_empty())
        .then(|| view! { <div class="facts__row"><dt>{title}</dt><dd>{text}</dd></div> }.into_any())
}

fn grid_title(page: &Page, grid: Option<&domain::slug::Slug>) -> String {
    let known = grid.and_then(|grid| page.campaign().grid(grid.as_str()));
    known.map(|grid| grid.title.clone()).unwrap_or_default()
}

fn signature_section(page: &Page, mine: MySigning) -> AnyView {
    let lang = page.lang;
    let id = format!("data-signature-{}", mine.number);
    let title_id = id.clone();
    let pledges = page.campaign().pledges_of(&mine.pledges);
    let pledges: Vec<String> = pledges.map(|pledge| pledge.short.clone()).collect();
    let rows = [
        fact_row(lang.say("编号", "Number"), grouped(mine.number)),
        fact_row(lang.say("姓名", "Name"), mine.name),
        fact_row(
            lang.say("小区或路段", "Compound or street"),
            grid_title(page, mine.grid.as_ref()),
        ),
        fact_row(lang.say("承诺", "Pledges"), pledges.join(lang.say("、", ", "))),
        fact_row(lang.say("寄语", "Message"), mine.message.unwrap_or_default()),
        fact_row(lang.say("签名时间", "Signed"), format_time(page, mine.signed_at)),
    ];
    view! {
        <section aria-labelledby=id>
            <h2 id=title_id class="section-title">{lang.say("我的签名", "My signature")}</h2>
            <dl class="facts weui-cells">{rows.collect_view()}</dl>
        </section>
    }
    .into_any()
}

fn report_section(page: &Page, mine: MyReport) -> AnyView {
    let lang = page.lang;
    let category = page.campaign().category(mine.category.as_str());
    let category = category.map(|category| category.title.clone()).unwrap_or_default();
    let contact = [mine.contact_name, mine.contact_phone].into_iter().flatten();
    let contact = contact.collect::<Vec<_>>().join(lang.say("，", ", "));
    let position = mine.position.map(|(lat, lon)| format!("{lat:.5}, {lon:.5}"));
    let words = mine.words.into_iter().map(|(at, text)| (format_time(page, at), text));
    let words = words.map(|(at, text)| {
        view! { <div class="facts__row"><dt>{at}</dt><dd>{text}</dd></div> }
    });
    let photos = mine.photos.into_iter().enumerate().map(|(i, src)| {
        let name = format!("{}{}", lang.say("照片", "Photo "), i + 1);
        view! { <a href=src>{name}</a> " " }
    });
    let photos = (photos.len() > 0).then(|| {
        view! { <div class="facts__row"><dt>{lang.say("照片", "Photos")}</dt><dd>{photos.collect_view()}</dd></div> }
    });
    let rows = [
        fact_row(lang.say("状态", "State"), mine.state.resident_label(lang).to_owned()),
        fact_row(lang.say("分类", "Category"), category),
        fact_row(
            lang.say("小区或路段", "Compound or street"),
            grid_title(page, mine.grid.as_ref()),
        ),
        fact_row(lang.say("您写的地点", "Place, in your words"), mine.place),
        fact_row(lang.say("您的描述", "Your description"), mine.description),
        fact_row(lang.say("联系方式", "Contact details"), contact),
        fact_row(lang.say("位置", "Position"), position.unwrap_or_default()),
        fact_row(lang.say("提交", "Sent"), format_time(page, mine.submitted_at)),
        fact_row(lang.say("您的评价", "Your comment"), mine.comment.unwrap_or_default()),
    ];
    let id = format!("data-{}", mine.number);
    let title_id = id.clone();
    view! {
        <section aria-labelledby=id>
            <h2 id=title_id class="section-title">
                <a href=format!("/reports/{}", mine.code)>{lang.say("反映 ", "Report ")} {mine.number}</a>
            </h2>
            <dl class="facts weui-cells">{rows.collect_view()} {words.collect_view()} {photos}</dl>
        </section>
    }
    .into_any()
}

/// Sentence on the retention of contact details: `days` after a report has ended.
#[must_use]
pub fn retention_notice(lang: Lang, days: u16) -> String {
    lang.say(
        format!("反映结束{days}天后，您留的联系方式和位置自动删除。在“我的”里可以随时查看、下载或全部删除您的内容。"),
        format!("Contact details and position are deleted automatically {days} days after a report has ended. Under “Me” you can see, download or delete everything of yours at any time."),
    )
}

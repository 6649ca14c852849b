//! `/privacy`: notice on personal information and accessibility.

use leptos::prelude::*;

use crate::{context::Page, pages::me::data::retention_notice, parts::frame::title::PageTitle};

/// The page about personal information.
#[component]
pub fn PrivacyPage() -> impl IntoView {
    let page = Page::current();
    let lang = page.lang;
    let privacy = page.campaign().privacy.clone();
    let sections = privacy.sections.into_iter().map(|section| {
        view! {
            <section>
                <h2>{section.title}</h2>
                <p>{section.text}</p>
            </section>
        }
    });
    view! {
        <PageTitle text=lang.say("个人信息说明", "Personal information notice") />
        <main id="main" class="text-page">
            <h1>{lang.say("个人信息说明", "Personal information notice")}</h1>
            {sections.collect_view()}
            <section>
                <h2>{lang.say("到期删除，随时可查可删", "Deleted in time; yours to see and delete")}</h2>
                <p>{retention_notice(lang, privacy.retention_days)}</p>
            </section>
            {page.wechat_login.then(|| view! {
                <section>
                    <h2>{lang.say("微信告诉我们什么", "What WeChat tells us")}</h2>
                    <p>{lang.say(
                        "在微信里签名或反映时，微信只告诉我们一个代表您账号的编号，没有姓名、头像和手机号。我们只保存它算出的摘要，用来让一个微信号在哪台手机上都只签一次。",
                        "When you sign or report in WeChat, WeChat gives us only a number that stands for your account: no name, profile picture or phone number. We keep only a digest computed from it, so that one WeChat account can sign only once, whichever phone is used.",
                    )}</p>
                </section>
            })}
            <section>
                <h2>{lang.say("有疑问，找谁", "Whom to ask")}</h2>
                <p>{privacy.contact}{lang.say("。", ".")}</p>
            </section>
            <section>
                <h2>{lang.say("无障碍", "Accessibility")}</h2>
                <p>{lang.say("所有功能都可以用键盘和读屏软件完成，不开启脚本也能签名。用着不方便，请告诉我们。", "Everything can be done by keyboard and screen reader, and you can sign without scripts. If something is hard to use, please tell us.")}</p>
            </section>
            <div class="weui-cells">
                <a class="weui-cell weui-cell_access" href="/me/data">
                    <span class="weui-cell__bd">{lang.say("我的数据：查看、下载、删除", "My data: see, download, delete")}</span>
                    <span class="weui-cell__ft"></span>
                </a>
                <a class="weui-cell weui-cell_access" href="/licences">
                    <span class="weui-cell__bd">{lang.say("开源许可", "Open-source licences")}</span>
                    <span class="weui-cell__ft"></span>
                </a>
            </div>
            <p class="text-page__version">{lang.say("说明版本：", "Version: ")} {privacy.version}</p>
        </main>
    }
}

//! Footer of every page.

use leptos::prelude::*;

use crate::context::Page;

/// Organiser, help line, and a note on which services this site does not replace.
#[component]
pub fn Footer() -> impl IntoView {
    let page = Page::current();
    let lang = page.lang;
    let footer = page.campaign().footer.clone();
    let phone = format!("tel:{}", footer.help_phone);
    let filing = (!footer.filing_number.is_empty()).then_some(footer.filing_number);
    view! {
        <footer class="page-footer">
            <p>{lang.say("主办：", "Organised by: ")} {footer.organiser}</p>
            <p>
                <a href="/privacy">{lang.say("个人信息与无障碍说明", "Personal information notice and accessibility")}</a>
                <a href=phone>{lang.say("帮助电话 ", "Help line ")} {footer.help_phone}</a>
            </p>
            <p>{footer.disclaimer}</p>
            {filing.map(|number| view! { <p>{number}</p> })}
        </footer>
    }
}

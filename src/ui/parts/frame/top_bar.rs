//! Bar at the top of every page: text size and language.

use leptos::{either::Either, prelude::*};

use crate::{context::Page, display::LargeText};

/// The bar.
#[component]
pub fn TopBar() -> impl IntoView {
    let page = Page::current();
    let lang = page.lang;
    let button = |care: Option<LargeText>, label: &'static str| {
        let value = care.map_or("", LargeText::as_str);
        view! { <button class="top-bar__button" type="submit" name="care" value=value>{label}</button> }
    };
    let buttons = match page.large_text {
        None => Either::Left(button(Some(LargeText::Large), lang.say("大字版", "Large text"))),
        Some(care) => {
            let (smaller, larger) = care.smaller_and_larger();
            Either::Right(view! {
                {smaller.map(|size| button(Some(size), lang.say("字小一点", "Smaller")))}
                {larger.map(|size| button(Some(size), lang.say("字大一点", "Larger")))}
                {button(None, lang.say("标准版", "Standard"))}
            })
        }
    };
    // Not in the console, which is Chinese. After a refused form the path is empty.
    let language = (!page.path.starts_with("/console")).then(|| {
        let other = lang.other();
        let path = if page.path.is_empty() { "/" } else { page.path.as_str() };
        let href = format!("{path}?lang={}{}", other.as_str(), page.query);
        view! {
            <a class="top-bar__button" href=href lang=other.tag() hreflang=other.tag()>{other.name()}</a>
        }
    });
    view! {
        <form class="top-bar" method="post" action="/look" aria-label=lang.say("文字大小", "Text size")>
            <input type="hidden" name="back" value=page.path.clone() />
            {language}
            {buttons}
        </form>
    }
}

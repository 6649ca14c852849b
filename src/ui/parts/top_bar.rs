//! The bar at the top of every page: 大字版 and back.

use leptos::{either::Either, prelude::*};

use crate::ui::{context::Page, look::Care};

/// The bar.
#[component]
pub fn TopBar() -> impl IntoView {
    let page = Page::current();
    let button = |care: Option<Care>, label: &'static str| {
        let value = care.map_or("", Care::as_str);
        view! { <button class="top-bar__button" type="submit" name="care" value=value>{label}</button> }
    };
    let buttons = match page.care {
        None => Either::Left(button(Some(Care::Large), "大字版")),
        Some(care) => {
            let (smaller, larger) = care.neighbours();
            Either::Right(view! {
                {smaller.map(|size| button(Some(size), "字小一点"))}
                {larger.map(|size| button(Some(size), "字大一点"))}
                {button(None, "标准版")}
            })
        }
    };
    view! {
        <form class="top-bar" method="post" action="/look" aria-label="文字大小">
            <input type="hidden" name="back" value=page.path />
            {buttons}
        </form>
    }
}

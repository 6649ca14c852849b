//! Tab bar at the bottom of the screen.

use leptos::prelude::*;

use crate::{context::Page, parts::icon::TabIcon};

struct Tab {
    path: &'static str,
    /// Label in Chinese and in English.
    label: (&'static str, &'static str),
    lines: &'static str,
    /// Other path prefixes whose pages belong to this tab.
    path_prefixes: &'static [&'static str],
}

const TABS: [Tab; 4] = [
    Tab {
        path: "/",
        label: ("首页", "Home"),
        lines: "M3.500 11 12 4l8.500 7M6 9.500V20h12V9.500M10 20v-5h4v5",
        path_prefixes: &["/pledges", "/sign", "/signed"],
    },
    Tab {
        path: "/report",
        label: ("随手拍", "Report"),
        lines: "M4 7.500h3.500L9 5h6l1.500 2.500H20V19H4zM12 16a3.200 3.200 0 1 0 0-6.400 3.200 3.200 0 0 0 0 6.400z",
        path_prefixes: &[],
    },
    Tab {
        path: "/progress",
        label: ("动态", "Progress"),
        lines: "M4 20V11M10 20V4M16 20v-7M21.500 20H2.500",
        path_prefixes: &["/reports", "/messages"],
    },
    Tab {
        path: "/me",
        label: ("我的", "Me"),
        lines: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.500 20.500c.6-4 3.600-6 7.500-6s6.900 2 7.500 6",
        path_prefixes: &["/me", "/privacy", "/recovery", "/licences"],
    },
];

impl Tab {
    /// Value of `aria-current` on the page at `path`: `page`, `true` for a page below, or none.
    fn aria_current(&self, path: &str) -> Option<&'static str> {
        if path == self.path {
            Some("page")
        } else {
            let below = |beginning: &&str| {
                path.strip_prefix(*beginning)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            self.path_prefixes.iter().any(below).then_some("true")
        }
    }
}

/// The tab bar.
#[component]
pub fn TabBar() -> impl IntoView {
    let Page { path, lang, .. } = Page::current();
    let tabs = TABS.iter().map(move |tab| {
        let current = tab.aria_current(&path);
        view! {
            <a
                class="weui-tabbar__item"
                class:weui-bar__item_on=current.is_some()
                href=tab.path
                aria-current=current
            >
                <TabIcon lines=tab.lines />
                <span class="weui-tabbar__label">{lang.say(tab.label.0, tab.label.1)}</span>
            </a>
        }
    });
    view! { <nav class="weui-tabbar" aria-label=lang.say("主要页面", "Main pages")>{tabs.collect_view()}</nav> }
}

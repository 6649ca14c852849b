//! The tab bar at the foot of the screen.

use leptos::prelude::*;
use leptos_router::location::RequestUrl;

use super::icon::TabIcon;

struct Tab {
    path: &'static str,
    label: &'static str,
    lines: &'static str,
    /// Further beginnings of paths that belong to it.
    also: &'static [&'static str],
}

const TABS: [Tab; 4] = [
    Tab {
        path: "/",
        label: "首页",
        lines: "M3.500 11 12 4l8.500 7M6 9.500V20h12V9.500M10 20v-5h4v5",
        also: &["/pledges", "/sign"],
    },
    Tab {
        path: "/report",
        label: "随手拍",
        lines: "M4 7.500h3.500L9 5h6l1.500 2.500H20V19H4zM12 16a3.200 3.200 0 1 0 0-6.400 3.200 3.200 0 0 0 0 6.400z",
        also: &[],
    },
    Tab {
        path: "/progress",
        label: "动态",
        lines: "M4 20V11M10 20V4M16 20v-7M21.500 20H2.500",
        also: &[],
    },
    Tab {
        path: "/me",
        label: "我的",
        lines: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.500 20.500c.6-4 3.600-6 7.500-6s6.900 2 7.500 6",
        also: &["/privacy"],
    },
];

impl Tab {
    fn holds(&self, path: &str) -> bool {
        path == self.path || self.also.iter().any(|beginning| path.starts_with(beginning))
    }
}

/// The tab bar.
#[component]
pub fn TabBar() -> impl IntoView {
    let url = use_context::<RequestUrl>();
    let url = url.as_ref().map(AsRef::as_ref).unwrap_or_default();
    let path = url.split("leptos.dev").last().unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    let tabs = TABS.iter().map(|tab| {
        let here = tab.holds(path);
        view! {
            <a
                class="weui-tabbar__item"
                class:weui-bar__item_on=here
                href=tab.path
                aria-current=here.then_some("page")
            >
                <TabIcon lines=tab.lines />
                <span class="weui-tabbar__label">{tab.label}</span>
            </a>
        }
    });
    view! { <nav class="weui-tabbar" aria-label="主要页面">{tabs.collect_view()}</nav> }
}

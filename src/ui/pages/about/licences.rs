//! `/licences`: what this is made of, and whose it is.

use std::{fmt::Write as _, sync::LazyLock};

use html_escape::encode_double_quoted_attribute;
use leptos::prelude::*;

use crate::{context::Page, parts::frame::title::PageTitle};

/// Name, version, licence and address of each package, as `tools/licences.mjs` lists them.
const PACKAGES: &str = include_str!("../../../../tools/licences.tsv");

/// The list, written once: it is the same for everyone, and long.
static LIST: LazyLock<String> = LazyLock::new(|| {
    let mut list = String::new();
    for line in PACKAGES.lines() {
        let mut parts = line.split('\t').map(encode_double_quoted_attribute);
        let mut part = || parts.next().unwrap_or_default();
        let (name, version, licence, address) = (part(), part(), part(), part());
        let text = format!("{name} {version} · {licence}");
        match address.starts_with("https://") {
            true => write!(list, "<li><a href=\"{address}\" rel=\"noreferrer\">{text}</a></li>"),
            false => write!(list, "<li>{text}</li>"),
        }
        .ok();
    }
    list
});

/// The page.
#[component]
pub fn LicencesPage() -> impl IntoView {
    let lang = Page::current().lang;
    view! {
        <PageTitle text=lang.say("开源许可", "Open-source licences") />
        <main id="main" class="text-page">
            <h1>{lang.say("开源许可", "Open-source licences")}</h1>
            <p>{lang.say("本程序由下列开源软件构成，感谢它们的作者。", "This program is made of the open-source software below. Thank you to its authors.")}</p>
            <ul class="licences" lang="en" inner_html=LIST.as_str()></ul>
        </main>
    }
}

//! Metadata in the head of public pages: share card, alternate languages, web-app manifest.

use domain::lang::Lang;
use leptos::prelude::*;
use leptos_meta::Meta;

use crate::{context::Page, share};

/// Share card as Open Graph properties (<https://ogp.me>) and as schema.org `itemprop`, which
/// WeChat reads.
#[component]
pub fn Card() -> impl IntoView {
    let page = Page::current();
    let lang = page.lang;
    let titles = page.campaign().titles.clone();
    let description = format!("{}{}{}", titles.street, lang.say("：", ": "), titles.subtitle);
    // Absolute URLs come from the configuration, not from the `Host` header of a request: the page
    // may be cached for everyone.
    let picture = format!("{}{}", page.public_url, share::PATH);
    let address = (!page.public_url.is_empty()).then(|| {
        let address = format!("{}{}", page.public_url, page.path);
        // For search engines: the same page in the other languages.
        let alternates = Lang::ALL.map(|lang| {
            let href = format!("{address}?lang={}", lang.as_str());
            view! { <link rel="alternate" hreflang=lang.tag() href=href /> }
        });
        view! {
            <Meta property="og:url" content=address.clone() />
            <link rel="alternate" hreflang="x-default" href=address.clone() />
            {alternates.collect_view()}
        }
    });
    view! {
        <meta name="description" content=description.clone() />
        <Meta property="og:type" content="website" />
        <Meta property="og:title" content=titles.title.clone() />
        <Meta property="og:description" content=description.clone() />
        <Meta property="og:image" content=picture.clone() />
        {address}
        <meta itemprop="name" content=titles.title />
        <meta itemprop="description" content=description />
        <meta itemprop="image" content=picture />
        {page.wechat_sdk.then(|| view! { <script src="/wechat.js" defer></script> })}
        <link rel="manifest" href="/manifest.webmanifest" />
        <link rel="apple-touch-icon" href="/icon-192.png" />
    }
}

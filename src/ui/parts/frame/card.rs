//! What the head of a page tells others: the card of a link that is shared, and how a
//! phone keeps the page.

use domain::lang::Lang;
use leptos::prelude::*;
use leptos_meta::Meta;

use crate::{context::Page, share};

/// The card of a shared link, in the words of Open Graph (<https://ogp.me>) and in the
/// older ones that WeChat reads, too.
#[component]
pub fn Card() -> impl IntoView {
    let page = Page::current();
    let lang = page.lang;
    let titles = page.campaign().titles.clone();
    let description = format!("{}{}{}", titles.street, lang.say("：", ": "), titles.subtitle);
    // Whoever reads the card wants whole addresses; a page that is kept for everyone must
    // not take them from one visitor's request.
    let picture = format!("{}{}", page.public_url, share::PATH);
    let address = (!page.public_url.is_empty()).then(|| {
        let address = format!("{}{}", page.public_url, page.path);
        // For search engines: the same page in each language.
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
        {page.wechat.then(|| view! { <script src="/wechat.js" defer></script> })}
        <link rel="manifest" href="/manifest.webmanifest" />
        <link rel="apple-touch-icon" href="/icon-192.png" />
    }
}

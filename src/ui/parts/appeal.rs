//! The text of the appeal (倡议) as printed.

use domain::{campaign::Campaign, lang::Lang};
use leptos::prelude::*;

use crate::context::Page;

/// The complete appeal, verbatim; its preamble is collapsed.
#[component]
pub fn Appeal() -> impl IntoView {
    let page = Page::current();
    // The Chinese original on every page; on English pages a translation follows.
    let rendering = (page.lang != Lang::Zh).then(|| {
        view! {
            <p class="hint appeal__note">
                "Reference translation; where the two differ, the Chinese prevails."
            </p>
            {text(page.campaign(), "appeal-rendering")}
        }
    });
    view! {
        {text(page.service.campaign(), "appeal-title")}
        {rendering}
    }
}

/// The text in the language of `campaign`; its heading has the HTML id `id`.
fn text(campaign: &Campaign, id: &'static str) -> AnyView {
    let lang = campaign.lang;
    let appeal = campaign.appeal.clone();
    let pledges = campaign.pledges.iter().map(|pledge| {
        view! {
            <section class="appeal__pledge">
                <h3>{pledge.title.clone()}</h3>
                <p>{pledge.text.clone()}</p>
            </section>
        }
    });
    view! {
        <article class="appeal" aria-labelledby=id lang=lang.tag()>
            <h2 id=id class="appeal__title">{lang.say("倡议书", "The Appeal")}</h2>
            <p class="appeal__salutation">{appeal.salutation}</p>
            <details class="appeal__preamble">
                <summary>{lang.say("为什么发出倡议", "Why this appeal")}</summary>
                <p>{appeal.preamble}</p>
            </details>
            {pledges.collect_view()}
            <p>{appeal.closing}</p>
            <p class="appeal__cheer">{appeal.cheer}</p>
            <p class="appeal__signed">{appeal.signed}<br />{appeal.dated}</p>
        </article>
    }
    .into_any()
}

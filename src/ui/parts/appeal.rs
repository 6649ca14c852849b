//! The 倡议 as it was printed.

use leptos::prelude::*;

use crate::ui::context::Page;

/// The whole 倡议, verbatim; its preamble folded.
#[component]
pub fn Appeal() -> impl IntoView {
    let page = Page::current();
    let campaign = page.service.campaign();
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
        <article class="appeal" aria-labelledby="appeal-title">
            <h2 id="appeal-title" class="appeal__title">"倡议书"</h2>
            <p class="appeal__salutation">{appeal.salutation}</p>
            <details class="appeal__preamble">
                <summary>"为什么发出倡议"</summary>
                <p>{appeal.preamble}</p>
            </details>
            {pledges.collect_view()}
            <p>{appeal.closing}</p>
            <p class="appeal__cheer">{appeal.cheer}</p>
            <p class="appeal__signed">{appeal.signed}<br />{appeal.dated}</p>
        </article>
    }
}

//! The HTML document around every page, and the routes of the pages.

use std::pin::Pin;

use futures::StreamExt;
use leptos::{either::Either, prelude::*};
use leptos_meta::{MetaTags, provide_meta_context};
use leptos_router::{
    components::{FlatRoutes, Route, Router},
    path,
};

use super::{
    context::{Page, PageOutcome},
    display::LargeText,
    error::Refusal,
    pages::{
        about::{licences::LicencesPage, offline::OfflinePage, privacy::PrivacyPage},
        console::{
            account::AccountPage,
            case::CasePage,
            check::CheckPage,
            duty::DutyPage,
            factor::{ConfirmPage, FactorPage, LoginCodePage},
            login::LoginPage,
            messages::ReviewMessagesPage,
            new::NewPage,
            posters::PostersPage,
            quarantine::QuarantinePage,
            queue::QueuePage,
            signatures::SignaturesPage,
            staff_page::StaffPage,
            stats::StatsPage,
            weekly::WeeklyPage,
        },
        home::HomePage,
        me::{MePage, data::MyDataPage, recovery::RecoveryPage},
        messages::MessagesPage,
        pledge::PledgePage,
        progress::ProgressPage,
        refusal::RefusalPage,
        report::{ReportPage, list::ReportsPage, status::StatusPage},
        screen::ScreenPage,
        signature::{sign::SignPage, signed::SignedPage},
    },
    parts::frame::{card::Card, footer::Footer, tab_bar::TabBar, top_bar::TopBar},
};

/// Renders the page in the context to a complete HTML document. Not inlined: views would then be
/// compiled again in every crate that calls it.
#[must_use]
#[inline(never)]
pub fn html() -> Pin<Box<dyn Future<Output = String> + Send>> {
    let document = Shell().into_view();
    Box::pin(async move { document.to_html_stream_in_order().collect().await })
}

/// The HTML document: head, page, start script.
#[component]
fn Shell() -> impl IntoView {
    provide_meta_context();
    // Islands mode: only islands are hydrated, never the page around them.
    if let Some(shared) = Owner::current_shared_context() {
        shared.set_is_hydrating(false);
    }
    let page = Page::current();
    let files = page.site_files;
    let public = !page.path.starts_with("/console");
    // The root font size scales all text (rem); WeUI reads the attribute of the body instead.
    let text_size = page.large_text.map(LargeText::as_str);
    let few = files.count_islands;
    let lang = page.lang;
    view! {
        <!DOCTYPE html>
        <html lang=lang.tag() data-care=text_size>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
                <meta name="color-scheme" content="light dark" />
                <meta name="theme-color" content="#A61B1B" media="(prefers-color-scheme: light)" />
                <meta name="theme-color" content="#6E1414" media="(prefers-color-scheme: dark)" />
                <meta name="format-detection" content="telephone=no" />
                <link rel="stylesheet" href=files.css />
                {(!public || page.path == "/screen").then(|| view! { <link rel="stylesheet" href=files.console_css /> })}
                <link rel="icon" href="/icon.svg" type="image/svg+xml" />
                {public.then(|| view! { <Card /> })}
                <MetaTags />
            </head>
            <body data-weui-mode=text_size.map(|_| "care")>
                <a class="skip-link" href="#main">{lang.say("跳到正文", "Skip to the text")}</a>
                <App />
                <script
                    data-js=files.all_islands.js
                    data-wasm=files.all_islands.wasm
                    data-few=few.is_some().then_some(islands::COUNT_ISLANDS)
                    data-few-js=few.as_ref().map(|few| few.js.clone())
                    data-few-wasm=few.as_ref().map(|few| few.wasm.clone())
                    inner_html=files.start_script
                ></script>
            </body>
        </html>
    }
}

/// Content of the body: top bar, page, footer and tab bar.
#[component]
fn App() -> impl IntoView {
    let content = match Page::current().refusal {
        Some(refusal) => Either::Left(view! { <RefusalPage refusal /> }),
        None => Either::Right(view! { <Pages /> }),
    };
    let path = Page::current().path;
    if path == "/screen" {
        // The lobby screen has no controls, because nobody can operate it.
        return Either::Left(content);
    }
    let public = !path.starts_with("/console");
    Either::Right(view! {
        <TopBar />
        {content}
        <Footer />
        {public.then(|| view! { <TabBar /> })}
    })
}

/// Routes of the pages; each also has a row in the server's route table.
#[component]
fn Pages() -> impl IntoView {
    view! {
        <Router>
            <FlatRoutes fallback=|| Page::current().set_outcome(PageOutcome::Refuse(Refusal::NotFound))>
                <Route path=path!("/") view=HomePage />
                <Route path=path!("/pledges/:slug") view=PledgePage />
                <Route path=path!("/sign") view=SignPage />
                <Route path=path!("/signed") view=SignedPage />
                <Route path=path!("/me") view=MePage />
                <Route path=path!("/me/data") view=MyDataPage />
                <Route path=path!("/progress") view=ProgressPage />
                <Route path=path!("/privacy") view=PrivacyPage />
                <Route path=path!("/licences") view=LicencesPage />
                <Route path=path!("/report") view=ReportPage />
                <Route path=path!("/messages") view=MessagesPage />
                <Route path=path!("/offline") view=OfflinePage />
                <Route path=path!("/recovery") view=RecoveryPage />
                <Route path=path!("/screen") view=ScreenPage />
                <Route path=path!("/reports") view=ReportsPage />
                <Route path=path!("/reports/:code") view=StatusPage />
                <Route path=path!("/console") view=QueuePage />
                <Route path=path!("/console/login") view=LoginPage />
                <Route path=path!("/console/login/code") view=LoginCodePage />
                <Route path=path!("/console/confirm") view=ConfirmPage />
                <Route path=path!("/console/account") view=AccountPage />
                <Route path=path!("/console/account/factor") view=FactorPage />
                <Route path=path!("/console/duty") view=DutyPage />
                <Route path=path!("/console/stats") view=StatsPage />
                <Route path=path!("/console/weekly") view=WeeklyPage />
                <Route path=path!("/console/quarantine") view=QuarantinePage />
                <Route path=path!("/console/messages") view=ReviewMessagesPage />
                <Route path=path!("/console/signatures") view=SignaturesPage />
                <Route path=path!("/console/staff") view=StaffPage />
                <Route path=path!("/console/posters") view=PostersPage />
                <Route path=path!("/console/new") view=NewPage />
                <Route path=path!("/console/check") view=CheckPage />
                <Route path=path!("/console/reports/:code") view=CasePage />
            </FlatRoutes>
        </Router>
    }
}

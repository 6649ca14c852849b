//! What a page is given to draw itself from.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use domain::{campaign::Campaign, lang::Lang, staff::Staff, visitor::VisitorId};
use leptos::prelude::{Oco, expect_context};
use service::{Service, StoreError};

use super::{display::LargeText, error::Refusal, form_state::FormState};

/// Everything a page may read, for one request.
#[derive(Clone)]
pub struct Page {
    /// The use cases, for reading.
    pub service: Arc<Service>,
    /// The path that was asked for; empty where something else is answered.
    pub path: String,
    /// What the address asks of the page, but for its language: `&category=litter`.
    pub query: String,
    /// How people reach this: scheme and host.
    pub origin: String,
    /// The same, as the settings say it; empty where they do not.
    pub public_url: Arc<str>,
    /// Who is looking.
    pub visitor: VisitorId,
    /// What stands for whoever is looking, in forms and drafts: who sees it learns nothing.
    pub owner: String,
    /// Whether this browser says it has signed; decides only what is offered first.
    pub has_signed: bool,
    /// Whether this visitor reads 大字版, and in which size.
    pub care: Option<LargeText>,
    /// The language of the page.
    pub lang: Lang,
    /// The grid of a poster that was scanned, not yet held against the campaign.
    pub poster_grid: Option<String>,
    /// The files that the page loads.
    pub site_files: SiteFiles,
    /// The form that was sent, where one is to be shown again.
    pub form_state: Option<Arc<FormState>>,
    /// A phrase that was just made, to be shown this once.
    pub phrase: Option<Arc<str>>,
    /// Whether pages may speak to WeChat.
    pub wechat: bool,
    /// Whether WeChat says which account someone is.
    pub identified: bool,
    /// Who of the staff is looking.
    pub staff: Option<Arc<Staff>>,
    /// Why the page is not what was asked for.
    pub refusal: Option<Refusal>,
    /// Where a page says that something else is to be answered.
    pub instead: InsteadCell,
    /// Where a page says that it is one person's.
    pub personal: PersonalCell,
}

/// Paths of the files that pages load.
#[derive(Clone, Debug)]
pub struct SiteFiles {
    /// The one inline script, which loads a program and wakes the islands.
    pub start: Oco<'static, str>,
    /// The style sheet of all pages.
    pub css: Oco<'static, str>,
    /// That of the console and the board, beside it.
    pub desk_css: Oco<'static, str>,
    /// All islands.
    pub all: Program,
    /// Those that watch the counts, where the build made a program of them.
    pub watching: Option<Program>,
}

/// Paths of a program for the browser.
#[derive(Clone, Debug)]
pub struct Program {
    /// What loads it.
    pub js: Oco<'static, str>,
    /// The program.
    pub wasm: Oco<'static, str>,
}

/// What is to be answered in place of a page that was begun.
#[derive(Clone, Copy, Debug)]
pub enum Instead {
    /// A refusal.
    Refuse(Refusal),
    /// Another page.
    Go(&'static str),
}

/// Holds the first [`Instead`] that a page asks for.
#[derive(Clone, Debug, Default)]
pub struct InsteadCell(Arc<OnceLock<Instead>>);

impl InsteadCell {
    /// What was asked for.
    #[must_use]
    pub fn get(&self) -> Option<Instead> {
        self.0.get().copied()
    }
}

/// Whether a page is one person's, which nothing may keep.
#[derive(Clone, Debug, Default)]
pub struct PersonalCell(Arc<AtomicBool>);

impl PersonalCell {
    /// Says that it is.
    pub fn mark(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it is, once the page is drawn.
    #[must_use]
    pub fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Page {
    /// The page that is being drawn.
    #[must_use]
    pub fn current() -> Self {
        expect_context()
    }

    /// The campaign in the language of the page.
    #[must_use]
    pub fn campaign(&self) -> &Campaign {
        self.service.campaign().in_lang(self.lang)
    }

    /// The form of that name as it was sent, where it is to be shown again.
    #[must_use]
    pub fn sent_form(&self, name: &str) -> Option<&FormState> {
        self.form_state.as_deref().filter(|form| form.name == name)
    }

    /// The form of that name, to be drawn: as it was sent, or fresh.
    #[must_use]
    pub fn form(&self, name: &str) -> FormState {
        self.sent_form(name).cloned().unwrap_or_default().in_lang(self.lang)
    }

    /// Answers `instead` of this page.
    pub fn answer(&self, instead: Instead) {
        // The first one counts: it is why the rest could not be drawn.
        self.instead.0.set(instead).ok();
    }

    /// What was read, or a page that says why it could not be.
    pub fn or_refuse<T>(&self, read: Result<T, StoreError>) -> Option<T> {
        read.map_err(|error| {
            tracing::error!(%error, "a page could not read");
            self.answer(Instead::Refuse(Refusal::from(&error)));
        })
        .ok()
    }
}

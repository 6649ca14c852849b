//! Context of a page: everything it is rendered from.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use domain::{
    campaign::Campaign, client_network::ClientNetwork, lang::Lang, staff::Staff, visitor::VisitorId,
};
use leptos::prelude::{Oco, expect_context};
use service::{Service, StoreError, staff::StaffSession};

use super::{display::LargeText, error::Refusal, form_state::FormState};

/// Data that a page may read, for one request. Provided as Leptos context.
#[derive(Clone)]
pub struct Page {
    /// The use cases; pages only read.
    pub service: Arc<Service>,
    /// Path of the request; empty on the error page of another request.
    pub path: String,
    /// Query string without `lang`, each parameter preceded by `&`: `&category=litter`.
    pub query: String,
    /// Public scheme and host of this site, for absolute links: `https://example.org`.
    pub origin: String,
    /// The configured public URL, never taken from the request; empty if not configured.
    pub public_url: Arc<str>,
    /// Visitor id from the cookie.
    pub visitor: VisitorId,
    /// Where the request comes from.
    pub client_network: ClientNetwork,
    /// Opaque owner token of the visitor or staff member, in forms and drafts. Reveals no id.
    pub owner: String,
    /// Whether the cookie says that this browser has signed. A hint: only chooses what to offer.
    pub has_signed: bool,
    /// Text size of the large-text mode (大字版); `None` for the standard size.
    pub large_text: Option<LargeText>,
    /// Language of the page.
    pub lang: Lang,
    /// Grid slug from a scanned poster; not yet checked against the campaign.
    pub poster_grid: Option<String>,
    /// Paths of scripts and style sheets.
    pub site_files: SiteFiles,
    /// The submitted form, if it is shown again.
    pub form_state: Option<Arc<FormState>>,
    /// A new recovery code, shown only once.
    pub recovery_code: Option<Arc<str>>,
    /// Whether the WeChat JS-SDK is configured: pages can set their share card.
    pub wechat_sdk: bool,
    /// Whether WeChat login (OAuth) is configured: WeChat then tells the account of a visitor.
    pub wechat_login: bool,
    /// The signed-in staff member, on pages of the console.
    pub staff: Option<Arc<Staff>>,
    /// Their session.
    pub session: Option<StaffSession>,
    /// A login that waits for its second factor.
    pub pending: Option<StaffSession>,
    /// Why an error page is rendered instead of the requested one.
    pub refusal: Option<Refusal>,
    /// Set by the page to answer with an error page or a redirect instead.
    pub outcome: OutcomeCell,
    /// Set by the page if it is personal and must not be cached.
    pub personal: PersonalFlag,
}

/// Paths of the scripts, style sheets and wasm programs of the site.
#[derive(Clone, Debug)]
pub struct SiteFiles {
    /// Source of the only inline script: it loads the wasm and hydrates the islands.
    pub start_script: Oco<'static, str>,
    /// Style sheet of all pages.
    pub css: Oco<'static, str>,
    /// Additional style sheet of the console and the lobby screen.
    pub console_css: Oco<'static, str>,
    /// The wasm program with all islands.
    pub all_islands: WasmProgram,
    /// The smaller program with only the islands that show live counts, if it was built.
    pub count_islands: Option<WasmProgram>,
}

/// Paths of one wasm program.
#[derive(Clone, Debug)]
pub struct WasmProgram {
    /// The JavaScript module that loads the wasm.
    pub js: Oco<'static, str>,
    /// The wasm file.
    pub wasm: Oco<'static, str>,
}

/// Response that replaces a page after rendering has begun.
#[derive(Clone, Copy, Debug)]
pub enum PageOutcome {
    /// An error page.
    Refuse(Refusal),
    /// A redirect to this path.
    Redirect(&'static str),
}

/// Holds the first [`PageOutcome`] that a page sets.
#[derive(Clone, Debug, Default)]
pub struct OutcomeCell(Arc<OnceLock<PageOutcome>>);

impl OutcomeCell {
    /// The outcome, if one was set.
    #[must_use]
    pub fn get(&self) -> Option<PageOutcome> {
        self.0.get().copied()
    }
}

/// Whether a page is personal: neither caches nor the browser may keep it.
#[derive(Clone, Debug, Default)]
pub struct PersonalFlag(Arc<AtomicBool>);

impl PersonalFlag {
    /// Marks the page as personal.
    pub fn mark(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it is personal; known once the page is rendered.
    #[must_use]
    pub fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Page {
    /// The context of the page that is being rendered.
    #[must_use]
    pub fn current() -> Self {
        expect_context()
    }

    /// The campaign in the language of the page.
    #[must_use]
    pub fn campaign(&self) -> &Campaign {
        self.service.campaign().in_lang(self.lang)
    }

    /// The submitted form of that name, if it is shown again.
    #[must_use]
    pub fn submitted_form(&self, name: &str) -> Option<&FormState> {
        self.form_state.as_deref().filter(|form| form.name == name)
    }

    /// The form of that name as submitted, or blank.
    #[must_use]
    pub fn form(&self, name: &str) -> FormState {
        self.submitted_form(name).cloned().unwrap_or_default().in_lang(self.lang)
    }

    /// Answers with `instead` in place of this page.
    pub fn set_outcome(&self, instead: PageOutcome) {
        // The first outcome counts: later ones usually follow from it.
        self.outcome.0.set(instead).ok();
    }

    /// The value that was read. On failure logs the error, sets a refusal and returns `None`.
    pub fn or_refuse<T>(&self, read: Result<T, StoreError>) -> Option<T> {
        read.map_err(|error| {
            tracing::error!(%error, "page: read from the database failed");
            self.set_outcome(PageOutcome::Refuse(Refusal::from(&error)));
        })
        .ok()
    }
}

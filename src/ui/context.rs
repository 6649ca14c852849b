//! What a page is given to draw itself from.

use std::{
    fmt::Display,
    sync::{Arc, OnceLock},
};

use leptos::prelude::{Oco, expect_context};

use super::pages::refusal::Refusal;
use crate::{
    domain::{
        signature::{SignatureErrors, SignatureForm},
        visitor::VisitorId,
    },
    service::Service,
};

/// Everything a page may read, for one request.
#[derive(Clone)]
pub struct Page {
    /// The use cases, for reading.
    pub service: Arc<Service>,
    /// Who is looking.
    pub visitor: VisitorId,
    /// Whether this browser says it has signed; decides only what is offered first.
    pub has_signed: bool,
    /// The grid of a poster that was scanned, not yet held against the campaign.
    pub poster_grid: Option<String>,
    /// The files that the page loads.
    pub site_files: SiteFiles,
    /// The form to show again, where one was refused.
    pub refused_form: Option<Arc<RefusedForm>>,
    /// Why the page is not what was asked for.
    pub refusal: Option<Refusal>,
    /// Where a page says that something else is to be answered.
    pub instead: InsteadCell,
}

/// Paths of the files that pages load.
#[derive(Clone, Debug)]
pub struct SiteFiles {
    /// The style sheet.
    pub css: Oco<'static, str>,
    /// The loader of the wasm.
    pub js: Oco<'static, str>,
    /// The islands.
    pub wasm: Oco<'static, str>,
}

/// A signing form that was refused.
#[derive(Clone, Debug)]
pub struct RefusedForm {
    /// What was typed.
    pub form: SignatureForm,
    /// Why it was refused.
    pub problem: SignProblem,
}

/// Why a signing form was refused.
#[derive(Clone, Debug)]
pub enum SignProblem {
    /// Fields.
    Fields(SignatureErrors),
    /// The browser came without a cookie; there may be faults in fields too.
    NewVisitor(SignatureErrors),
}

impl RefusedForm {
    /// The faults of the fields.
    #[must_use]
    pub const fn field_errors(&self) -> &SignatureErrors {
        match &self.problem {
            SignProblem::Fields(errors) | SignProblem::NewVisitor(errors) => errors,
        }
    }

    /// What is wrong with the form as a whole.
    #[must_use]
    pub const fn whole(&self) -> Option<&'static str> {
        match self.problem {
            SignProblem::Fields(_) => None,
            SignProblem::NewVisitor(_) => {
                Some("还没有签上：刚才没有认出您的手机。您填的内容都在，请再按一次“签名”。")
            }
        }
    }

    /// Every fault, by field; `form` for the whole.
    #[must_use]
    pub fn errors(&self) -> Vec<(&str, &str)> {
        let whole = self.whole().map(|sentence| ("form", sentence));
        whole.into_iter().chain(self.field_errors().each()).collect()
    }
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

impl Page {
    /// The page that is being drawn.
    #[must_use]
    pub fn current() -> Self {
        expect_context()
    }

    /// Answers `instead` of this page.
    pub fn answer(&self, instead: Instead) {
        // The first one counts: it is why the rest could not be drawn.
        self.instead.0.set(instead).ok();
    }

    /// What was read, or a page that says that the data are away.
    pub fn or_unavailable<T, E: Display>(&self, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| {
            tracing::error!(%error, "a page could not read");
            self.answer(Instead::Refuse(Refusal::Unavailable));
        })
        .ok()
    }
}

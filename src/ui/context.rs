//! What a page is given to draw itself from.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use leptos::prelude::{Oco, expect_context};

use super::{display::LargeText, error::Refusal};
use crate::{
    domain::{
        campaign::Campaign,
        lang::{Lang, Said},
        report::action::command::FieldErrors,
        signature::{SignatureErrors, SignatureForm},
        staff::Staff,
        visitor::VisitorId,
    },
    service::{Service, StoreError},
};

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
    /// The form to show again, where one was refused.
    pub refused_form: Option<Arc<RefusedForm>>,
    /// Any other form to show again.
    pub refused_post: Option<Arc<RefusedPost>>,
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

/// A signing form that was refused.
#[derive(Clone, Debug)]
pub struct RefusedForm {
    /// What was typed.
    pub form: SignatureForm,
    /// The faults of its fields.
    pub errors: SignatureErrors,
    /// What is wrong with the form as a whole.
    pub trouble: Option<Trouble>,
}

/// What is wrong with a form, and no fault of its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It came without a cookie, so that nobody could say whose it is.
    NewVisitor,
    /// It could not be stored.
    Away,
    /// Somebody else has signed at this phone, whose masked name that is.
    Another(String),
    /// Somebody else is to sign now: the form is theirs.
    NextPerson,
}

impl RefusedForm {
    /// What is wrong with the form as a whole.
    #[must_use]
    pub fn whole(&self, lang: Lang) -> Option<String> {
        self.trouble.as_ref().map(|trouble| match trouble {
            Trouble::NewVisitor => lang.say(
                "还没有签上：刚才没有认出您的手机。您填的内容都在，请再按一次“签名”。",
                "Not signed yet: your phone was not recognised. Everything you filled in is still here; please press “Sign” once more.",
            ).to_owned(),
            Trouble::Away => lang.say(
                "还没有签上：系统正忙。您填的内容都在，请过几秒再按一次“签名”，不会重复签名。",
                "Not signed yet: the system is busy. Everything is still here; please press “Sign” again in a few seconds. It will not count twice.",
            ).to_owned(),
            Trouble::Another(name) => lang.say(
                format!("还没有签上：这台手机上{name}已经签过。如果换了一位来签，请按“换人签名”，您填的内容会留着。"),
                format!("Not signed yet: {name} has signed on this phone. If another person is signing now, press “Next person signs”; what you filled in stays."),
            ),
            Trouble::NextPerson => lang.say(
                "已换成下一位，前一位的签名不变。请看一下您填的内容，再按“签名”。",
                "The next person can sign now; the signature before stays. Please look at what you filled in, then press “Sign”.",
            ).to_owned(),
        })
    }

    /// Whether the next person at this phone is to be let in.
    #[must_use]
    pub fn offers_next(&self) -> bool {
        matches!(self.trouble, Some(Trouble::Another(_)))
    }

    /// Every fault, by field; `form` for the whole.
    pub fn each(&self, lang: Lang) -> impl Iterator<Item = (&'static str, String)> {
        let whole = self.whole(lang).map(|sentence| ("form", sentence));
        let each =
            self.errors.each().map(move |(field, said)| (field, said.in_lang(lang).to_owned()));
        whole.into_iter().chain(each)
    }
}

/// A form that was refused, other than that of signing: every value as it was typed.
#[derive(Clone, Debug, Default)]
pub struct RefusedPost {
    /// Which form of its page.
    pub form: String,
    /// Fields and values, in the order in which they were sent.
    pub values: Vec<(String, String)>,
    /// The faults of its fields.
    pub errors: FieldErrors,
    /// What is wrong with the form as a whole.
    pub whole: Option<Said>,
}

impl RefusedPost {
    /// The first value of a field.
    #[must_use]
    pub fn value(&self, name: &str) -> String {
        let found = self.values.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// All values of a field.
    #[must_use]
    pub fn values(&self, name: &str) -> Vec<String> {
        let named = self.values.iter().filter(|(field, _)| field == name);
        named.map(|(_, value)| value.clone()).collect()
    }

    /// What is wrong with a field.
    #[must_use]
    pub fn error(&self, name: &str) -> Option<&Said> {
        self.errors.iter().find(|(field, _)| *field == name).map(|(_, said)| said)
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

    /// The form of that name, if it was refused.
    #[must_use]
    pub fn refused(&self, form: &str) -> Option<Arc<RefusedPost>> {
        self.refused_post.clone().filter(|refused| refused.form == form)
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

//! Page cache, shared by all visitors: pages that are the same for everyone are rendered once for
//! each revision of the counts.
//!
//! An entry is validated when it is read and never purged: one of an older revision or another
//! phase of the campaign is stale. Only pages that read nothing of the visitor but the preference
//! cookies may be cached.

use std::sync::Arc;

use axum::http::Uri;
use domain::{campaign::Phase, lang::Lang, slug::Slug};
use moka::sync::Cache;
use tokio::sync::Mutex;
use ui::display::LargeText;

use crate::{http::compression::Encoded, session::visitor::Visitor};

/// Paths of shared pages, exactly; the pages of pledges are shared, too.
const SHARED: [&str; 3] = ["/", "/privacy", "/licences"];

/// Most pages that are kept: many times those that exist.
const MOST: u64 = 256;

/// Which page, for whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PageKey {
    path: String,
    has_signed: bool,
    care: Option<LargeText>,
    lang: Lang,
}

/// The state of the campaign in which a page was rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageVersion {
    /// Revision of the counts.
    pub revision: u64,
    /// Where today stands to the campaign.
    pub phase: Phase,
}

impl PageVersion {
    /// Whether a cached page of this state is still fresh in the state `now`.
    const fn is_fresh_at(self, now: Self) -> bool {
        self.revision >= now.revision && self.phase as u8 == now.phase as u8
    }
}

/// The slot of one page; its lock is held by the one who renders.
type Slot = Mutex<Option<(PageVersion, Arc<Encoded>)>>;

/// The pages that are kept.
#[derive(Debug)]
pub struct SharedPages(Cache<PageKey, Arc<Slot>>);

impl Default for SharedPages {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

impl PageKey {
    /// The key of a page; `None` for one that is the visitor's own, or has a query.
    pub fn of(uri: &Uri, visitor: &Visitor) -> Option<Self> {
        let path = uri.path();
        let pledge = path.strip_prefix("/pledges/").is_some_and(|slug| Slug::parse(slug).is_ok());
        let shared = pledge || SHARED.contains(&path);
        (shared && uri.query().is_none()).then(|| Self {
            path: path.to_owned(),
            has_signed: visitor.signed,
            care: visitor.large_text,
            lang: visitor.lang,
        })
    }
}

impl SharedPages {
    /// The page of `key` as it is `now`, rendered if nobody has done so; what `render`
    /// gives as an error is passed on and not kept.
    pub async fn get<E>(
        &self,
        key: PageKey,
        now: impl Fn() -> PageVersion,
        render: impl AsyncFnOnce() -> Result<Encoded, E>,
    ) -> Result<Arc<Encoded>, E> {
        let slot = self.0.get_with(key, Arc::default);
        let mut kept = slot.lock().await;
        // Asked for only now: whoever waited would else render what is old already.
        let now = now();
        if let Some((of, page)) = &*kept
            && of.is_fresh_at(now)
        {
            return Ok(Arc::clone(page));
        }
        let page = Arc::new(render().await?.for_many());
        *kept = Some((now, Arc::clone(&page)));
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_visitor_is_shared() {
        let visitor = Visitor::fresh().unwrap();
        let key = |path: &str| PageKey::of(&path.parse().unwrap(), &visitor);
        for shared in ["/", "/pledges/home", "/privacy"] {
            assert!(key(shared).is_some(), "{shared}");
        }
        for own in [
            "/sign",
            "/signed",
            "/me",
            "/report",
            "/reports",
            "/?x=1",
            "/privacy?page=2",
            "/reports/x",
            "/console",
            "/progress",
            "/pledges/..\\me",
            "/pledges/%2e%2e",
            "/pledges/.",
            "/pledges/a/b",
        ] {
            assert!(key(own).is_none(), "{own}");
        }
    }

    #[tokio::test]
    async fn another_state_or_hint_is_another_page() {
        let pages = SharedPages::default();
        let key = |has_signed| PageKey { path: "/".into(), has_signed, care: None, lang: Lang::Zh };
        let state = |revision| move || PageVersion { revision, phase: Phase::Open };
        let mut rendered = 0;
        let cases = [
            (false, 1, 1),
            (false, 1, 1),
            (true, 1, 2),
            (false, 2, 3),
            (false, 2, 3),
            (true, 1, 3),
        ];
        for (has_signed, revision, expected) in cases {
            let render = async || {
                rendered += 1;
                Ok::<_, ()>(Encoded::new("x".into()))
            };
            pages.get(key(has_signed), state(revision), render).await.unwrap();
            assert_eq!(rendered, expected, "{has_signed} {revision}");
        }
        let over = || PageVersion { revision: 2, phase: Phase::After };
        let failed = pages.get(key(false), over, async || Err("away")).await;
        assert_eq!(failed.err(), Some("away"), "a page of another phase is not given out");
        let page = pages.get(key(false), over, async || Err("not kept")).await;
        assert_eq!(page.err(), Some("not kept"));
    }
}

//! Pages that are the same for everyone, rendered once for each state of the counts.
//!
//! Only pages that read nothing of the visitor but the hint whether they have signed
//! may stand in [`SHARED`]; a page of another revision, another day or another hint is
//! never given out.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use tokio::sync::Mutex;

use super::encoding::Encoded;
use crate::domain::campaign::Phase;

/// Beginnings of the paths of shared pages; `/` stands for itself alone.
const SHARED: [&str; 5] = ["/", "/pledges/", "/progress", "/privacy", "/report"];

/// Most pages that are kept: many times those that exist.
const MOST: usize = 256;

/// What a shared page depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    path: String,
    has_signed: bool,
}

/// The state of the campaign in which a page was rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Revision of the counts.
    pub revision: u64,
    /// Where today stands to the campaign.
    pub phase: Phase,
}

/// The pages that are kept.
#[derive(Debug, Default)]
pub struct SharedPages {
    kept: RwLock<HashMap<Key, (State, Arc<Encoded>)>>,
    /// Held by the one who renders, so that a new revision is rendered once.
    rendering: Mutex<()>,
}

impl Key {
    /// The key of a page; `None` for one that is the visitor's own, or has a query.
    pub fn of(uri: &axum::http::Uri, has_signed: bool) -> Option<Self> {
        let path = uri.path();
        let shared = SHARED.iter().any(|start| match *start {
            "/" => path == "/",
            start => path.starts_with(start),
        });
        (shared && uri.query().is_none()).then(|| Self { path: path.to_owned(), has_signed })
    }
}

impl SharedPages {
    /// The page of `key` in `state`, rendered now if nobody has done so; what `render`
    /// gives as an error is passed on and not kept.
    pub async fn get<E>(
        &self,
        key: Key,
        state: State,
        render: impl AsyncFnOnce() -> Result<Encoded, E>,
    ) -> Result<Arc<Encoded>, E> {
        if let Some(page) = self.kept(&key, state) {
            return Ok(page);
        }
        let _turn = self.rendering.lock().await;
        if let Some(page) = self.kept(&key, state) {
            return Ok(page);
        }
        let page = Arc::new(render().await?);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(key, (state, Arc::clone(&page)));
        Ok(page)
    }

    fn kept(&self, key: &Key, state: State) -> Option<Arc<Encoded>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.get(key).filter(|(of, _)| *of == state).map(|(_, page)| Arc::clone(page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_visitor_is_shared() {
        let key = |path: &str| Key::of(&path.parse().unwrap(), false);
        for shared in ["/", "/pledges/home", "/progress", "/privacy", "/report"] {
            assert!(key(shared).is_some(), "{shared}");
        }
        for own in ["/sign", "/signed", "/me", "/?x=1", "/progress?page=2", "/console"] {
            assert!(key(own).is_none(), "{own}");
        }
    }

    #[tokio::test]
    async fn another_state_or_hint_is_another_page() {
        let pages = SharedPages::default();
        let key = |has_signed| Key { path: "/".into(), has_signed };
        let state = |revision| State { revision, phase: Phase::Open };
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
        let failed = pages.get(key(true), state(9), async || Err("away")).await;
        assert_eq!(failed.err(), Some("away"));
        assert!(pages.kept(&key(true), state(9)).is_none(), "a failure is not kept");
    }
}

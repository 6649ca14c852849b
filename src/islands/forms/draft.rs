//! Drafts of forms in local storage, each tagged with its owner token. The next person on the same
//! device must not see them, not even if the browser restores a form from its history.

use gloo_storage::{LocalStorage, Storage};
use js_sys::Reflect;
use leptos::prelude::{document, location, window};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use wasm_bindgen::JsValue;

/// Storage key of the owner token of the last rendered form page.
const OWNER: &str = "chuangquan.owner";

/// A draft with the owner token of its author.
#[derive(Serialize, Deserialize)]
struct StoredDraft<T> {
    owner: String,
    draft: T,
}

/// Access to the drafts of one form by one owner.
#[derive(Clone, Debug)]
pub struct Drafts {
    key: &'static str,
    owner: String,
}

impl Drafts {
    /// Opens the drafts of a form under the storage key `key`, on a page rendered for `owner`.
    /// Returns `None` and reloads if the browser went back to a page of another owner. Offline the
    /// page comes from the service worker without an owner: then the last owner counts.
    pub fn open(key: &'static str, owner: &str) -> Option<Self> {
        let last = LocalStorage::get::<String>(OWNER).ok();
        let owner = if is_offline() {
            last.unwrap_or_default()
        } else if is_back_forward() && last.is_some_and(|last| last != owner) {
            reload_page();
            return None;
        } else {
            LocalStorage::set(OWNER, owner).ok();
            owner.to_owned()
        };
        Some(Self { key, owner })
    }

    /// Reloads the page if another owner has used this browser since it was rendered.
    pub fn reload_if_owner_changed(&self) {
        if LocalStorage::get::<String>(OWNER).is_ok_and(|last| last != self.owner) {
            reload_page();
        }
    }

    /// The draft of this owner; deletes the draft of another one.
    pub fn get<T: DeserializeOwned>(&self) -> Option<T> {
        let kept = LocalStorage::get::<StoredDraft<T>>(self.key).ok()?;
        if kept.owner == self.owner {
            return Some(kept.draft);
        }
        LocalStorage::delete(self.key);
        None
    }

    /// Saves the draft; deletes it if it is empty. Errors are ignored: in private windows storage
    /// may be unavailable, and then there are no drafts.
    pub fn save<T: Serialize + Default + PartialEq>(&self, draft: T) {
        if draft == T::default() {
            LocalStorage::delete(self.key);
        } else {
            LocalStorage::set(self.key, StoredDraft { owner: self.owner.clone(), draft }).ok();
        }
    }
}

/// Whether the service worker served this page from its cache.
fn is_offline() -> bool {
    document().query_selector(".offline-mark").is_ok_and(|mark| mark.is_some())
}

/// Whether this page was reached by back or forward navigation.
fn is_back_forward() -> bool {
    let entries = || -> Result<JsValue, JsValue> {
        let performance = Reflect::get(&window(), &"performance".into())?;
        let entries = Reflect::get(&performance, &"getEntriesByType".into())?;
        let entries: js_sys::Function = wasm_bindgen::JsCast::dyn_into(entries)?;
        let entries = entries.call1(&performance, &"navigation".into())?;
        Reflect::get(&Reflect::get(&entries, &0.into())?, &"type".into())
    };
    entries().is_ok_and(|kind| kind.as_string().as_deref() == Some("back_forward"))
}

fn reload_page() {
    // Without the fragment: with one the browser would only scroll, not reload.
    if let (Ok(path), Ok(query)) = (location().pathname(), location().search()) {
        location().replace(&format!("{path}{query}")).ok();
    }
}
